-- The evidence schema. Run by the owner at every start; every statement can be repeated.
-- Zones may insert kind, subject and facts, nothing else: id, time, role and transaction are set
-- here, so that a taken-over zone can't write in another's name or into the past.
CREATE SCHEMA IF NOT EXISTS evidence;

CREATE TABLE IF NOT EXISTS evidence.line (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    role text NOT NULL DEFAULT session_user,
    kind text NOT NULL CHECK (length(kind) BETWEEN 1 AND 64),
    subject text NOT NULL CHECK (length(subject) <= 200),
    facts text NOT NULL CHECK (facts IS JSON OBJECT AND octet_length(facts) <= 16384)
);
CREATE INDEX IF NOT EXISTS line_order ON evidence.line (xid, id);
CREATE INDEX IF NOT EXISTS line_subject ON evidence.line (subject);
-- A zone reads its own lines of a kind and a time (reconciliation): kinds are few, time goes on, so
-- inserts meet a dozen hot pages.
CREATE INDEX IF NOT EXISTS line_kind ON evidence.line (kind, at);
CREATE INDEX IF NOT EXISTS line_alarm ON evidence.line (id) WHERE kind LIKE 'alarm.%';

-- What the role that is logged in wrote itself, and nobody else's. security_barrier: no function of
-- the reader's own sees a line before the role was compared.
CREATE OR REPLACE VIEW evidence.own_line WITH (security_barrier) AS
    SELECT id, at, kind, subject, facts FROM evidence.line WHERE role = session_user;

CREATE TABLE IF NOT EXISTS evidence.link (
    position bigint PRIMARY KEY,
    line_id bigint NOT NULL UNIQUE,
    line_xid xid8 NOT NULL,
    digest bytea NOT NULL CHECK (octet_length(digest) = 32)
);

CREATE TABLE IF NOT EXISTS evidence.head (
    position bigint PRIMARY KEY,
    digest bytea NOT NULL CHECK (octet_length(digest) = 32),
    signed_at timestamptz NOT NULL,
    signature bytea NOT NULL CHECK (octet_length(signature) = 64)
);

CREATE OR REPLACE FUNCTION evidence.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'evidence is append-only: % on % refused', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE OR REPLACE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON evidence.line
    FOR EACH STATEMENT EXECUTE FUNCTION evidence.refuse_change();
CREATE OR REPLACE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON evidence.link
    FOR EACH STATEMENT EXECUTE FUNCTION evidence.refuse_change();
CREATE OR REPLACE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON evidence.head
    FOR EACH STATEMENT EXECUTE FUNCTION evidence.refuse_change();

REVOKE ALL ON SCHEMA evidence FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA evidence FROM PUBLIC;
