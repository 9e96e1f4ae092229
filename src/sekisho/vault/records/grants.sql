-- What code in the vault may do. No DELETE but where forgetting is the point (PCI DSS 3.2.1): items
-- of a forgotten subject, answers past their keeping, delivered messages. Nothing here lets a
-- budget run backwards or a permit be unspent.
GRANT SELECT, INSERT, UPDATE (retired_at, wrapped, wrapped_by) ON {schema}.data_key TO {role};
GRANT SELECT, INSERT, UPDATE (wrapped_key, data_key_version, forgotten_at)
    ON {schema}.subject TO {role};
GRANT SELECT, INSERT, DELETE ON {schema}.item TO {role};
GRANT SELECT, INSERT, UPDATE (forgotten_at) ON {schema}.card TO {role};
GRANT SELECT, INSERT, UPDATE (state, tries) ON {schema}.card_form TO {role};
GRANT SELECT, INSERT ON {schema}.spent_permit TO {role};
GRANT SELECT, INSERT, UPDATE (released, allowed_more, tripped_at)
    ON {schema}.release_budget TO {role};
GRANT SELECT, INSERT, UPDATE (tried) ON {schema}.match_budget TO {role};
GRANT SELECT, INSERT, DELETE ON {schema}.stored_key TO {role};
GRANT SELECT, INSERT, UPDATE (state, tries, ended_at) ON {schema}.mail_outgoing TO {role};
GRANT SELECT, INSERT, UPDATE, DELETE ON {schema}.outbox TO {role};
GRANT SELECT, INSERT, UPDATE (state, why, day, batch, page, tries, begun_at, ended_at)
    ON {schema}.postcard_outgoing TO {role};
GRANT EXECUTE ON FUNCTION {schema}.body_of_form(bytea) TO {role};
GRANT EXECUTE ON FUNCTION {schema}.body_of_payment(text) TO {role};
GRANT EXECUTE ON FUNCTION {schema}.client_bodies() TO {role};
GRANT EXECUTE ON FUNCTION {schema}.take_budget(text, text, timestamptz, bigint, integer)
    TO {role};
GRANT EXECUTE ON FUNCTION {schema}.begin_release(text, text, text, text, text, boolean, boolean,
    boolean, text[], text, text, timestamptz) TO {role};
GRANT EXECUTE ON FUNCTION {schema}.begin_card_form(text, text, bytea, text, boolean, text, text,
    text, text, text, timestamptz, timestamptz, text) TO {role};
GRANT EXECUTE ON FUNCTION {schema}.find_card_form(bytea, boolean, integer, timestamptz) TO {role};
GRANT EXECUTE ON FUNCTION {schema}.store_card(bigint, timestamptz, text, text, integer, bytea,
    text[], text[], bytea[], bytea[], integer[], text) TO {role};
GRANT EXECUTE ON FUNCTION {schema}.forget_cards(text, text, text, timestamptz) TO {role};
GRANT UPDATE (link_token) ON {schema}.mail_outgoing TO {role};
