"""Check the books: every transfer balances and follows what it ends, every payment's state fits its
transfers, the chain holds."""

from __future__ import annotations

import msgspec
import psycopg

from sekisho.crossings.payments import LedgerVerified
from sekisho.payments.ledger.chain import link_all
from sekisho.payments.ledger.verify_chain import check_chain
from sekisho.payments.lifecycle import HOLDING, PAID, State
from sekisho.payments.records.session import EVERY_BODY, Rows, acting_for

MAX_FAULTS_SHOWN = 100

_UNBALANCED = (
    "SELECT t.id FROM transfer t LEFT JOIN (SELECT transfer_id, count(*) AS legs,"
    " sum(amount_yen) AS balance, sum(amount_yen) FILTER (WHERE amount_yen > 0) AS debits"
    " FROM entry GROUP BY transfer_id) e ON e.transfer_id = t.id"
    " WHERE coalesce(e.balance, 0) <> 0 OR coalesce(e.legs, 0) <> t.legs"
    " OR (t.legs > 0 AND e.debits <> t.amount_yen) ORDER BY t.id LIMIT %s"
)

_ORPHANS = (
    "SELECT t.id FROM transfer t LEFT JOIN payment p ON p.id = t.payment_id"
    " WHERE t.payment_id <> '' AND (p.id IS NULL OR p.client_body <> t.client_body"
    " OR t.amount_yen > p.total_yen OR (t.about = '' AND t.amount_yen <> p.total_yen))"
    " ORDER BY t.id LIMIT %s"
)

_OUT_OF_TURN = (
    "SELECT t.id, t.kind FROM transfer t LEFT JOIN transfer b ON b.id = t.settles"
    " WHERE t.settles IS NOT NULL AND (b.id IS NULL OR b.id >= t.id"
    " OR b.payment_id <> t.payment_id OR b.about <> t.about OR b.amount_yen <> t.amount_yen"
    " OR b.kind <> CASE t.kind WHEN 'posted' THEN 'pending' WHEN 'voided' THEN 'pending'"
    " WHEN 'expired' THEN 'pending' WHEN 'settled' THEN 'posted'"
    " WHEN 'refund_posted' THEN 'refund_pending' WHEN 'refund_voided' THEN 'refund_pending'"
    " WHEN 'refund_settled' THEN 'refund_posted' WHEN 'dispute_won' THEN 'dispute_opened'"
    " WHEN 'dispute_lost' THEN 'dispute_opened' WHEN 'win_settled' THEN 'dispute_won'"
    " WHEN 'payout_posted' THEN 'payout_pending' WHEN 'payout_voided' THEN 'payout_pending'"
    " ELSE '' END)"
    " ORDER BY t.id LIMIT %s"
)

_MISFITS = (
    "SELECT p.id, p.state, coalesce(b.open_claims, 0), coalesce(b.posted, 0),"
    " coalesce(b.settled, 0) FROM payment p"
    " LEFT JOIN (SELECT t.payment_id, count(*) FILTER (WHERE t.kind = 'posted') AS posted,"
    " count(*) FILTER (WHERE t.kind = 'settled') AS settled,"
    " count(*) FILTER (WHERE t.kind = 'pending' AND s.id IS NULL) AS open_claims"
    " FROM transfer t LEFT JOIN transfer s ON s.settles = t.id WHERE t.about = ''"
    " GROUP BY t.payment_id) b ON b.payment_id = p.id"
    " WHERE coalesce(b.posted, 0) <> (p.state = ANY(%s))::int"
    " OR coalesce(b.settled, 0) <> (p.state = %s)::int"
    " OR coalesce(b.open_claims, 0)"
    " <> (p.state = ANY(%s) AND NOT p.state = ANY(%s) AND p.total_yen > 0)::int"
    " ORDER BY p.id LIMIT %s"
)

