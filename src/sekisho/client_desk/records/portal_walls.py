"""SQL of the portal's tables that models can't say: the second person is another one, and a state
only goes on, whatever code asks."""

from __future__ import annotations

TWO_PERSONS_SQL = """
ALTER TABLE refund_request ADD CONSTRAINT refund_request_state
    CHECK (state IN ('asked', 'approved', 'done', 'refused'));
ALTER TABLE refund_request ADD CONSTRAINT refund_request_amounts
    CHECK (amount_yen >= 0 AND fee_yen >= 0 AND amount_yen + fee_yen BETWEEN 1 AND left_yen);
ALTER TABLE refund_request ADD CONSTRAINT refund_request_two_persons
    CHECK (alone OR state NOT IN ('approved', 'done')
           OR (decided_by <> '' AND decided_by <> asked_by));
ALTER TABLE factor_reset ADD CONSTRAINT factor_reset_state
    CHECK (state IN ('asked', 'done', 'refused'));
ALTER TABLE factor_reset ADD CONSTRAINT factor_reset_two_persons
    CHECK (state <> 'done'
           OR (decided_by <> '' AND decided_by <> asked_by AND decided_by <> person_id));

CREATE FUNCTION refund_request_moves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.state, NEW.state) NOT IN (
        ('asked', 'approved'), ('asked', 'refused'), ('approved', 'done'), ('approved', 'refused'))
    THEN
        RAISE EXCEPTION 'refund request %: % can not become %',
            OLD.request_id, OLD.state, NEW.state USING ERRCODE = 'check_violation';
    END IF;
    IF OLD.decided_by <> '' AND NEW.decided_by <> OLD.decided_by THEN
        RAISE EXCEPTION 'refund request %: it was decided', OLD.request_id
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER refund_request_moves BEFORE UPDATE ON refund_request
    FOR EACH ROW EXECUTE FUNCTION refund_request_moves();
"""

TWO_PERSONS_BACK_SQL = """
DROP TRIGGER IF EXISTS refund_request_moves ON refund_request;
DROP FUNCTION IF EXISTS refund_request_moves();
"""
