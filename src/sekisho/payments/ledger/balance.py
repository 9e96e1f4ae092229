"""The trial balance as it stood at a past moment."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sekisho.crossings.message import Refusal
from sekisho.crossings.payments import AccountBalance, BalanceShown, ShowBalance
from sekisho.payments.ledger.chain import link_all
from sekisho.payments.records.session import EVERY_BODY, Row, Rows, acting_for

# Runs of the chain that lie before the moment as a whole: their sums are kept.
_WHOLE = (
    "SELECT s.client_body, s.account, sum(s.debit_yen)::bigint, sum(s.credit_yen)::bigint"
    " FROM ledger_block b JOIN ledger_block_sum s USING (last_position)"
    " WHERE b.latest <= %s GROUP BY 1, 2"
)

# Runs that the moment cuts: one or two, more only where clocks were moved.
_CUT = (
    "SELECT first_position, last_position FROM ledger_block WHERE earliest <= %(at)s"
    " AND latest > %(at)s ORDER BY last_position"
)

# OFFSET 0 keeps the order of looking: from the run to its transfers to their entries, however large
# the tables are.
_ENTRIES = (
    " CROSS JOIN LATERAL (SELECT t.id FROM transfer t WHERE t.id = k.transfer_id"
    " AND t.made_at <= %(at)s OFFSET 0) t"
    " CROSS JOIN LATERAL (SELECT e.client_body, e.account, e.amount_yen FROM entry e"
    " WHERE e.transfer_id = t.id OFFSET 0) e"
)

_SUMMED = (
    "SELECT e.client_body, e.account, sum(greatest(e.amount_yen, 0))::bigint,"
    " sum(greatest(-e.amount_yen, 0))::bigint FROM "
)

_IN_RUN: Any = (
    _SUMMED  # noqa: S608 - constants
    + "(SELECT transfer_id FROM ledger_link"
    " WHERE position BETWEEN %(first)s AND %(last)s OFFSET 0) k" + _ENTRIES + " GROUP BY 1, 2"
)

_AFTER_RUNS: Any = (
    _SUMMED  # noqa: S608 - constants
    + "(SELECT id AS transfer_id FROM transfer"
    " WHERE (xid, id) > (%(xid)s::text::xid8, %(id)s) ORDER BY xid, id OFFSET 0) k"
    + _ENTRIES
    + " GROUP BY 1, 2"
)

_LAST_OF_RUNS = (
    "SELECT k.xid::text, k.transfer_id FROM ledger_link k"
    " WHERE k.position = (SELECT max(last_position) FROM ledger_block)"
)


def show_balance(message: ShowBalance) -> BalanceShown:
    """Return debits and credits of every account of every client body from the first transfer to
    ``message.at``. The database's clock dates transfers, so it says what is past. Raises
    ``Refusal`` ``at_wrong``."""
    asked = message.at
    if asked is not None and asked.tzinfo is None:
        raise Refusal("at_wrong", "a moment needs its time zone", "at")
    link_all()
    with acting_for(EVERY_BODY, snapshot=True) as rows:
        row = rows.one("SELECT clock_timestamp(), (SELECT upto FROM ledger_closed)")
        now, closed_upto = row or (None, None)
        at: datetime = asked or now
        if at > now:
            raise Refusal("at_wrong", "this moment has not come yet", "at")
        return BalanceShown(
            at=at,
            final=closed_upto is not None and at <= closed_upto,
            accounts=_accounts(rows, at),
        )


def _accounts(rows: Rows, at: datetime) -> list[AccountBalance]:
    sums: dict[tuple[str, str], tuple[int, int]] = {}
    _add(sums, rows.all(_WHOLE, [at]))
    for first, last in rows.all(_CUT, {"at": at}):
        _add(sums, rows.all(_IN_RUN, {"at": at, "first": first, "last": last}))
    xid, newest = rows.one(_LAST_OF_RUNS) or ("0", 0)
    _add(sums, rows.all(_AFTER_RUNS, {"at": at, "xid": xid, "id": newest}))
    return [
        AccountBalance(client_body=body, account=account, debit_yen=debit, credit_yen=credit)
        for (body, account), (debit, credit) in sorted(sums.items())
    ]


def _add(sums: dict[tuple[str, str], tuple[int, int]], found: list[Row]) -> None:
    for body, account, debit, credit in found:
        before = sums.get((body, account), (0, 0))
        sums[body, account] = (before[0] + debit, before[1] + credit)