_OVER_REFUNDED = (
    "SELECT r.payment_id FROM (SELECT t.payment_id, sum(t.amount_yen) AS given FROM transfer t"
    " LEFT JOIN transfer s ON s.settles = t.id AND s.kind = 'refund_voided'"
    " WHERE t.kind = 'refund_pending' AND s.id IS NULL GROUP BY t.payment_id) r"
    " LEFT JOIN transfer c ON c.payment_id = r.payment_id AND c.kind = 'posted'"
    " WHERE r.given > coalesce(c.amount_yen, 0) ORDER BY r.payment_id LIMIT %s"
)

_EVENTS = (
    "SELECT p.id FROM payment p LEFT JOIN LATERAL (SELECT count(*) AS steps, max(step) AS last,"
    " (array_agg(to_state ORDER BY step DESC))[1] AS state FROM payment_event e"
    " WHERE e.payment_id = p.id) e ON true"
    " WHERE e.steps <> p.step OR e.last <> p.step OR e.state <> p.state ORDER BY p.id LIMIT %s"
)

_TRIAL_BALANCE = "SELECT coalesce(sum(amount_yen), 0) FROM entry"


def verify_ledger() -> LedgerVerified:
    """Link what is new, then read the whole ledger in one snapshot and name every fault,
    ``MAX_FAULTS_SHOWN`` at most of each kind."""
    unlinkable = []
    try:
        link_all()
    except psycopg.Error as error:
        # A chain that was tampered with can refuse its next link: what is wrong is named below.
        unlinkable = [f"new transfers can't be linked: {error.diag.message_primary}"]
    with acting_for(EVERY_BODY, snapshot=True, long=True) as rows:
        found = verify(rows)
    faults = [*unlinkable, *found.faults]
    return msgspec.structs.replace(found, ok=not faults, faults=faults)


def verify(rows: Rows) -> LedgerVerified:
    """Check what ``rows`` can see, which must be every client body's."""
    linked, chain_faults = check_chain(rows, MAX_FAULTS_SHOWN)
    faults = [*_transfer_faults(rows), *_payment_faults(rows), *chain_faults]
    counted = rows.one(
        "SELECT (SELECT count(*) FROM transfer), (SELECT count(*) FROM entry),"
        " (SELECT count(*) FROM payment)"
    )
    balance = rows.one(_TRIAL_BALANCE)
    if balance and balance[0]:
        faults.append(f"the books are {balance[0]} yen out of balance")
    transfers, entries, payments = counted or (0, 0, 0)
    return LedgerVerified(
        ok=not faults,
        transfers=transfers,
        entries=entries,
        payments=payments,
        linked=linked,
        faults=faults,
    )


def _transfer_faults(rows: Rows) -> list[str]:
    most = MAX_FAULTS_SHOWN
    return [
        *(f"transfer {row[0]} does not balance" for row in rows.all(_UNBALANCED, [most])),
        *(f"transfer {row[0]} does not fit its payment" for row in rows.all(_ORPHANS, [most])),
        *(
            f"transfer {row[0]} ({row[1]}) does not fit what it ends"
            for row in rows.all(_OUT_OF_TURN, [most])
        ),
    ]


def _payment_faults(rows: Rows) -> list[str]:
    paid = [state.value for state in PAID]
    holding = [state.value for state in HOLDING]
    most = MAX_FAULTS_SHOWN
    misfits = rows.all(_MISFITS, [paid, State.SETTLED.value, holding, paid, most])
    return [
        *(
            f"payment {row[0]} is {row[1]} with {row[2]} open, {row[3]} posted and {row[4]}"
            " settled transfers"
            for row in misfits
        ),
        *(
            f"payment {row[0]}: more is given back than was captured"
            for row in rows.all(_OVER_REFUNDED, [most])
        ),
        *(
            f"payment {row[0]}: its events do not lead to its state"
            for row in rows.all(_EVENTS, [most])
        ),
    ]
