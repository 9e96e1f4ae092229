"""SQL of the webhooks' migration that models can't say.

The functions see every body's rows, as the worker serves all of them; each says only what the
worker needs to go on with one body's rows under that body's name."""

from __future__ import annotations

CHECKS_SQL = """
ALTER TABLE webhook_delivery ADD CONSTRAINT webhook_delivery_state CHECK (state IN
    ('waiting', 'in_hand', 'delivered', 'given_up', 'stopped'));
ALTER TABLE webhook_delivery ADD CONSTRAINT webhook_delivery_try
    CHECK (state <> 'in_hand' OR try_id <> '');
ALTER TABLE webhook_endpoint ADD CONSTRAINT webhook_endpoint_off CHECK
    ((switched_off_at IS NULL) = (switched_off_why = '')
     AND switched_off_why IN ('', 'gone', 'failing', 'by_hand'));
ALTER TABLE webhook_endpoint ADD CONSTRAINT webhook_endpoint_former
    CHECK ((former_sealed IS NULL) = (former_until IS NULL));
ALTER TABLE event_cursor ADD CONSTRAINT event_cursor_one CHECK (one_row);
INSERT INTO event_cursor (one_row, after) VALUES (true, '');
"""

CLAIM_SQL = """
CREATE FUNCTION claim_deliveries(
    moment timestamptz, most integer, most_failing integer, train integer
) RETURNS TABLE (body text, id text)
    LANGUAGE sql SECURITY DEFINER SET search_path FROM CURRENT AS $$
    WITH held AS (
        SELECT count(*) AS of_all, count(*) FILTER (WHERE failing_since IS NOT NULL) AS failing
        FROM webhook_delivery JOIN webhook_endpoint USING (endpoint_id) WHERE state = 'in_hand'
    ), ready AS (
        SELECT endpoint.endpoint_id, endpoint.failing_since IS NOT NULL AS failing
        FROM webhook_endpoint endpoint
        WHERE switched_off_at IS NULL AND removed_at IS NULL
            AND coalesce(rests_until <= moment, true)
            AND NOT EXISTS (SELECT FROM webhook_delivery held
                            WHERE held.endpoint_id = endpoint.endpoint_id
                                AND held.state = 'in_hand')
    ), waiting AS (
        SELECT ready.failing, one.delivery_id, one.place, one.due_at
        FROM ready CROSS JOIN LATERAL (
            SELECT delivery_id, due_at, row_number() OVER (ORDER BY due_at, delivery_id) AS place
            FROM webhook_delivery
            WHERE endpoint_id = ready.endpoint_id AND state = 'waiting' AND due_at <= moment
            ORDER BY due_at, delivery_id
            LIMIT CASE WHEN ready.failing THEN 1 ELSE train END
        ) one
    ), ranked AS (
        SELECT *, row_number() OVER (PARTITION BY failing ORDER BY place, due_at) AS rank
        FROM waiting
    ), chosen AS (
        SELECT delivery_id FROM ranked
        WHERE NOT failing OR rank <= most_failing - (SELECT failing FROM held)
        ORDER BY failing, place, due_at
        LIMIT (SELECT greatest(most - of_all, 0) FROM held)
    ), locked AS (
        SELECT delivery_id FROM webhook_delivery
        WHERE delivery_id IN (SELECT delivery_id FROM chosen) AND state = 'waiting'
        FOR UPDATE SKIP LOCKED
    )
    UPDATE webhook_delivery SET state = 'in_hand', moved_at = moment,
        try_id = 'try_' || replace(gen_random_uuid()::text, '-', '')
    FROM locked WHERE webhook_delivery.delivery_id = locked.delivery_id
    RETURNING client_body, webhook_delivery.delivery_id
$$;
"""
"""What is handed to the sender next. An endpoint that has something in hand waits its turn, so its
deliveries never overlap; ``most`` may be in hand at once, ``most_failing`` of them for endpoints
that failed lately. It waits for nobody (a replay locks many rows at once): what is locked goes at
the next turn."""

LOST_SQL = """
CREATE FUNCTION take_back_lost(alive text[], moment timestamptz) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE taken_back integer;
BEGIN
    UPDATE webhook_delivery SET state = 'waiting', due_at = moment, moved_at = moment
        WHERE state = 'in_hand' AND try_id <> ALL (alive);
    GET DIAGNOSTICS taken_back = ROW_COUNT;
    RETURN taken_back;
END $$;
"""
"""Tries that the sender does not know (it was started anew, or never heard of them) are sent again
at once; they may have arrived, which the receiver sees by the id."""

BODIES_SQL = """
CREATE FUNCTION bodies_of_tries(wanted text[]) RETURNS TABLE (body text, tried text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
    SELECT client_body, try_id FROM webhook_delivery
    WHERE state = 'in_hand' AND try_id = ANY (wanted)
$$;
"""

ANY_SQL = """
CREATE FUNCTION any_in_hand() RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
    SELECT EXISTS (SELECT FROM webhook_delivery WHERE state = 'in_hand')
$$;
"""

PRUNE_SQL = """
CREATE FUNCTION prune_webhooks(
    deliveries_before timestamptz, events_before timestamptz, most integer
) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE removed integer; more integer;
BEGIN
    DELETE FROM webhook_try WHERE try_id IN (
        SELECT try_id FROM webhook_try
        WHERE at < least(deliveries_before, now() - interval '7 days') LIMIT most);
    GET DIAGNOSTICS removed = ROW_COUNT;
    DELETE FROM webhook_delivery WHERE delivery_id IN (
        SELECT delivery_id FROM webhook_delivery
        WHERE moved_at < least(deliveries_before, now() - interval '7 days')
            AND state NOT IN ('waiting', 'in_hand') LIMIT most);
    GET DIAGNOSTICS more = ROW_COUNT;
    removed := removed + more;
    DELETE FROM event WHERE number IN (
        SELECT number FROM event
        WHERE at < least(events_before, now() - interval '30 days')
            AND NOT EXISTS (SELECT FROM webhook_delivery
                            WHERE webhook_delivery.event_id = event.event_id) LIMIT most);
    GET DIAGNOSTICS more = ROW_COUNT;
    RETURN removed + more;
END $$;
"""
"""Old rows of all bodies; never younger ones, whatever is asked."""

FUNCTIONS = (
    (CLAIM_SQL, "claim_deliveries(timestamptz, integer, integer, integer)"),
    (LOST_SQL, "take_back_lost(text[], timestamptz)"),
    (BODIES_SQL, "bodies_of_tries(text[])"),
    (ANY_SQL, "any_in_hand()"),
    (PRUNE_SQL, "prune_webhooks(timestamptz, timestamptz, integer)"),
)
