"""SQL of the first migration that models can't say."""

from __future__ import annotations

SCOPED_TABLES = ("person", "invitation", "visit", "upload")


def row_level_security(*tables: str) -> str:
    """Return the SQL that hides every row of a client body that the connection did not name."""
    return "".join(
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;\n"
        f"CREATE POLICY one_client_body ON {table}\n"
        "    USING (client_body = current_setting('sekisho.client_body', true))\n"
        "    WITH CHECK (client_body = current_setting('sekisho.client_body', true));\n"
        for table in tables or SCOPED_TABLES
    )


UPLOAD_STATES_SQL = """
ALTER TABLE upload ADD CONSTRAINT upload_state CHECK (state IN
    ('receiving', 'checking', 'checked', 'taking', 'taken', 'refused', 'given_up'));
ALTER TABLE upload ADD CONSTRAINT upload_kind CHECK (kind IN ('bills', 'policies'));
"""

GIVE_UP_SQL = """
CREATE FUNCTION give_up_uploads() RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE given_up integer;
BEGIN
    UPDATE upload SET state = 'given_up', moved_at = now()
        WHERE state IN ('receiving', 'checking', 'checked', 'taking');
    GET DIAGNOSTICS given_up = ROW_COUNT;
    RETURN given_up;
END $$;
"""
"""At the start of the process: files of the last life can't be read any more, whosever they are.
What was being taken either counts at payments as a whole or not at all; the same file handed in
again says which."""
