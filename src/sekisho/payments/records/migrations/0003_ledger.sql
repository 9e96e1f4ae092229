-- The ledger's further transfers, its chain and its sums. {schema} is filled in by 0003_ledger.py.
-- A claim is pending, then posted, voided or expired; a refund and a dispute likewise; money that
-- the network paid out is settled; anything else is a correction. Each is a new row: `settles`
-- points at the one that it ends, and a row is ended once (settled_once). `about` is the refund,
-- the network's case or the correction, and empty for the payment itself.

ALTER TABLE transfer ADD COLUMN xid xid8 NOT NULL DEFAULT pg_current_xact_id();
CREATE INDEX transfer_order ON transfer (xid, id);
-- A day is read through these; they cost an insert next to nothing, as rows come in their order.
CREATE INDEX transfer_made ON transfer USING brin (made_at) WITH (pages_per_range = 32);
CREATE INDEX payment_event_at ON payment_event USING brin (at) WITH (pages_per_range = 32);

DROP FUNCTION write_transfer;

-- An entry belongs to a transfer of its own transaction. It stands for the foreign key too, which
-- would look each of them up once more.
CREATE OR REPLACE FUNCTION entry_joins_own() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = {schema}, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM joining j LEFT JOIN transfer t ON t.id = j.transfer_id
               WHERE t.xid IS DISTINCT FROM pg_current_xact_id()) THEN
        RAISE EXCEPTION 'an entry may not join a transfer of another transaction'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'entry_joins_own';
    END IF;
    RETURN NULL;
END $$;

-- Write one transfer with all its entries. Only the functions below call it, and the others that
-- have no SECURITY DEFINER: nobody else may.
CREATE FUNCTION put_transfer(for_payment text, body text, what text, about_what text, ends bigint,
                             yen bigint, accounts text[], amounts bigint[], reason text DEFAULT '')
    RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    made bigint;
BEGIN
    IF NOT coalesce(acts_for() && ARRAY[body, '*'], false) THEN
        RAISE EXCEPTION 'not acting for this client body'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    -- The transaction's number is given before the moment is read: whoever looks later and finds
    -- no older transaction open has every transfer up to then (link_transfers counts on it).
    PERFORM pg_current_xact_id();
    INSERT INTO transfer (client_body, payment_id, kind, about, settles, amount_yen, legs, why,
                          made_at)
        VALUES (body, for_payment, what, about_what, ends, yen, cardinality(accounts), reason,
                clock_timestamp())
        RETURNING id INTO made;
    INSERT INTO entry (transfer_id, leg, legs, client_body, account, amount_yen)
        SELECT made, leg, cardinality(accounts), body, account, amount
        FROM unnest(accounts, amounts) WITH ORDINALITY AS legs_of (account, amount, leg);
    RETURN made;
END $$;

-- The payer said "pay": the claim.
CREATE FUNCTION open_claim(for_payment text, body text, total bigint, accounts text[],
                           amounts bigint[])
    RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = {schema}, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM transfer p WHERE p.payment_id = for_payment AND (p.kind = 'posted'
               OR p.kind = 'pending' AND NOT EXISTS
                   (SELECT FROM transfer s WHERE s.settles = p.id))) THEN
        RAISE EXCEPTION 'payment % has a pending transfer already, or was posted', for_payment
            USING ERRCODE = 'check_violation', CONSTRAINT = 'one_pending';
    END IF;
    PERFORM put_transfer(for_payment, body, 'pending', '', NULL, total, accounts, amounts);
END $$;

-- The claim ends: posted for the very amount of its pending transfer, or turned back.
CREATE FUNCTION end_claim(for_payment text, body text, what text, total bigint)
    RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = {schema}, pg_temp AS $$
DECLARE
    claim transfer;
BEGIN
    SELECT p.* INTO claim FROM transfer p
        WHERE p.payment_id = for_payment AND p.kind = 'pending' AND p.client_body = body
        AND NOT EXISTS (SELECT FROM transfer s WHERE s.settles = p.id);
    IF claim.id IS NULL OR claim.amount_yen <> total THEN
        RAISE EXCEPTION 'payment % has no pending transfer of this amount', for_payment
            USING ERRCODE = 'check_violation', CONSTRAINT = 'pending_first';
    END IF;
    IF what = 'posted' THEN
        PERFORM put_transfer(for_payment, body, what, '', claim.id, total,
                             ARRAY['acquirer', 'payer'], ARRAY[total, -total]);
    ELSIF what IN ('voided', 'expired') THEN
        PERFORM turn_back(claim, what);
    ELSE
        RAISE EXCEPTION 'a claim is posted, voided or expired, not %', what
            USING ERRCODE = 'check_violation', CONSTRAINT = 'transfer_kind';
    END IF;
