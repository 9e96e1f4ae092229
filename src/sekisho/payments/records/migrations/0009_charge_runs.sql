-- What no line of Python can break about charge runs. {schema} is filled in.

-- A charge holds its policy for its month, and no more than that: next year's charge and a check of
-- another card are free. While the state moves among the holding ones the value stays.
ALTER TABLE payment ALTER COLUMN held_for SET EXPRESSION AS (
    CASE WHEN state IN ('authenticating', 'challenge', 'authorising', 'unknown', 'authorised',
                        'capture_requested', 'captured', 'settled', 'reversing', 'check_approved')
         THEN CASE WHEN kind = 'charge' THEN policy_id || ':' || charge_month
                   ELSE coalesce(bill_id, policy_id) END END);

-- Nobody is charged but in a run that two persons agreed to, and what they agreed to.
CREATE FUNCTION check_charge() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = {schema}, pg_temp AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM charge_item i JOIN charge_run r ON r.id = i.run_id
        WHERE i.policy_id = NEW.policy_id AND i.month = NEW.charge_month
          AND i.enrolment_id = NEW.enrolment_id AND i.amount_yen = NEW.amount_yen
          AND i.client_body = NEW.client_body AND i.state IN ('waiting', 'retrying')
          AND r.state = 'running' AND r.approved_by <> '') THEN
        RAISE EXCEPTION 'charge % stands in no approved run', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'charge_approved';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER charge_approved AFTER INSERT ON payment FOR EACH ROW WHEN (NEW.kind = 'charge')
    EXECUTE FUNCTION check_charge();

CREATE FUNCTION check_charge_run() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.id, NEW.client_body, NEW.key, NEW.month, NEW.charge_on, NEW.notice_on, NEW.planned_by)
       IS DISTINCT FROM (OLD.id, OLD.client_body, OLD.key, OLD.month, OLD.charge_on, OLD.notice_on,
                         OLD.planned_by)
       OR (OLD.approved_by <> '' AND (NEW.approved_by, NEW.items, NEW.total_yen)
           IS DISTINCT FROM (OLD.approved_by, OLD.items, OLD.total_yen))
       OR NOT (OLD.state = NEW.state OR (OLD.state, NEW.state) IN (
           ('drafting', 'draft'), ('drafting', 'withdrawn'), ('draft', 'approved'),
           ('draft', 'stopped'), ('draft', 'withdrawn'), ('approved', 'running'),
           ('approved', 'stopped'), ('approved', 'withdrawn'), ('running', 'finished'),
           ('running', 'stopped'), ('running', 'withdrawn'), ('finished', 'running'),
           ('stopped', 'draft'), ('stopped', 'approved'), ('stopped', 'running'),
           ('stopped', 'withdrawn'))) THEN
        RAISE EXCEPTION 'charge run % can not go from % to %', OLD.id, OLD.state, NEW.state
            USING ERRCODE = 'check_violation', CONSTRAINT = 'charge_run_edge';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER charge_run_edge AFTER UPDATE ON charge_run
    FOR EACH ROW EXECUTE FUNCTION check_charge_run();

CREATE FUNCTION check_charge_item() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT (OLD.state = NEW.state OR (OLD.state, NEW.state) IN (
           ('waiting', 'charging'), ('waiting', 'skipped'), ('waiting', 'work_list'),
           ('waiting', 'withdrawn'), ('retrying', 'charging'), ('retrying', 'skipped'),
           ('retrying', 'work_list'), ('retrying', 'withdrawn'), ('retrying', 'charged'),
           ('charging', 'charged'), ('charging', 'unknown'), ('charging', 'retrying'),
           ('charging', 'waiting'), ('charging', 'work_list'),
           ('unknown', 'charged'), ('unknown', 'retrying'), ('unknown', 'waiting'),
           ('unknown', 'work_list'), ('work_list', 'waiting'), ('work_list', 'closed'),
           ('work_list', 'withdrawn'), ('work_list', 'charged'))) THEN
        RAISE EXCEPTION 'item %.% can not go from % to %', OLD.run_id, OLD.number, OLD.state,
            NEW.state USING ERRCODE = 'check_violation', CONSTRAINT = 'charge_item_edge';
    END IF;
    IF NEW.state = 'charging' AND OLD.payment_id = NEW.payment_id THEN
        RAISE EXCEPTION 'item %.% is charged by a payment of its own each time', OLD.run_id,
            OLD.number USING ERRCODE = 'check_violation', CONSTRAINT = 'charge_item_payment';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER charge_item_edge AFTER UPDATE OF state ON charge_item
    FOR EACH ROW WHEN (OLD.state <> NEW.state) EXECUTE FUNCTION check_charge_item();

DO $$
DECLARE
    walled text;
BEGIN
    FOREACH walled IN ARRAY ARRAY['charge_run', 'charge_item'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', walled);
        EXECUTE format(
            'CREATE POLICY wall ON %I USING ((SELECT acts_for()) && ARRAY[client_body, ''*''])',
            walled);
    END LOOP;
END $$;
