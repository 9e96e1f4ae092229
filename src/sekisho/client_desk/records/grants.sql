-- What code at the desk may do. People are never deleted, only ended; of a visit nothing stays.
GRANT SELECT, INSERT, UPDATE ON {schema}.person TO {role};
GRANT SELECT, INSERT, UPDATE (used_at) ON {schema}.invitation TO {role};
GRANT SELECT, INSERT, UPDATE (seen_at), DELETE ON {schema}.visit TO {role};
GRANT SELECT, INSERT, UPDATE ON {schema}.upload TO {role};
GRANT EXECUTE ON FUNCTION {schema}.give_up_uploads() TO {role};