END $$;

-- End a transfer by its opposite.
CREATE FUNCTION turn_back(first transfer, what text)
    RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM put_transfer(first.payment_id, first.client_body, what, first.about, first.id,
                         first.amount_yen, array_agg(e.account ORDER BY e.leg),
                         array_agg(-e.amount_yen ORDER BY e.leg))
        FROM entry e WHERE e.transfer_id = first.id;
END $$;

-- What the accounts hold for one payment, its row locked: two refunds go one after the other.
CREATE FUNCTION look_at_captured(for_payment text, body text, OUT posted_id bigint,
                                 OUT captured bigint, OUT taken bigint, OUT of_body bigint,
                                 OUT of_fee bigint, OUT of_tax bigint)
    LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM payment WHERE id = for_payment AND client_body = body FOR NO KEY UPDATE;
    SELECT t.id, t.amount_yen INTO posted_id, captured FROM transfer t
        WHERE t.payment_id = for_payment AND t.client_body = body AND t.kind = 'posted';
    IF posted_id IS NULL THEN
        RAISE EXCEPTION 'payment % was not posted', for_payment
            USING ERRCODE = 'check_violation', CONSTRAINT = 'posted_first';
    END IF;
    SELECT coalesce(sum(t.amount_yen), 0) INTO taken FROM transfer t
        WHERE t.payment_id = for_payment AND t.kind IN ('refund_pending', 'dispute_opened')
        AND NOT EXISTS (SELECT FROM transfer s WHERE s.settles = t.id
                        AND s.kind IN ('refund_voided', 'dispute_won'));
    SELECT coalesce(-sum(e.amount_yen) FILTER (WHERE e.account = 'client_body'), 0),
           coalesce(-sum(e.amount_yen) FILTER (WHERE e.account = 'fee'), 0),
           coalesce(-sum(e.amount_yen) FILTER (WHERE e.account = 'tax'), 0)
        INTO of_body, of_fee, of_tax
        FROM transfer t JOIN entry e ON e.transfer_id = t.id WHERE t.payment_id = for_payment;
END $$;

-- Give back `bill` of the bill and `fee` of the fee with its share of tax: at most what is left of
-- each, and of all that was captured.
CREATE FUNCTION open_refund(for_payment text, body text, refund text, bill bigint, fee bigint)
    RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = {schema}, pg_temp AS $$
DECLARE
    has record;
    tax bigint;
BEGIN
    has := look_at_captured(for_payment, body);
    IF bill < 0 OR fee < 0 OR bill + fee <= 0 OR bill > has.of_body
       OR fee > has.of_fee + has.of_tax OR bill + fee > has.captured - has.taken THEN
        RAISE EXCEPTION 'payment %: % yen and % yen of fee are not left to refund', for_payment,
            bill, fee USING ERRCODE = 'check_violation', CONSTRAINT = 'refund_left';
    END IF;
    -- Rounded down now, whole with the last yen of the fee.
    tax := fee * has.of_tax / greatest(has.of_fee + has.of_tax, 1);
    PERFORM put_legs(for_payment, body, 'refund_pending', refund, NULL, bill + fee,
                     ARRAY['client_body', 'fee', 'tax', 'refunds'],
                     ARRAY[bill, fee - tax, tax, -(bill + fee)]);
END $$;

-- The same without legs of 0 yen.
CREATE FUNCTION put_legs(for_payment text, body text, what text, about_what text, ends bigint,
                         yen bigint, accounts text[], amounts bigint[])
    RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM put_transfer(for_payment, body, what, about_what, ends, yen,
                         array_agg(account ORDER BY leg), array_agg(amount ORDER BY leg))
        FROM unnest(accounts, amounts) WITH ORDINALITY AS legs_of (account, amount, leg)
        WHERE amount <> 0;
END $$;

