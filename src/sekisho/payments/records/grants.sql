-- What the payments process may do with its own records. Nothing is deleted but what was only laid
-- aside; ledger and history are read, never written by hand.
GRANT SELECT, INSERT ON {schema}.client_body, {schema}.site TO {role};
GRANT SELECT ON {schema}.lifecycle_edge, {schema}.payment_event, {schema}.transfer, {schema}.entry
    TO {role};
GRANT EXECUTE ON FUNCTION {schema}.acts_for() TO {role};

GRANT SELECT, INSERT ON {schema}.bill TO {role};
GRANT UPDATE (confirmation_number, category_number, item_ja, item_en, fiscal_year, term, amount_yen,
              first_payable_at, due_date, payable_until, withdrawn, changed_at)
    ON {schema}.bill TO {role};
GRANT SELECT, INSERT ON {schema}.policy TO {role};
GRANT UPDATE (product_ja, product_en, yearly_premium_yen, joined_month, ended, changed_at)
    ON {schema}.policy TO {role};
GRANT SELECT, INSERT ON {schema}.enrolment TO {role};
GRANT UPDATE (card_token, status) ON {schema}.enrolment TO {role};

GRANT SELECT, INSERT ON {schema}.payment TO {role};
GRANT UPDATE (state, step, event, moved_by, why, attempt, expires_at, extensions, confirmed_at,
              finished_at, due_at, asked, operator_note)
    ON {schema}.payment TO {role};
GRANT SELECT, INSERT ON {schema}.attempt TO {role};
GRANT UPDATE (authentication, eci, ds_transaction_id, acs_url, creq, authorisation, response_code,
              approval_code, network_reference, trace_number, answered_at, give_back_at,
              give_back_asked, given_back)
    ON {schema}.attempt TO {role};
GRANT SELECT, INSERT ON {schema}.permit_issued TO {role};

GRANT SELECT, INSERT, UPDATE, DELETE ON {schema}.wrong_answer TO {role};
GRANT SELECT, INSERT ON {schema}.import_file TO {role};
GRANT UPDATE (committed_at, result) ON {schema}.import_file TO {role};
GRANT SELECT, INSERT, DELETE ON {schema}.bill_staged, {schema}.policy_staged TO {role};
GRANT UPDATE (subject, date_of_birth_token, fault) ON {schema}.policy_staged TO {role};
GRANT SELECT, INSERT, UPDATE, DELETE ON {schema}.outbox TO {role};

-- After the payment: amounts are laid down once, only how far it has come is changed.
GRANT UPDATE (capture_by) ON {schema}.payment TO {role};
GRANT UPDATE (exemption) ON {schema}.attempt TO {role};
GRANT SELECT, INSERT ON {schema}.refund, {schema}.dispute, {schema}.clearing_line TO {role};
GRANT UPDATE (state, finished_at, due_at, asked, response_code, network_reference, settled_at)
    ON {schema}.refund TO {role};
GRANT UPDATE (status, answered_at, answered_by, grounds, ended_at, due_at)
    ON {schema}.dispute TO {role};

-- The ledger is written by these alone.
GRANT EXECUTE ON FUNCTION {schema}.open_claim(text, text, bigint, text[], bigint[]),
    {schema}.end_claim(text, text, text, bigint), {schema}.settle_claim(text, text, bigint),
    {schema}.open_refund(text, text, text, bigint, bigint),
    {schema}.open_dispute(text, text, text, bigint), {schema}.follow(text, text, text, text),
    {schema}.correct(text, text, text[], bigint[], text) TO {role};
GRANT EXECUTE ON FUNCTION {schema}.link_transfers(integer, integer, boolean),
    {schema}.transfer_text({schema}.transfer, jsonb) TO {role};
GRANT SELECT ON {schema}.ledger_link, {schema}.ledger_block, {schema}.ledger_block_sum,
    {schema}.ledger_closed TO {role};
GRANT SELECT, INSERT ON {schema}.reconciliation TO {role};

GRANT SELECT, INSERT ON {schema}.case_decision TO {role};

-- The card-testing guard: counts that fall out of their window are dropped.
GRANT SELECT, INSERT, DELETE, UPDATE (attempts, declines, cleared)
    ON {schema}.guard_count TO {role};
GRANT SELECT, INSERT, UPDATE, DELETE ON {schema}.guard_puzzle TO {role};
GRANT SELECT, INSERT, UPDATE ON {schema}.card_entry TO {role};
GRANT UPDATE (guard, counted_source, counted_session) ON {schema}.attempt TO {role};
