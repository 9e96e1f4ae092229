-- An enrolment's steps. {schema} is filled in by 0008_enrolment_life.py.

-- What the card check knew already belongs to the enrolment.
UPDATE enrolment e SET card_payment = p.id, email_token = p.email_token, language = p.language,
       brand = coalesce(a.brand, ''), last_four = coalesce(a.last_four, '')
  FROM payment p LEFT JOIN attempt a ON a.payment_id = p.id AND a.number = p.attempt
 WHERE p.enrolment_id = e.id AND p.state IN ('check_approved', 'checked');
UPDATE enrolment SET event = 'before_history', moved_by = 'migration';
INSERT INTO enrolment_event
    (enrolment_id, step, client_body, at, from_status, to_status, event, moved_by, why)
SELECT id, 1, client_body, now(), '', status, event, moved_by, '' FROM enrolment;

CREATE FUNCTION take_enrolment_step() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = {schema}, pg_temp AS $$
DECLARE
    came_from text := '';
BEGIN
    IF TG_OP = 'UPDATE' THEN
        came_from := OLD.status;
        IF NEW.step <> OLD.step + 1 THEN
            RAISE EXCEPTION 'enrolment % took another step meanwhile', NEW.id
                USING ERRCODE = 'serialization_failure';
        END IF;
    END IF;
    IF NOT EXISTS (SELECT FROM enrolment_edge WHERE source = came_from
                   AND target = NEW.status AND event = NEW.event) THEN
        RAISE EXCEPTION 'enrolment %: no step from "%" to "%" by "%"', NEW.id, came_from,
            NEW.status, NEW.event USING ERRCODE = 'check_violation', CONSTRAINT = 'enrolment_step';
    END IF;
    IF TG_OP = 'UPDATE' AND NEW.card_token <> OLD.card_token
       AND NEW.event NOT IN ('card_good', 'card_changed', 'card_forgotten') THEN
        RAISE EXCEPTION 'enrolment %: its card changes by a check alone', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'enrolment_card';
    END IF;
    -- A card from paper counts once a second person stood behind it, whatever code says so.
    IF NEW.event IN ('card_good', 'card_changed') AND (
        EXISTS (SELECT FROM paper_application a WHERE a.payment_id = NEW.card_payment
                AND a.checked_by = '')
        OR NEW.event = 'card_good' AND NEW.channel = 'paper'
           AND NOT EXISTS (SELECT FROM paper_application a WHERE a.payment_id = NEW.card_payment))
    THEN
        RAISE EXCEPTION 'enrolment %: nobody checked the card from paper', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'paper_second_person';
    END IF;
    INSERT INTO enrolment_event
        (enrolment_id, step, client_body, at, from_status, to_status, event, moved_by, why)
    VALUES (NEW.id, NEW.step, NEW.client_body, clock_timestamp(), came_from, NEW.status, NEW.event,
            NEW.moved_by, NEW.why);
    IF NEW.event IN ('card_good', 'card_changed', 'reinstated')
       OR NEW.status = 'ended' AND came_from = 'active' THEN
        INSERT INTO body_event (client_body, kind, object_id, facts) SELECT
            NEW.client_body,
            CASE NEW.event WHEN 'card_good' THEN 'enrolment.active'
                           WHEN 'card_changed' THEN 'enrolment.card_changed'
                           WHEN 'reinstated' THEN 'enrolment.reinstated'
                           ELSE 'enrolment.ended' END,
            NEW.id,
            jsonb_strip_nulls(jsonb_build_object(
                'policy_number', o.policy_number,
                'channel', NEW.channel,
                'card_brand', CASE WHEN NEW.status = 'active' THEN NEW.brand END,
                'card_last_four', CASE WHEN NEW.status = 'active' THEN NEW.last_four END,
                'first_charge_month', NEW.first_charge_month,
                'ended_by', nullif(NEW.ended_by, '')))
          FROM policy o WHERE o.id = NEW.policy_id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER enrolment_born AFTER INSERT ON enrolment
    FOR EACH ROW EXECUTE FUNCTION take_enrolment_step();
CREATE TRIGGER enrolment_moved AFTER UPDATE ON enrolment
    FOR EACH ROW WHEN ((OLD.status, OLD.step, OLD.event, OLD.moved_by, OLD.why, OLD.card_token)
                       IS DISTINCT FROM
                       (NEW.status, NEW.step, NEW.event, NEW.moved_by, NEW.why, NEW.card_token))
    EXECUTE FUNCTION take_enrolment_step();

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON enrolment_event
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

DO $$
DECLARE
    walled text;
BEGIN
    FOREACH walled IN ARRAY ARRAY['enrolment_event', 'card_link', 'paper_application'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', walled);
        EXECUTE format(
            'CREATE POLICY wall ON %I USING ((SELECT acts_for()) && ARRAY[client_body, ''*''])',
            walled);
    END LOOP;
END $$;