-- Money that the network took back for now: ours to win or to lose.
CREATE FUNCTION open_dispute(for_payment text, body text, case_of text, yen bigint)
    RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = {schema}, pg_temp AS $$
DECLARE
    has record;
BEGIN
    has := look_at_captured(for_payment, body);
    -- A chargeback may come after a refund of the same money; then it is more than what is left,
    -- but never more than what was captured.
    IF yen NOT BETWEEN 1 AND has.captured THEN
        RAISE EXCEPTION 'payment %: a dispute over % yen of % captured', for_payment, yen,
            has.captured USING ERRCODE = 'check_violation', CONSTRAINT = 'dispute_amount';
    END IF;
    PERFORM put_transfer(for_payment, body, 'dispute_opened', case_of, NULL, yen,
                         ARRAY['disputes', 'acquirer'], ARRAY[yen, -yen]);
END $$;

-- A refund or a dispute ends, or is settled: each after the transfer that it ends.
CREATE FUNCTION follow(for_payment text, body text, what text, about_what text)
    RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = {schema}, pg_temp AS $$
DECLARE
    after_kind text := CASE what WHEN 'refund_posted' THEN 'refund_pending'
        WHEN 'refund_voided' THEN 'refund_pending' WHEN 'refund_settled' THEN 'refund_posted'
        WHEN 'dispute_won' THEN 'dispute_opened' WHEN 'dispute_lost' THEN 'dispute_opened'
        WHEN 'dispute_settled' THEN 'dispute_opened' WHEN 'win_settled' THEN 'dispute_won' END;
    has record;
    before transfer;
    yen bigint;
BEGIN
    has := look_at_captured(for_payment, body);
    SELECT t.* INTO before FROM transfer t WHERE t.kind = after_kind AND t.about = about_what
        AND t.payment_id = for_payment AND t.client_body = body;
    yen := before.amount_yen;
    IF before.id IS NULL THEN
        RAISE EXCEPTION 'payment %: % of "%" has nothing before it', for_payment, what, about_what
            USING ERRCODE = 'check_violation', CONSTRAINT = 'pending_first';
    END IF;
    CASE what
    WHEN 'refund_voided', 'dispute_won' THEN
        PERFORM turn_back(before, what);
    WHEN 'refund_posted' THEN
        PERFORM put_transfer(for_payment, body, what, about_what, before.id, yen,
                             ARRAY['refunds', 'acquirer'], ARRAY[yen, -yen]);
    WHEN 'refund_settled' THEN
        PERFORM put_transfer(for_payment, body, what, about_what, before.id, yen,
                             ARRAY['acquirer', 'bank'], ARRAY[yen, -yen]);
    -- The chargeback itself was paid, whatever becomes of the dispute: it ends nothing.
    WHEN 'dispute_settled' THEN
        PERFORM put_transfer(for_payment, body, what, about_what, NULL, yen,
                             ARRAY['acquirer', 'bank'], ARRAY[yen, -yen]);
    WHEN 'win_settled' THEN
        PERFORM put_transfer(for_payment, body, what, about_what, before.id, yen,
                             ARRAY['bank', 'acquirer'], ARRAY[yen, -yen]);
    WHEN 'dispute_lost' THEN
        PERFORM lose(before, has.of_body, has.of_fee, has.of_tax);
    END CASE;
END $$;

-- What is lost is the client body's as far as it was owed the bill, then the fee with its tax;
-- what goes beyond both (money that was refunded too) is the fee's: our own loss.
CREATE FUNCTION lose(opened transfer, of_body bigint, of_fee bigint, of_tax bigint)
    RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    yen bigint := opened.amount_yen;
    bill bigint := least(yen, greatest(of_body, 0));
    fee bigint := greatest(of_fee + of_tax, 0);
    tax bigint := least(yen - bill, fee) * of_tax / greatest(fee, 1);
BEGIN
    PERFORM put_legs(opened.payment_id, opened.client_body, 'dispute_lost', opened.about,
                     opened.id, yen, ARRAY['client_body', 'fee', 'tax', 'disputes'],
                     ARRAY[bill, yen - bill - tax, tax, -yen]);
END $$;

-- The network paid what it had captured.
CREATE FUNCTION settle_claim(for_payment text, body text, yen bigint)
    RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = {schema}, pg_temp AS $$
DECLARE
    has record;
