-- Settlement. {schema} is filled in by 0010_payouts.py.
-- Every transfer that a body's day is made of is an item, written with it, once. A day is closed
-- over its items, a payout over its days; what was counted stays as it was counted.

-- What a transfer is to whom; `split_of` is the transfer whose legs say how the money splits.
CREATE FUNCTION put_item(what text, on_day date, moved transfer, said bigint, split_of bigint)
    RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    bank bigint;
    bill bigint;
    fee bigint;
    tax bigint;
BEGIN
    SELECT coalesce(sum(amount_yen), 0) INTO bank FROM entry
        WHERE transfer_id = moved.id AND account = 'bank';
    SELECT coalesce(-sum(amount_yen) FILTER (WHERE account = 'client_body'), 0),
           coalesce(-sum(amount_yen) FILTER (WHERE account = 'fee'), 0),
           coalesce(-sum(amount_yen) FILTER (WHERE account = 'tax'), 0)
        INTO bill, fee, tax FROM entry WHERE transfer_id = split_of;
    INSERT INTO settlement_item (transfer_id, client_body, kind, day, payment_id, about,
                                 clearing_yen, bank_yen, bill_yen, fee_yen, fee_tax_yen,
                                 disputes_yen)
        VALUES (moved.id, moved.client_body, what, on_day, moved.payment_id, moved.about, said,
                bank, bill, fee, tax, said - bill - fee - tax)
        ON CONFLICT (transfer_id) DO NOTHING;
END $$;

-- A line of the clearing was matched: its transfer is of the same transaction.
CREATE FUNCTION count_line(line clearing_line) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    about_what text;
    moved transfer;
    split_of bigint;
BEGIN
    about_what := CASE line.kind WHEN 'capture' THEN '' WHEN 'refund' THEN
        (SELECT r.id FROM refund r WHERE r.payment_id = line.payment_id
         AND r.settled_at IS NOT NULL AND r.network_reference = line.network_reference LIMIT 1)
        ELSE line.network_reference END;
    SELECT t.* INTO moved FROM transfer t
        WHERE t.payment_id = line.payment_id AND t.client_body = line.client_body
        AND t.about = about_what AND t.kind = CASE line.kind
            WHEN 'capture' THEN 'settled' WHEN 'refund' THEN 'refund_settled'
            WHEN 'chargeback' THEN 'dispute_settled' ELSE 'win_settled' END;
    IF moved.id IS NULL THEN
        RAISE EXCEPTION 'line % of %: nothing was booked for it', line.line, line.day
            USING ERRCODE = 'check_violation', CONSTRAINT = 'line_is_booked';
    END IF;
    IF line.kind IN ('capture', 'refund') THEN
        -- settled ends posted ends pending; refunds likewise: the first one says how it splits.
        SELECT p.settles INTO split_of FROM transfer p WHERE p.id = moved.settles;
    END IF;
    PERFORM put_item(line.kind, line.day, moved,
                     CASE WHEN line.kind IN ('capture', 'representment') THEN line.amount_yen
                          ELSE -line.amount_yen END, split_of);
END $$;

