-- Invariants that no line of Python can break. {schema} is filled in by 0002_walls.py.

-- One payment holds a bill or policy. The column keeps its value while the state moves among the
-- holding ones, so that those updates touch no index.
ALTER TABLE payment ADD COLUMN held_for text GENERATED ALWAYS AS (
    CASE WHEN state IN ({holding}) THEN coalesce(bill_id, policy_id) END) STORED;
CREATE UNIQUE INDEX payment_holds ON payment (held_for) WHERE held_for IS NOT NULL;

-- An edge is taken only if the lifecycle has it, one step at a time, and leaves an event.
CREATE FUNCTION take_edge() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = {schema}, pg_temp AS $$
DECLARE
    came_from text := '';
BEGIN
    IF TG_OP = 'UPDATE' THEN
        came_from := OLD.state;
        IF NEW.step <> OLD.step + 1 THEN
            RAISE EXCEPTION 'payment % took another step meanwhile', NEW.id
                USING ERRCODE = 'serialization_failure';
        END IF;
    ELSIF NEW.step <> 1 THEN
        RAISE EXCEPTION 'payment % must begin with step 1', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'payment_edge';
    END IF;
    IF NOT EXISTS (SELECT FROM lifecycle_edge WHERE source = came_from
                   AND target = NEW.state AND event = NEW.event) THEN
        RAISE EXCEPTION 'no edge from "%" to "%" by "%"', came_from, NEW.state, NEW.event
            USING ERRCODE = 'check_violation', CONSTRAINT = 'payment_edge';
    END IF;
    INSERT INTO payment_event
        (payment_id, step, client_body, at, from_state, to_state, event, moved_by, why)
    VALUES (NEW.id, NEW.step, NEW.client_body, clock_timestamp(), came_from, NEW.state, NEW.event,
            NEW.moved_by, NEW.why);
    RETURN NULL;
END $$;
CREATE TRIGGER payment_born AFTER INSERT ON payment FOR EACH ROW EXECUTE FUNCTION take_edge();
CREATE TRIGGER payment_moved AFTER UPDATE OF state, step, event, moved_by, why ON payment
    FOR EACH ROW WHEN ((OLD.state, OLD.step, OLD.event, OLD.moved_by, OLD.why)
                       IS DISTINCT FROM (NEW.state, NEW.step, NEW.event, NEW.moved_by, NEW.why))
    EXECUTE FUNCTION take_edge();

-- Of a payment, what was agreed to never changes.
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on % refused: it is never changed', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON payment_event
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON transfer
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON entry
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Whom this transaction acts for: one client body, several with commas, or * for all.
CREATE FUNCTION acts_for() RETURNS text[] LANGUAGE sql STABLE PARALLEL SAFE
    RETURN string_to_array(current_setting('sekisho.client_bodies', true), ',');

-- The only way into the ledger: a transfer with all its entries at once.
CREATE FUNCTION write_transfer(for_payment text, body text, what text, accounts text[],
                               amounts bigint[])
    RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = {schema}, pg_temp AS $$
DECLARE
    debits bigint := (SELECT coalesce(sum(a), 0) FROM unnest(amounts) a WHERE a > 0);
    open_id bigint;
    open_amount bigint;
    made bigint;
BEGIN
    IF NOT coalesce(acts_for() && ARRAY[body, '*'], false) THEN
        RAISE EXCEPTION 'not acting for this client body'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    SELECT p.id, p.amount_yen INTO open_id, open_amount FROM transfer p
        WHERE p.payment_id = for_payment AND p.kind = 'pending' AND p.client_body = body
        AND NOT EXISTS (SELECT FROM transfer s WHERE s.settles = p.id)
        ORDER BY p.id DESC LIMIT 1;
    IF what = 'pending' THEN
        IF open_id IS NOT NULL THEN
            RAISE EXCEPTION 'payment % has a pending transfer already', for_payment
                USING ERRCODE = 'check_violation', CONSTRAINT = 'one_pending';
        END IF;
    ELSIF open_id IS NULL OR (what = 'posted' AND open_amount <> debits) THEN
        RAISE EXCEPTION 'payment % has no pending transfer of this amount', for_payment
            USING ERRCODE = 'check_violation', CONSTRAINT = 'pending_first';
    END IF;
    INSERT INTO transfer (client_body, payment_id, kind, settles, amount_yen, legs)
        VALUES (body, for_payment, what, open_id, coalesce(nullif(debits, 0), open_amount),
                coalesce(cardinality(accounts), 0))
        RETURNING id INTO made;
    INSERT INTO entry (transfer_id, leg, legs, client_body, account, amount_yen)
        SELECT made, leg, cardinality(accounts), body, account, amount
        FROM unnest(accounts, amounts) WITH ORDINALITY AS legs_of (account, amount, leg);
    RETURN made;
END $$;
REVOKE EXECUTE ON FUNCTION write_transfer FROM PUBLIC;

-- Whoever writes: at commit a transfer has its legs and they sum to zero.
CREATE FUNCTION check_balance() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = {schema}, pg_temp AS $$
DECLARE
    found record;
BEGIN
    SELECT count(*) AS legs, coalesce(sum(amount_yen), 0) AS balance,
           coalesce(sum(amount_yen) FILTER (WHERE amount_yen > 0), 0) AS debits,
           coalesce(bool_and(legs = NEW.legs AND client_body = NEW.client_body), true) AS fits
        INTO found FROM entry WHERE transfer_id = NEW.id;
    IF found.balance <> 0 OR found.legs <> NEW.legs OR NOT found.fits
       OR (NEW.legs > 0 AND found.debits <> NEW.amount_yen) THEN
        RAISE EXCEPTION 'transfer % does not balance: % legs, sum % yen', NEW.id, found.legs,
            found.balance USING ERRCODE = 'check_violation', CONSTRAINT = 'transfer_balances';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER transfer_balances AFTER INSERT ON transfer
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION check_balance();

-- No entry joins a transfer of an earlier transaction.
CREATE FUNCTION entry_joins_own() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = {schema}, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM joining j JOIN transfer t ON t.id = j.transfer_id
               WHERE t.xmin <> pg_current_xact_id()::xid) THEN
        RAISE EXCEPTION 'an entry may not join a transfer of another transaction'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'entry_joins_own';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER entry_joins_own AFTER INSERT ON entry REFERENCING NEW TABLE AS joining
    FOR EACH STATEMENT EXECUTE FUNCTION entry_joins_own();

-- Walls between client bodies: the door says for whom it acts, the database holds it.
DO $$
DECLARE
    walled text;
BEGIN
    FOREACH walled IN ARRAY ARRAY['bill', 'policy', 'enrolment', 'payment', 'payment_event',
                                  'attempt', 'permit_issued', 'transfer', 'entry', 'import_file',
                                  'bill_staged', 'policy_staged'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', walled);
        EXECUTE format(
            'CREATE POLICY wall ON %I USING ((SELECT acts_for()) && ARRAY[client_body, ''*''])',
            walled);
    END LOOP;
END $$;