BEGIN
    has := look_at_captured(for_payment, body);
    IF yen <> has.captured THEN
        RAISE EXCEPTION 'payment %: % yen settled of % captured', for_payment, yen, has.captured
            USING ERRCODE = 'check_violation', CONSTRAINT = 'settled_amount';
    END IF;
    PERFORM put_transfer(for_payment, body, 'settled', '', has.posted_id, yen,
                         ARRAY['bank', 'acquirer'], ARRAY[yen, -yen]);
END $$;

-- What no other transfer puts right, with who and why.
CREATE FUNCTION correct(body text, correction text, accounts text[], amounts bigint[],
                        reason text)
    RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = {schema}, pg_temp AS $$
BEGIN
    IF correction = '' OR length(reason) < 10 THEN
        RAISE EXCEPTION 'a correction needs its id, who made it and why'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'correction_why';
    END IF;
    PERFORM put_transfer('', body, 'correction', correction, NULL,
                         (SELECT sum(a)::bigint FROM unnest(amounts) a WHERE a > 0), accounts,
                         amounts, reason);
END $$;

-- The chain. Transfers are linked behind the writers' backs, in the order (transaction, id), and only
-- those older than every open transaction: none can come before a linked one later.
ALTER TABLE ledger_link ADD COLUMN xid xid8 NOT NULL;
ALTER TABLE ledger_closed ADD COLUMN next_xid xid8;
DO $$
DECLARE
    kept text;
BEGIN
    FOREACH kept IN ARRAY ARRAY['ledger_link', 'ledger_block', 'ledger_block_sum',
                                'reconciliation'] LOOP
        EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON %I'
                       ' FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', kept);
    END LOOP;
END $$;
ALTER TABLE ledger_block_sum ENABLE ROW LEVEL SECURITY;
CREATE POLICY wall ON ledger_block_sum USING ((SELECT acts_for()) && ARRAY[client_body, '*']);

-- What a digest is over: every column of a transfer and of its entries, as JSON.
CREATE FUNCTION transfer_text(t transfer, entries jsonb) RETURNS text LANGUAGE sql STABLE
    RETURN jsonb_build_array(
        t.id, t.xid::text, t.client_body, t.payment_id, t.kind, t.about, t.settles, t.amount_yen,
        t.legs, to_char(t.made_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), t.why,
        entries)::text;

-- Link up to `most` transfers. `finish`: also say up to when the books are closed though nothing
-- is new. Returns no row while another one links.
CREATE FUNCTION link_transfers(most integer, block_size integer, finish boolean,
                               OUT linked integer, OUT late integer, OUT at_position bigint,
                               OUT at_digest bytea, OUT closed_upto timestamptz)
    RETURNS SETOF record LANGUAGE plpgsql SECURITY DEFINER SET search_path = {schema}, pg_temp AS $$
DECLARE
    seen timestamptz;
    own xid8;
    older_than xid8;
    at_xid xid8;
    at_id bigint;
    closed ledger_closed;
    summed bigint := coalesce((SELECT max(last_position) FROM ledger_block), 0);
    line record;
