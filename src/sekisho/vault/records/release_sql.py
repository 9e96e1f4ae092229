"""SQL of the vault's second migration: a release in one statement, and budgets taken in blocks.

Both functions run as whoever calls them: they can do nothing that the runtime role can't."""

BUDGET_TRIGGER_SQL = """
DROP TRIGGER only_up ON release_budget;
CREATE FUNCTION budget_one_way() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.released < OLD.released OR NEW.allowed_more < OLD.allowed_more THEN
        RAISE EXCEPTION 'released of % only counts up', TG_TABLE_NAME
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF OLD.tripped_at IS NOT NULL AND NEW.tripped_at IS DISTINCT FROM OLD.tripped_at
       AND NEW.allowed_more = OLD.allowed_more THEN
        RAISE EXCEPTION 'a tripped budget is reset by allowing more, and not else'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER one_way BEFORE UPDATE ON release_budget
    FOR EACH ROW EXECUTE FUNCTION budget_one_way();
"""

UNDO_BUDGET_TRIGGER_SQL = """
DROP TRIGGER one_way ON release_budget;
DROP FUNCTION budget_one_way();
CREATE TRIGGER only_up BEFORE UPDATE ON release_budget
    FOR EACH ROW EXECUTE FUNCTION only_up('released');
"""

TAKE_BUDGET_SQL = """
CREATE FUNCTION take_budget(
    acting_for text, budget text, of_hour timestamptz, most bigint, block integer
) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    kept release_budget;
    granted bigint;
BEGIN
    -- Not waited for: a release that is counted by this block commits later and synchronously, and
    -- the log is flushed in order, so no release outlives the counting of its block.
    PERFORM set_config('sekisho.client_body', acting_for, true),
            set_config('synchronous_commit', 'off', true);
    INSERT INTO release_budget (client_body, hour, released, allowed_more)
        VALUES (budget, of_hour, 0, 0) ON CONFLICT (client_body, hour) DO NOTHING;
    SELECT * INTO STRICT kept FROM release_budget b
        WHERE b.client_body = budget AND b.hour = of_hour FOR UPDATE;
    granted := least(block, most + kept.allowed_more - kept.released);
    IF kept.tripped_at IS NOT NULL OR granted <= 0 THEN
        RETURN 0;
    END IF;
    UPDATE release_budget SET released = released + granted WHERE id = kept.id;
    RETURN granted;
END $$;
"""

BEGIN_RELEASE_SQL = """
CREATE FUNCTION begin_release(
    permit text, body text, payment text, card_asked text, why text, code_wanted boolean,
    code_there boolean, counted boolean, kinds_asked text[], facts text, alarm text,
    at timestamptz,
    OUT entered_for text, OUT site text, OUT kept boolean, OUT subject text, OUT use text,
    OUT data_key_version integer, OUT subject_key_version integer, OUT wrapped_key bytea,
    OUT tokens text[], OUT kinds text[],
    OUT sealed bytea[]
) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('sekisho.client_body', body, true);
    SELECT c.payment_id, c.site, c.kept, s.token, s.use, s.data_key_version,
           s.subject_key_version, s.wrapped_key
      INTO entered_for, site, kept, subject, use, data_key_version, subject_key_version,
           wrapped_key
      FROM card c JOIN subject s ON s.token = c.subject_id
     WHERE c.token = card_asked AND c.forgotten_at IS NULL;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'SKREF', MESSAGE = 'token_unknown',
            DETAIL = 'no such card of this client body';
    END IF;
    IF entered_for <> payment AND NOT (kept AND why = 'authorise' AND NOT code_wanted) THEN
        RAISE EXCEPTION USING ERRCODE = 'SKREF', MESSAGE = 'permit_foreign',
            DETAIL = 'the card was entered for another payment';
    END IF;
    SELECT array_agg(i.token), array_agg(i.kind), array_agg(i.sealed)
      INTO tokens, kinds, sealed
      FROM item i WHERE i.subject_id = subject AND i.kind = ANY(kinds_asked);
    IF tokens IS NULL OR NOT kinds @> ARRAY['card_number', 'card_expiry'] THEN
        RAISE EXCEPTION USING ERRCODE = 'SKREF', MESSAGE = 'token_unknown',
            DETAIL = 'the card was forgotten';
    END IF;
    IF code_wanted AND NOT code_there THEN
        RAISE EXCEPTION USING ERRCODE = 'SKREF', MESSAGE = 'code_gone',
            DETAIL = 'no security code is held for this payment';
    END IF;
    INSERT INTO spent_permit (permit_id, client_body, payment_id, card_token, purpose, spent_at)
        VALUES (permit, body, payment, card_asked, why, at) ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'SKREF', MESSAGE = 'permit_spent',
            DETAIL = 'this permit was used';
    END IF;
    IF NOT counted THEN
        RAISE EXCEPTION USING ERRCODE = 'SKREF', MESSAGE = 'budget_spent',
            DETAIL = 'no more cards leave in this hour';
    END IF;
    INSERT INTO evidence.line (kind, subject, facts) VALUES ('vault.card_released', card_asked,
        (facts::jsonb
         || jsonb_build_object('site', site, 'person', subject, 'kinds', kinds))::text);
    IF alarm IS NOT NULL THEN
        INSERT INTO evidence.line (kind, subject, facts)
            VALUES ('alarm.vault.honey_released', card_asked, alarm);
    END IF;
END $$;
"""
"""Steps 2 and 3 of ``release_items`` in one statement, which is one transaction: a refusal
(SQLSTATE ``SKREF``, code in the message) leaves nothing behind."""

UNDO_FUNCTIONS_SQL = """
DROP FUNCTION IF EXISTS begin_release(text, text, text, text, text, boolean, boolean, boolean,
    text[], text, text, timestamptz);
DROP FUNCTION IF EXISTS take_budget(text, text, timestamptz, bigint, integer);
"""
