"""SQL of the vault's second migration: what happens to a card on the way of every payment, each in
one statement. As with releases, the functions run as whoever calls them."""

BEGIN_FORM_SQL = """
CREATE FUNCTION begin_card_form(
    payment text, body text, digest bytea, at_site text, keeps boolean, speaks text, origin text,
    return_to text, brands text, card text, at timestamptz, until timestamptz, lock_wait text
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF body_of_payment(payment) <> body THEN
        RAISE EXCEPTION USING ERRCODE = 'SKREF', MESSAGE = 'payment_foreign',
            DETAIL = 'this payment is another client body''s';
    END IF;
    PERFORM set_config('sekisho.client_body', body, true),
            set_config('lock_timeout', lock_wait, true);
    UPDATE card_form SET state = 'shut' WHERE payment_id = payment AND state = 'open';
    INSERT INTO card_form (token_digest, payment_id, client_body, site, kept, language,
        parent_origin, return_url, accepted_brands, card_token, state, tries, opened_at, expires_at)
    VALUES (digest, payment, body, at_site, keeps, speaks, origin, return_to, brands::jsonb, card,
        'open', 0, at, until);
END $$;
"""

FIND_FORM_SQL = """
CREATE FUNCTION find_card_form(digest bytea, counted boolean, most_tries integer, at timestamptz)
RETURNS SETOF card_form LANGUAGE plpgsql AS $$
DECLARE
    asked card_form;
BEGIN
    PERFORM set_config('sekisho.client_body', coalesce(body_of_form(digest), ''), true);
    IF NOT counted THEN
        RETURN QUERY SELECT * FROM card_form f WHERE f.token_digest = digest;
        RETURN;
    END IF;
    SELECT * INTO asked FROM card_form f WHERE f.token_digest = digest FOR UPDATE;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    IF asked.state = 'open' AND at < asked.expires_at THEN
        asked.tries := asked.tries + 1;
        IF asked.tries > most_tries THEN
            asked.state := 'locked';
        END IF;
        UPDATE card_form SET tries = asked.tries, state = asked.state WHERE id = asked.id;
    END IF;
    RETURN NEXT asked;
END $$;
"""

STORE_CARD_SQL = """
CREATE FUNCTION store_card(
    form bigint, at timestamptz, person text, of_use text, under_version integer, wrapped bytea,
    tokens text[], kinds text[], boxes bytea[], prints bytea[], print_versions integer[], told text
) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    f card_form;
BEGIN
    SELECT * INTO STRICT f FROM card_form WHERE id = form FOR UPDATE;
    IF f.state <> 'open' THEN
        RETURN f.state;
    ELSIF at >= f.expires_at THEN
        RETURN 'expired';
    END IF;
    INSERT INTO subject (token, client_body, use, data_key_version, subject_key_version,
        wrapped_key, made_at) VALUES (person, f.client_body, of_use, under_version, 1, wrapped, at);
    INSERT INTO item (token, subject_id, client_body, kind, sealed, fingerprint,
        fingerprint_key_version, made_at)
    SELECT one.token, person, f.client_body, one.kind, one.box, one.print, one.version, at
      FROM unnest(tokens, kinds, boxes, prints, print_versions)
           AS one (token, kind, box, print, version);
    INSERT INTO card (token, subject_id, client_body, payment_id, site, kept, entered_at)
        VALUES (f.card_token, person, f.client_body, f.payment_id, f.site, f.kept, at);
    UPDATE card_form SET state = 'accepted' WHERE id = form;
    INSERT INTO evidence.line (kind, subject, facts)
        VALUES ('vault.card_taken', f.card_token, told);
    RETURN 'open';
END $$;
"""

FORGET_CARDS_SQL = """
CREATE FUNCTION forget_cards(payment text, only_card text, because text, at timestamptz)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    body text := body_of_payment(payment);
    gone card;
BEGIN
    PERFORM set_config('sekisho.client_body', coalesce(body, ''), true);
    IF only_card IS NULL THEN
        UPDATE card_form SET state = 'shut' WHERE payment_id = payment AND state = 'open';
    ELSIF NOT EXISTS (SELECT FROM card_form f
                      WHERE f.payment_id = payment AND f.card_token = only_card) THEN
        RAISE EXCEPTION USING ERRCODE = 'SKREF', MESSAGE = 'token_unknown',
            DETAIL = 'no such card of this payment';
    END IF;
    FOR gone IN
        SELECT * FROM card c WHERE c.payment_id = payment AND c.forgotten_at IS NULL
           AND (only_card IS NULL OR c.token = only_card) AND NOT (c.kept AND because = 'settled')
           FOR UPDATE
    LOOP
        DELETE FROM item WHERE subject_id = gone.subject_id;
        UPDATE subject SET wrapped_key = NULL, forgotten_at = at
         WHERE token = gone.subject_id AND wrapped_key IS NOT NULL;
        UPDATE card SET forgotten_at = at WHERE token = gone.token;
        INSERT INTO evidence.line (kind, subject, facts) VALUES ('vault.card_forgotten', gone.token,
            json_build_object('client_body', body, 'payment', payment,
                              'person', gone.subject_id, 'reason', because)::text);
    END LOOP;
END $$;
"""

FUNCTIONS_SQL = BEGIN_FORM_SQL + FIND_FORM_SQL + STORE_CARD_SQL + FORGET_CARDS_SQL

UNDO_SQL = """
DROP FUNCTION IF EXISTS begin_card_form(text, text, bytea, text, boolean, text, text, text, text,
    text, timestamptz, timestamptz, text);
DROP FUNCTION IF EXISTS find_card_form(bytea, boolean, integer, timestamptz);
DROP FUNCTION IF EXISTS store_card(bigint, timestamptz, text, text, integer, bytea, text[], text[],
    bytea[], bytea[], integer[], text);
DROP FUNCTION IF EXISTS forget_cards(text, text, text, timestamptz);
"""
