"""SQL of the vault's first migration that models can't say: who sees which rows, and what never
runs backwards."""

SCOPED_AT_FIRST = (
    "data_key",
    "subject",
    "item",
    "card",
    "card_form",
    "spent_permit",
    "release_budget",
    "match_budget",
    "stored_key",
    "mail_outgoing",
)
"""Tables of the first migration with such a wall."""

SCOPED_TABLES = (*SCOPED_AT_FIRST, "postcard_outgoing")
"""Tables of which a transaction sees only the rows of the client body that it named."""

_NAMED = "current_setting('sekisho.client_body', true)"


def row_level_security() -> str:
    """Return the SQL that hides every row of a client body that the transaction did not name. The
    owner's functions below look past it, and answer with a client body's id alone."""
    parts = []
    for table in SCOPED_AT_FIRST:
        rule = f"client_body = {_NAMED}"
        if table == "release_budget":
            rule = f"(client_body = '*' AND {_NAMED} <> '') OR {rule}"
        parts.append(
            f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;\n"
            f"CREATE POLICY one_client_body ON {table}\n"
            f"    USING ({rule}) WITH CHECK ({rule});\n"
        )
    return "".join(parts)


ITEM_KINDS_SQL = """
ALTER TABLE item ADD CONSTRAINT item_kind CHECK (kind IN (
    'card_number', 'card_expiry', 'cardholder_name', 'email', 'name', 'kana', 'date_of_birth',
    'postal_code', 'address', 'phone'));
ALTER TABLE data_key ADD CONSTRAINT data_key_use CHECK (use IN ('kept', 'one_off', 'fingerprint'));
ALTER TABLE card_form ADD CONSTRAINT card_form_state
    CHECK (state IN ('open', 'accepted', 'shut', 'locked'));
"""
"""PCI DSS 3.3.1: a security code is no kind of item."""

TRIGGERS_SQL = """
CREATE FUNCTION only_up() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF to_jsonb(NEW) ->> TG_ARGV[0] IS NULL
       OR (to_jsonb(NEW) ->> TG_ARGV[0])::bigint <= (to_jsonb(OLD) ->> TG_ARGV[0])::bigint THEN
        RAISE EXCEPTION '% of % only counts up', TG_ARGV[0], TG_TABLE_NAME
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER only_up BEFORE UPDATE ON release_budget
    FOR EACH ROW EXECUTE FUNCTION only_up('released');
CREATE TRIGGER only_up BEFORE UPDATE ON match_budget
    FOR EACH ROW EXECUTE FUNCTION only_up('tried');

CREATE FUNCTION one_way() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state <> 'open' AND NEW.state <> OLD.state OR NEW.tries < OLD.tries THEN
        RAISE EXCEPTION 'a card form that is % does not open again', OLD.state
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER one_way BEFORE UPDATE ON card_form FOR EACH ROW EXECUTE FUNCTION one_way();

CREATE FUNCTION forgotten_for_ever() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.wrapped_key IS NULL AND NEW.wrapped_key IS NOT NULL THEN
        RAISE EXCEPTION 'a forgotten subject does not come back'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER forgotten_for_ever BEFORE UPDATE ON subject
    FOR EACH ROW EXECUTE FUNCTION forgotten_for_ever();
"""

LOOKUPS_SQL = """
CREATE FUNCTION body_of_form(digest bytea) RETURNS text
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT
    AS $$ SELECT client_body FROM card_form WHERE token_digest = digest $$;
CREATE FUNCTION body_of_payment(payment text) RETURNS text
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT
    AS $$ SELECT client_body FROM card_form WHERE payment_id = payment LIMIT 1 $$;
CREATE FUNCTION client_bodies() RETURNS SETOF text
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT
    AS $$ SELECT DISTINCT client_body FROM data_key ORDER BY client_body $$;
"""
"""The three questions that come before a client body is known."""

UNDO_SQL = """
DROP FUNCTION IF EXISTS body_of_form(bytea), body_of_payment(text), client_bodies();
"""