BEGIN
    IF NOT pg_try_advisory_xact_lock(7235002) THEN
        RETURN;
    END IF;
    linked := 0;
    late := 0;
    SELECT k.position, k.digest, k.xid, k.transfer_id INTO at_position, at_digest, at_xid, at_id
        FROM ledger_link k ORDER BY k.position DESC LIMIT 1;
    IF at_position IS NULL THEN
        at_position := 0; at_digest := decode(repeat('00', 32), 'hex'); at_xid := '0'; at_id := 0;
    END IF;
    SELECT c.* INTO closed FROM ledger_closed c;
    closed_upto := closed.upto;
    IF NOT finish AND NOT EXISTS (SELECT FROM transfer t WHERE (t.xid, t.id) > (at_xid, at_id)) THEN
        RETURN NEXT;
        RETURN;
    END IF;
    -- Whoever wrote a transfer before `seen` had a smaller number than our own.
    seen := clock_timestamp();
    own := pg_current_xact_id();
    older_than := pg_snapshot_xmin(pg_current_snapshot());
    FOR line IN
        SELECT t.id, t.xid, t.made_at, transfer_text(t, e.entries) AS content FROM transfer t
            CROSS JOIN LATERAL (
                SELECT jsonb_agg(jsonb_build_array(e.leg, e.legs, e.client_body, e.account,
                                                   e.amount_yen) ORDER BY e.leg) AS entries
                FROM entry e WHERE e.transfer_id = t.id) e
            WHERE (t.xid, t.id) > (at_xid, at_id) AND t.xid < older_than
            ORDER BY t.xid, t.id LIMIT most
    LOOP
        linked := linked + 1;
        at_position := at_position + 1;
        at_digest := sha256(at_digest || convert_to(line.content, 'UTF8'));
        INSERT INTO ledger_link (position, transfer_id, xid, digest)
            VALUES (at_position, line.id, line.xid, at_digest);
        IF line.made_at <= closed.upto THEN
            late := late + 1;
        END IF;
        IF at_position >= summed + block_size THEN
            PERFORM sum_block(summed + 1, at_position);
            summed := at_position;
        END IF;
    END LOOP;
    IF linked < most THEN
        closed_upto := greatest(closed.upto, CASE WHEN older_than >= own THEN seen
                                WHEN older_than >= closed.next_xid THEN closed.next_at END);
        IF closed.next_xid IS NULL OR older_than >= closed.next_xid THEN
            closed.next_xid := own; closed.next_at := seen;
        END IF;
        INSERT INTO ledger_closed (id, upto, next_at, next_xid)
            VALUES (1, closed_upto, closed.next_at, closed.next_xid)
            ON CONFLICT (id) DO UPDATE SET upto = EXCLUDED.upto, next_at = EXCLUDED.next_at,
                                           next_xid = EXCLUDED.next_xid;
    END IF;
    RETURN NEXT;
END $$;

-- Sums of a run of the chain, so that a past balance need not read the whole ledger.
CREATE FUNCTION sum_block(first bigint, last bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO ledger_block (last_position, first_position, earliest, latest)
        SELECT last, first, min(t.made_at), max(t.made_at)
        FROM ledger_link k JOIN transfer t ON t.id = k.transfer_id
        WHERE k.position BETWEEN first AND last;
    INSERT INTO ledger_block_sum (last_position, client_body, account, debit_yen, credit_yen)
        SELECT last, e.client_body, e.account, sum(greatest(e.amount_yen, 0)),
               sum(greatest(-e.amount_yen, 0))
        FROM ledger_link k JOIN entry e ON e.transfer_id = k.transfer_id
        WHERE k.position BETWEEN first AND last GROUP BY e.client_body, e.account;
END $$;

-- A connection that planned these while the tables were empty would go on reading them whole.
ALTER FUNCTION check_balance() SET enable_seqscan = off;
ALTER FUNCTION entry_joins_own() SET enable_seqscan = off;
ALTER FUNCTION open_claim(text, text, bigint, text[], bigint[]) SET enable_seqscan = off;
ALTER FUNCTION end_claim(text, text, text, bigint) SET enable_seqscan = off;
ALTER FUNCTION settle_claim(text, text, bigint) SET enable_seqscan = off;
ALTER FUNCTION open_refund(text, text, text, bigint, bigint) SET enable_seqscan = off;
ALTER FUNCTION open_dispute(text, text, text, bigint) SET enable_seqscan = off;
ALTER FUNCTION follow(text, text, text, text) SET enable_seqscan = off;
ALTER FUNCTION link_transfers(integer, integer, boolean) SET enable_seqscan = off;

REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA {schema} FROM PUBLIC;

-- Until now a claim that ended left its pending entries standing beside the posted ones, so that
-- sums counted it twice. What is written stays; each is put right by a correction.
WITH ended AS (
    SELECT p.* FROM transfer p WHERE p.kind = 'pending'
    AND EXISTS (SELECT FROM transfer s WHERE s.settles = p.id)
), made AS (
    INSERT INTO transfer (client_body, payment_id, kind, about, amount_yen, legs, why)
    SELECT client_body, payment_id, 'correction', 'pending:' || id, amount_yen, legs,
           'migration 0003_ledger: the claim ended, its pending entries go' FROM ended
    RETURNING id, about
)
INSERT INTO entry (transfer_id, leg, legs, client_body, account, amount_yen)
    SELECT m.id, e.leg, e.legs, e.client_body, e.account, -e.amount_yen
    FROM made m JOIN entry e ON 'pending:' || e.transfer_id = m.about;