-- A lost dispute ends what the body is owed, a correction may: neither is in a clearing.
CREATE FUNCTION count_transfer(moved transfer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    moment timestamptz := moved.made_at;
BEGIN
    IF moved.kind = 'dispute_lost' THEN
        SELECT coalesce(d.ended_at, moment) INTO moment FROM dispute d
            WHERE d.case_number = moved.about;
    END IF;
    PERFORM put_item(moved.kind, (coalesce(moment, moved.made_at) AT TIME ZONE 'Asia/Tokyo')::date,
                     moved, 0, moved.id);
END $$;

CREATE FUNCTION item_of_line() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = {schema}, pg_temp AS $$
BEGIN
    PERFORM count_line(NEW);
    RETURN NULL;
END $$;
-- Deferred: a lost dispute's legs are written after its transfer.
CREATE FUNCTION item_of_transfer() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = {schema}, pg_temp AS $$
BEGIN
    PERFORM count_transfer(NEW);
    RETURN NULL;
END $$;
ALTER FUNCTION item_of_line() SET enable_seqscan = off;
ALTER FUNCTION item_of_transfer() SET enable_seqscan = off;
CREATE TRIGGER item_of_line AFTER INSERT ON clearing_line
    FOR EACH ROW EXECUTE FUNCTION item_of_line();
CREATE CONSTRAINT TRIGGER item_of_transfer AFTER INSERT ON transfer
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (NEW.kind = 'dispute_lost' OR (NEW.kind = 'correction' AND NEW.payment_id = ''))
    EXECUTE FUNCTION item_of_transfer();

-- What was there before this migration.
SELECT count_line(l) FROM clearing_line l;
SELECT count_transfer(t) FROM transfer t
    WHERE t.kind = 'dispute_lost' OR (t.kind = 'correction' AND t.payment_id = '');

-- Items, days and payouts are laid down once; only where they go on to is filled in, once.
CREATE FUNCTION keep_counted() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    link text := TG_ARGV[0];
    was jsonb := to_jsonb(OLD);
    becomes jsonb := to_jsonb(NEW);
BEGIN
    IF was - link <> becomes - link OR (was ->> link IS NOT NULL AND NOT (link = 'payout_id'
        AND becomes ->> link IS NULL
        AND EXISTS (SELECT FROM payout p WHERE p.id = was ->> link AND p.state = 'dropped'))) THEN
        RAISE EXCEPTION '% was counted: it is never changed', TG_TABLE_NAME
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
-- By WHEN alone: a day has a hundred thousand items, and each is given its settlement once.
CREATE TRIGGER keep_counted AFTER UPDATE ON settlement_item FOR EACH ROW
    WHEN (OLD.settlement_id IS NOT NULL OR (OLD.transfer_id, OLD.client_body, OLD.kind, OLD.day,
          OLD.payment_id, OLD.about, OLD.clearing_yen, OLD.bank_yen, OLD.bill_yen, OLD.fee_yen,
          OLD.fee_tax_yen, OLD.disputes_yen) IS DISTINCT FROM (NEW.transfer_id, NEW.client_body,
          NEW.kind, NEW.day, NEW.payment_id, NEW.about, NEW.clearing_yen, NEW.bank_yen,
          NEW.bill_yen, NEW.fee_yen, NEW.fee_tax_yen, NEW.disputes_yen))
    EXECUTE FUNCTION refuse_change();
CREATE TRIGGER keep_counted BEFORE UPDATE ON settlement
    FOR EACH ROW EXECUTE FUNCTION keep_counted('payout_id');

-- A person is one by whatever door they came: console:sora is terminal:sora.
CREATE FUNCTION name_of(person text) RETURNS text LANGUAGE sql IMMUTABLE
    RETURN substr(person, strpos(person, ':') + 1);

CREATE FUNCTION step_payout() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = {schema}, pg_temp AS $$
DECLARE
    came_from text := CASE WHEN TG_OP = 'UPDATE' THEN OLD.state ELSE '' END;
BEGIN
    IF TG_OP = 'UPDATE' AND (NEW.id, NEW.client_body, NEW.first_day, NEW.last_day, NEW.days,
        NEW.amount_yen, NEW.carried_yen, NEW.prepared_by, NEW.prepared_at) IS DISTINCT FROM
       (OLD.id, OLD.client_body, OLD.first_day, OLD.last_day, OLD.days, OLD.amount_yen,
        OLD.carried_yen, OLD.prepared_by, OLD.prepared_at)
       OR NOT (came_from, NEW.state) IN (('', 'prepared'), ('prepared', 'approved'),
           ('prepared', 'dropped'), ('approved', 'made'), ('approved', 'returned'),
           ('returned', 'approved'), ('returned', 'dropped')) THEN
        RAISE EXCEPTION 'payout % can not go from "%" to "%"', NEW.id, came_from, NEW.state
            USING ERRCODE = 'check_violation', CONSTRAINT = 'payout_edge';
    END IF;
    IF NEW.state = 'approved' AND name_of(NEW.approved_by) = name_of(NEW.prepared_by) THEN
        RAISE EXCEPTION 'payout %: another person must approve it', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'payout_second_person';
    END IF;
    INSERT INTO payout_event (payout_id, client_body, at, from_state, to_state, moved_by, why)
        VALUES (NEW.id, NEW.client_body, clock_timestamp(), came_from, NEW.state, NEW.moved_by,
                NEW.why);
    RETURN NULL;
END $$;
CREATE TRIGGER payout_step AFTER INSERT OR UPDATE ON payout
    FOR EACH ROW EXECUTE FUNCTION step_payout();

-- A difference over more than the limit is closed by another person than proposed it; what the
-- machine found settled since, by itself.
CREATE FUNCTION step_difference() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = {schema}, pg_temp AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF OLD.state = 'closed' OR (NEW.id, NEW.client_body, NEW.day, NEW.kind, NEW.key, NEW.subject,
            NEW.said, NEW.amount_yen, NEW.found_at) IS DISTINCT FROM (OLD.id, OLD.client_body,
            OLD.day, OLD.kind, OLD.key, OLD.subject, OLD.said, OLD.amount_yen, OLD.found_at) THEN
            RAISE EXCEPTION 'difference % is closed, or would tell another story', OLD.id
                USING ERRCODE = 'check_violation', CONSTRAINT = 'difference_edge';
        END IF;
        IF NEW.state = 'closed' AND NEW.closed_by NOT LIKE 'payments:%' AND NEW.amount_yen > 10000
           AND (OLD.state <> 'proposed' OR name_of(OLD.proposed_by) = name_of(NEW.closed_by)) THEN
            RAISE EXCEPTION 'difference %: another person must have proposed this', NEW.id
                USING ERRCODE = 'check_violation', CONSTRAINT = 'difference_second_person';
        END IF;
    END IF;
    INSERT INTO difference_event (difference_id, client_body, at, state, by_name, reason)
        VALUES (NEW.id, NEW.client_body, clock_timestamp(), NEW.state,
                CASE NEW.state WHEN 'open' THEN 'payments' WHEN 'taken' THEN NEW.taken_by
                     WHEN 'proposed' THEN NEW.proposed_by ELSE NEW.closed_by END, NEW.reason);
    RETURN NULL;
END $$;
CREATE TRIGGER difference_step AFTER INSERT OR UPDATE ON difference
    FOR EACH ROW EXECUTE FUNCTION step_difference();

-- The ledger's part. An approved payout leaves the body's account for the very sum of its items.
CREATE FUNCTION open_payout(of_payout text, body text)
    RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = {schema}, pg_temp AS $$
DECLARE
    paid payout;
    counted bigint;
BEGIN
    SELECT p.* INTO paid FROM payout p WHERE p.id = of_payout AND p.client_body = body FOR UPDATE;
    SELECT sum(i.bill_yen) INTO counted FROM settlement s
        JOIN settlement_item i ON i.settlement_id = s.id
        WHERE s.payout_id = of_payout AND s.client_body = body;
    IF paid.id IS NULL OR paid.state <> 'approved' OR counted IS DISTINCT FROM paid.amount_yen THEN
        RAISE EXCEPTION 'payout % is % over % yen; its items are % yen', of_payout, paid.state,
            paid.amount_yen, counted USING ERRCODE = 'check_violation', CONSTRAINT = 'payout_sum';
    END IF;
    IF EXISTS (SELECT FROM transfer t WHERE t.kind = 'payout_pending' AND t.client_body = body
               AND t.about LIKE of_payout || ':%' AND NOT EXISTS
                   (SELECT FROM transfer s WHERE s.settles = t.id AND s.kind = 'payout_voided')) THEN
        RAISE EXCEPTION 'payout % is on its way already, or was made', of_payout
            USING ERRCODE = 'check_violation', CONSTRAINT = 'payout_once';
    END IF;
    PERFORM put_transfer('', body, 'payout_pending', of_payout || ':' || paid.number, NULL,
                         paid.amount_yen, ARRAY['client_body', 'payouts'],
                         ARRAY[paid.amount_yen, -paid.amount_yen]);
END $$;

CREATE FUNCTION end_payout(of_payout text, body text, what text)
    RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = {schema}, pg_temp AS $$
DECLARE
    paid payout;
    before transfer;
BEGIN
    SELECT p.* INTO paid FROM payout p WHERE p.id = of_payout AND p.client_body = body FOR UPDATE;
    SELECT t.* INTO before FROM transfer t WHERE t.kind = 'payout_pending'
        AND t.about = of_payout || ':' || paid.number AND t.client_body = body;
    IF before.id IS NULL OR what NOT IN ('payout_posted', 'payout_voided') THEN
        RAISE EXCEPTION 'payout %: % has nothing before it', of_payout, what
            USING ERRCODE = 'check_violation', CONSTRAINT = 'pending_first';
    END IF;
    IF what = 'payout_voided' THEN
        PERFORM turn_back(before, what);
    ELSE
        PERFORM put_transfer('', body, what, before.about, before.id, before.amount_yen,
                             ARRAY['payouts', 'bank'], ARRAY[before.amount_yen, -before.amount_yen]);
    END IF;
END $$;
CREATE INDEX transfer_payout ON transfer (about text_pattern_ops) WHERE kind = 'payout_pending';
ALTER FUNCTION open_payout(text, text) SET enable_seqscan = off;
ALTER FUNCTION end_payout(text, text, text) SET enable_seqscan = off;

DO $$
DECLARE
    named text;
BEGIN
    FOREACH named IN ARRAY ARRAY['payout_event', 'difference_event'] LOOP
        EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON %I'
                       ' FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', named);
    END LOOP;
    FOREACH named IN ARRAY ARRAY['settlement', 'settlement_item', 'payout', 'difference',
                                 'clearing_file'] LOOP
        EXECUTE format('CREATE TRIGGER never_gone BEFORE DELETE OR TRUNCATE ON %I'
                       ' FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', named);
    END LOOP;
    FOREACH named IN ARRAY ARRAY['settlement', 'settlement_item', 'payout', 'payout_event',
                                 'difference', 'difference_event'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', named);
        EXECUTE format(
            'CREATE POLICY wall ON %I USING ((SELECT acts_for()) && ARRAY[client_body, ''*''])',
            named);
    END LOOP;
END $$;
CREATE INDEX refund_not_settled ON refund (finished_at) WHERE state = 'done' AND settled_at IS NULL;
REVOKE EXECUTE ON FUNCTION put_item(text, date, transfer, bigint, bigint),
    count_line(clearing_line), count_transfer(transfer), item_of_line(), item_of_transfer(),
    keep_counted(), name_of(text), step_payout(), step_difference(), open_payout(text, text),
    end_payout(text, text, text) FROM PUBLIC;
