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

-- Charge runs: what two persons agreed to is laid down once.
GRANT SELECT, INSERT ON {schema}.charge_run, {schema}.charge_item TO {role};
GRANT UPDATE (state, why, resumes_to, items, total_yen, approved_by, approved_at, resumed_by,
              begun_at, finished_at, waits_until)
    ON {schema}.charge_run TO {role};
GRANT UPDATE (state, reason, note, notice, tries, unsent, response_code, next_try_at, payment_id,
              changed_at)
    ON {schema}.charge_item TO {role};

-- The life of an enrolment: its history is written by trigger alone.
GRANT UPDATE (step, event, moved_by, why, brand, last_four, card_payment, ended_by, ended_at,
              forget_card_at, expires_month, warned_card, change_asked_at)
    ON {schema}.enrolment TO {role};
GRANT SELECT ON {schema}.enrolment_event, {schema}.enrolment_edge TO {role};
GRANT SELECT, INSERT, UPDATE (wrong, payment_id, closed_at) ON {schema}.card_link TO {role};
GRANT SELECT, INSERT, UPDATE (second_by, differs, checked_by, checked_at)
    ON {schema}.paper_application TO {role};

-- What client bodies do by themselves, and the events for them to fetch.
GRANT SELECT, INSERT ON {schema}.body_event, {schema}.body_key, {schema}.payment_link TO {role};
GRANT UPDATE (cancelled_at, cancelled_by) ON {schema}.payment_link TO {role};

-- Settlement: items are written by trigger; days, payouts and differences go on, and never back.
GRANT SELECT ON {schema}.settlement_item, {schema}.payout_event, {schema}.difference_event TO {role};
GRANT UPDATE (settlement_id) ON {schema}.settlement_item TO {role};
GRANT SELECT, INSERT ON {schema}.settlement, {schema}.payout, {schema}.difference,
    {schema}.clearing_file TO {role};
GRANT UPDATE (payout_id) ON {schema}.settlement TO {role};
GRANT UPDATE (state, number, account, approved_by, approved_at, pay_on, made_on, made_by,
              bank_reference, moved_by, why) ON {schema}.payout TO {role};
GRANT UPDATE (state, taken_by, proposed_by, reason, closed_by, closed_at)
    ON {schema}.difference TO {role};
GRANT EXECUTE ON FUNCTION {schema}.open_payout(text, text), {schema}.end_payout(text, text, text)
    TO {role};
