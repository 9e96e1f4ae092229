-- What the card_network process may do with its own records: nothing is deleted, and of an order
-- only what changes while it is worked on is updated.
GRANT SELECT, INSERT ON {schema}.orders, {schema}.authentications TO {role};
GRANT UPDATE (body, card, state, tries, due_at, told, result, response_code, approval_code,
              network_reference, done_at) ON {schema}.orders TO {role};
GRANT UPDATE (ds_id, acs_id, status, status_reason, eci, value, used_by_id)
    ON {schema}.authentications TO {role};
GRANT USAGE ON SEQUENCE {schema}.trace_numbers, {schema}.orders_id_seq TO {role};
GRANT SELECT, INSERT, UPDATE, DELETE ON {schema}.outbox TO {role};
GRANT SELECT, INSERT ON {schema}.chargebacks TO {role};
GRANT UPDATE (result, ended_at) ON {schema}.chargebacks TO {role};
