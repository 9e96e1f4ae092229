"""The table of an outbox, for a zone's first migration."""

CREATE_SQL = """
CREATE TABLE outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    message text NOT NULL,
    body bytea NOT NULL,
    key text UNIQUE,
    due_at timestamptz NOT NULL DEFAULT now(),
    leased_until timestamptz,
    tries integer NOT NULL DEFAULT 0,
    refused text,
    posted_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX outbox_due ON outbox (due_at) WHERE refused IS NULL;
"""
"""For the zone's first migration; ``grants.sql`` gives the runtime role SELECT, INSERT, UPDATE and
DELETE on it."""

DROP_SQL = "DROP TABLE outbox;"

INDEX_REFUSED_SQL = "CREATE INDEX outbox_refused ON outbox (id) WHERE refused IS NOT NULL;"
"""For the zone's next migration: health counts what was refused."""

UNDO_INDEX_REFUSED_SQL = "DROP INDEX outbox_refused;"
