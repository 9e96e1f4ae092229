-- What code in the console may do. Operators are never deleted, only ended.
GRANT SELECT, INSERT, UPDATE ON {schema}.person TO {role};
GRANT SELECT, INSERT, UPDATE (used_at) ON {schema}.invitation TO {role};
GRANT SELECT, INSERT, UPDATE (seen_at), DELETE ON {schema}.visit TO {role};
