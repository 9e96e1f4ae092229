"""Check the books: every transfer balances, every payment's state fits its transfers."""

from __future__ import annotations

from sekisho.crossings.payments import LedgerVerified
from sekisho.payments.lifecycle import HOLDING, PAID
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
    " WHERE p.id IS NULL OR p.client_body <> t.client_body OR p.total_yen <> t.amount_yen"
    " ORDER BY t.id LIMIT %s"
)

_MISFITS = (
    "SELECT p.id, p.state, coalesce(b.open_claims, 0), coalesce(b.posted, 0) FROM payment p"
    " LEFT JOIN (SELECT t.payment_id, count(*) FILTER (WHERE t.kind = 'posted') AS posted,"
    " count(*) FILTER (WHERE t.kind = 'pending' AND s.id IS NULL) AS open_claims"
    " FROM transfer t LEFT JOIN transfer s ON s.settles = t.id GROUP BY t.payment_id) b"
    " ON b.payment_id = p.id"
    " WHERE coalesce(b.posted, 0) <> (p.state = ANY(%s))::int"
    " OR coalesce(b.open_claims, 0)"
    " <> (p.state = ANY(%s) AND NOT p.state = ANY(%s) AND p.total_yen > 0)::int"
    " ORDER BY p.id LIMIT %s"
)

_EVENTS = (
    "SELECT p.id FROM payment p LEFT JOIN LATERAL (SELECT count(*) AS steps, max(step) AS last,"
    " (array_agg(to_state ORDER BY step DESC))[1] AS state FROM payment_event e"
    " WHERE e.payment_id = p.id) e ON true"
    " WHERE e.steps <> p.step OR e.last <> p.step OR e.state <> p.state ORDER BY p.id LIMIT %s"
)

_TRIAL_BALANCE = "SELECT coalesce(sum(amount_yen), 0) FROM entry"


def verify_ledger() -> LedgerVerified:
    """Read the whole ledger in one snapshot and name every fault, ``MAX_FAULTS_SHOWN`` at most of
    each kind."""
    with acting_for(EVERY_BODY, snapshot=True, long=True) as rows:
        return verify(rows)


def verify(rows: Rows) -> LedgerVerified:
    """Check what ``rows`` can see."""
    paid = [state.value for state in PAID]
    holding = [state.value for state in HOLDING]
    most = MAX_FAULTS_SHOWN
    faults = [
        *(f"transfer {row[0]} does not balance" for row in rows.all(_UNBALANCED, [most])),
        *(f"transfer {row[0]} does not fit its payment" for row in rows.all(_ORPHANS, [most])),
        *(
            f"payment {row[0]} is {row[1]} with {row[2]} open and {row[3]} posted transfers"
            for row in rows.all(_MISFITS, [paid, holding, paid, most])
        ),
        *(
            f"payment {row[0]}: its events do not lead to its state"
            for row in rows.all(_EVENTS, [most])
        ),
    ]
    counted = rows.one(
        "SELECT (SELECT count(*) FROM transfer), (SELECT count(*) FROM entry),"
        " (SELECT count(*) FROM payment)"
    )
    balance = rows.one(_TRIAL_BALANCE)
    if balance and balance[0]:
        faults.append(f"the books are {balance[0]} yen out of balance")
    transfers, entries, payments = counted or (0, 0, 0)
    return LedgerVerified(
        ok=not faults, transfers=transfers, entries=entries, payments=payments, faults=faults
    )
