-- What code at the desk may do. People are never deleted, only ended; of a visit nothing stays.
GRANT SELECT, INSERT, UPDATE ON {schema}.person TO {role};
GRANT SELECT, INSERT, UPDATE (used_at) ON {schema}.invitation TO {role};
GRANT SELECT, INSERT, UPDATE (seen_at), DELETE ON {schema}.visit TO {role};
GRANT SELECT, INSERT, UPDATE ON {schema}.upload TO {role};
GRANT EXECUTE ON FUNCTION {schema}.give_up_uploads() TO {role};
-- Keys of the API are never deleted, only ended; what a key may do never changes.
GRANT SELECT, INSERT, UPDATE (expires_at, used_at, revoked_at, revoked_by, replaced_by)
    ON {schema}.api_key TO {role};
GRANT SELECT, INSERT, DELETE ON {schema}.api_answer TO {role};
GRANT UPDATE (state, status, content_type, content, moved_at) ON {schema}.api_answer TO {role};
GRANT EXECUTE ON FUNCTION {schema}.body_of_api_key(bytea) TO {role};
GRANT EXECUTE ON FUNCTION {schema}.forget_api_answers(timestamptz) TO {role};
-- Events and webhooks. What happened and how a try ended is never changed; old rows go by a function.
GRANT SELECT, INSERT ON {schema}.event TO {role};
GRANT SELECT, UPDATE (after) ON {schema}.event_cursor TO {role};
GRANT SELECT, INSERT ON {schema}.webhook_endpoint TO {role};
GRANT UPDATE (url, description, kinds, secret_sealed, former_sealed, former_until, failing_since,
    failures, rests_until, switched_off_at, switched_off_why, removed_at)
    ON {schema}.webhook_endpoint TO {role};
GRANT SELECT, INSERT ON {schema}.webhook_delivery TO {role};
GRANT UPDATE (state, tries, due_at, moved_at, status, why) ON {schema}.webhook_delivery TO {role};
GRANT SELECT, INSERT ON {schema}.webhook_try TO {role};
GRANT EXECUTE ON FUNCTION {schema}.claim_deliveries(timestamptz, integer, integer, integer)
    TO {role};
GRANT EXECUTE ON FUNCTION {schema}.take_back_lost(text[], timestamptz) TO {role};
GRANT EXECUTE ON FUNCTION {schema}.bodies_of_tries(text[]) TO {role};
GRANT EXECUTE ON FUNCTION {schema}.any_in_hand() TO {role};
GRANT EXECUTE ON FUNCTION {schema}.prune_webhooks(timestamptz, timestamptz, integer) TO {role};
-- What was asked for never changes, only what became of it. Passkeys are given up, never deleted.
GRANT SELECT, INSERT, UPDATE (sign_count, used_at, ended_at) ON {schema}.passkey TO {role};
GRANT UPDATE (challenge, challenge_at) ON {schema}.visit TO {role};
GRANT SELECT, INSERT,
    UPDATE (state, decided_by, decided_by_name, decided_at, note, refund_id, problem)
    ON {schema}.refund_request TO {role};
GRANT SELECT, INSERT, UPDATE (state, decided_by, decided_by_name, decided_at)
    ON {schema}.factor_reset TO {role};
