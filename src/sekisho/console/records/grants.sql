-- What code in the console may do. Operators are never deleted, only ended.
GRANT SELECT, INSERT, UPDATE ON {schema}.person TO {role};
GRANT SELECT, INSERT, UPDATE (used_at) ON {schema}.invitation TO {role};
GRANT SELECT, INSERT, UPDATE (seen_at), DELETE ON {schema}.visit TO {role};
-- Passkeys: a public key never changes; given up, never deleted. A visit's open challenge.
GRANT SELECT, INSERT, UPDATE (sign_count, used_at, ended_at) ON {schema}.passkey TO {role};
GRANT UPDATE (challenge, challenge_at) ON {schema}.visit TO {role};
