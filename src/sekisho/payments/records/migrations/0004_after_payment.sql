-- No more is given back than was captured, whatever code writes. {schema} is filled in.

-- Every refund of a payment stands in line at the payment's row; what it may be is summed behind the
-- lock, so two that race see one another.
CREATE FUNCTION check_refund() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = {schema}, pg_temp AS $$
DECLARE
    paid record;
    given record;
    charged_back bigint;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF (NEW.id, NEW.client_body, NEW.key, NEW.payment_id, NEW.amount_yen, NEW.fee_yen)
           IS DISTINCT FROM
           (OLD.id, OLD.client_body, OLD.key, OLD.payment_id, OLD.amount_yen, OLD.fee_yen)
           OR NOT (OLD.state = NEW.state OR (OLD.state, NEW.state) IN (
               ('asked', 'unknown'), ('asked', 'done'), ('asked', 'refused'),
               ('unknown', 'done'), ('unknown', 'refused'))) THEN
            RAISE EXCEPTION 'refund % can not go from % to %', OLD.id, OLD.state, NEW.state
                USING ERRCODE = 'check_violation', CONSTRAINT = 'refund_edge';
        END IF;
        RETURN NULL;
    END IF;
    SELECT state, client_body, amount_yen, fee_yen, total_yen INTO paid
        FROM payment WHERE id = NEW.payment_id FOR NO KEY UPDATE;
    IF paid.state NOT IN ('captured', 'settled') OR paid.client_body <> NEW.client_body
       OR NEW.state <> 'asked' THEN
        RAISE EXCEPTION 'payment % is not captured', NEW.payment_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'refund_of_captured';
    END IF;
    IF EXISTS (SELECT FROM dispute WHERE payment_id = NEW.payment_id
               AND status IN ('open', 'contested')) THEN
        RAISE EXCEPTION 'payment % is in dispute', NEW.payment_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'refund_in_dispute';
    END IF;
    SELECT coalesce(sum(amount_yen), 0) AS amount, coalesce(sum(fee_yen), 0) AS fee INTO given
        FROM refund WHERE payment_id = NEW.payment_id AND state <> 'refused';
    SELECT coalesce(sum(amount_yen), 0) INTO charged_back
        FROM dispute WHERE payment_id = NEW.payment_id AND status IN ('accepted', 'lost');
    IF given.amount > paid.amount_yen OR given.fee > paid.fee_yen
       OR given.amount + given.fee + charged_back > paid.total_yen THEN
        RAISE EXCEPTION 'payment %: more would be given back than was captured', NEW.payment_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'refund_within_captured';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER refund_within_captured AFTER INSERT OR UPDATE ON refund
    FOR EACH ROW EXECUTE FUNCTION check_refund();

CREATE FUNCTION check_dispute() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.case_number, NEW.client_body, NEW.payment_id, NEW.amount_yen)
       IS DISTINCT FROM (OLD.case_number, OLD.client_body, OLD.payment_id, OLD.amount_yen)
       OR NOT (OLD.status = NEW.status OR OLD.status = 'open'
               OR (OLD.status = 'contested' AND NEW.status IN ('won', 'lost'))) THEN
        RAISE EXCEPTION 'dispute % can not go from % to %', OLD.case_number, OLD.status, NEW.status
            USING ERRCODE = 'check_violation', CONSTRAINT = 'dispute_edge';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER dispute_edge AFTER UPDATE ON dispute
    FOR EACH ROW EXECUTE FUNCTION check_dispute();

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON clearing_line
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

DO $$
DECLARE
    walled text;
BEGIN
    FOREACH walled IN ARRAY ARRAY['refund', 'dispute', 'clearing_line'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', walled);
        EXECUTE format(
            'CREATE POLICY wall ON %I USING ((SELECT acts_for()) && ARRAY[client_body, ''*''])',
            walled);
    END LOOP;
END $$;
