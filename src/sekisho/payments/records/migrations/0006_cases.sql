-- A decision is never changed, and seen only by who acts for its client body.
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON case_decision
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE case_decision ENABLE ROW LEVEL SECURITY;
CREATE POLICY wall ON case_decision
    USING ((SELECT acts_for()) && ARRAY[client_body, '*']);

-- The open cases are few; without this the list would read every payment there ever was.
CREATE INDEX payment_case ON payment (id) WHERE operator_note <> '';

-- The word that ends a case by money needs two persons, whatever code writes it.
CREATE FUNCTION check_second_person() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.ends AND NEW.decision <> 'ask_again' AND NOT EXISTS (
        SELECT FROM case_decision d WHERE d.payment_id = NEW.payment_id
        AND d.case_number = NEW.case_number AND d.decision = NEW.decision
        AND d.number = NEW.number - 1 AND d.by_name <> NEW.by_name) THEN
        RAISE EXCEPTION 'payment %: another person must have proposed this', NEW.payment_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'case_second_person';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER case_second_person BEFORE INSERT ON case_decision
    FOR EACH ROW EXECUTE FUNCTION check_second_person();
