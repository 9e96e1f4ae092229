-- Events are read in the order of their commits: by transaction, and none before every older
-- transaction has ended (as the evidence chain does it).
ALTER TABLE body_event
    ADD COLUMN xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    ADD COLUMN event_id uuid NOT NULL DEFAULT uuidv7(),
    ALTER COLUMN at SET DEFAULT clock_timestamp();
CREATE INDEX body_event_order ON body_event (xid, id);

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON body_event
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON body_key
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- One row for an end of a payment, none for its other steps: what else is to be told of it is read
-- when somebody asks.
CREATE FUNCTION tell_payment() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO body_event (client_body, kind, object_id, facts) VALUES (
        NEW.client_body,
        CASE NEW.state WHEN 'captured' THEN 'payment.captured'
                       WHEN 'authorised' THEN 'payment.authorised'
                       WHEN 'unknown' THEN 'payment.unknown'
                       ELSE 'payment.failed' END,
        NEW.id,
        jsonb_build_object('state', NEW.state, 'event', NEW.event));
    RETURN NULL;
END $$;
CREATE TRIGGER payment_told AFTER UPDATE OF state ON payment FOR EACH ROW
    WHEN (NEW.kind = 'bill' AND OLD.state <> NEW.state
          AND (NEW.state IN ('captured', 'unknown', 'reversed', 'declined', 'failed',
                             'cancelled_by_payer', 'cancelled_by_client_body',
                             'cancelled_by_expiry', 'expired', 'superseded')
               OR NEW.state = 'authorised' AND NEW.capture_by IS NOT NULL))
    EXECUTE FUNCTION tell_payment();

CREATE FUNCTION tell_refund() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO body_event (client_body, kind, object_id, facts)
        VALUES (NEW.client_body, 'refund.' || NEW.state, NEW.id, '{}');
    RETURN NULL;
END $$;
CREATE TRIGGER refund_told AFTER UPDATE OF state ON refund FOR EACH ROW
    WHEN (OLD.state <> NEW.state AND NEW.state IN ('done', 'refused'))
    EXECUTE FUNCTION tell_refund();

CREATE FUNCTION tell_dispute() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO body_event (client_body, kind, object_id, facts) VALUES (
        NEW.client_body,
        CASE TG_OP WHEN 'INSERT' THEN 'dispute.opened' ELSE 'dispute.closed' END,
        NEW.case_number,
        jsonb_build_object('status', NEW.status));
    RETURN NULL;
END $$;
CREATE TRIGGER dispute_opened AFTER INSERT ON dispute
    FOR EACH ROW EXECUTE FUNCTION tell_dispute();
CREATE TRIGGER dispute_closed AFTER UPDATE OF status ON dispute FOR EACH ROW
    WHEN (OLD.status <> NEW.status AND NEW.status IN ('accepted', 'won', 'lost'))
    EXECUTE FUNCTION tell_dispute();

-- What a link is for stays as it was; only its end is written once.
CREATE FUNCTION keep_link() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.cancelled_at IS NOT NULL
       OR (NEW.id, NEW.client_body, NEW.site, NEW.bill_id, NEW.token_hash, NEW.return_url,
           NEW.created_at, NEW.created_by, NEW.expires_at)
          IS DISTINCT FROM
          (OLD.id, OLD.client_body, OLD.site, OLD.bill_id, OLD.token_hash, OLD.return_url,
           OLD.created_at, OLD.created_by, OLD.expires_at) THEN
        RAISE EXCEPTION 'link % is never changed, only cancelled once', OLD.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'link_kept';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER link_kept AFTER UPDATE ON payment_link
    FOR EACH ROW EXECUTE FUNCTION keep_link();

DO $$
DECLARE
    walled text;
BEGIN
    FOREACH walled IN ARRAY ARRAY['body_event', 'body_key', 'payment_link'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', walled);
        EXECUTE format(
            'CREATE POLICY wall ON %I USING ((SELECT acts_for()) && ARRAY[client_body, ''*''])',
            walled);
    END LOOP;
END $$;

-- The same walls in words that the planner can weigh: of && it thinks that hardly a row passes, and
-- then sorts a body's whole table where it could read the newest rows off an index.
DO $$
DECLARE
    walled text;
BEGIN
    FOREACH walled IN ARRAY ARRAY['bill', 'payment', 'attempt', 'refund', 'payment_link'] LOOP
        EXECUTE format(
            'ALTER POLICY wall ON %I USING (client_body = ANY ((SELECT acts_for())::text[])'
            ' OR ''*'' = ANY ((SELECT acts_for())::text[]))',
            walled);
    END LOOP;
END $$;
