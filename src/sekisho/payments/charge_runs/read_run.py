"""Read runs and items as they are shown."""

from __future__ import annotations

from datetime import date, datetime
from typing import LiteralString, NamedTuple

from sekisho.crossings.message import Refusal
from sekisho.crossings.payments import (
    MAX_CHARGE_ITEMS_SHOWN,
    MAX_CHARGE_RUNS_SHOWN,
    ChargeItemShown,
    ChargeItemsShown,
    ChargeRunShown,
    ChargeRunsShown,
    ChargeRunState,
    ChargeTotal,
    ListChargeItems,
    ListChargeRuns,
    ShowChargeRun,
)
from sekisho.payments.after_payment.asker import body_of
from sekisho.payments.records.session import EVERY_BODY, Row, Rows, acting_for
from sekisho.payments.room import Room
from sekisho.transport.doors import Caller

_ENDED = frozenset({"charged", "work_list", "skipped", "closed", "withdrawn"})

_RUN: LiteralString = (
    "SELECT id, client_body, month, charge_on, notice_on, state, why, items, total_yen,"
    " planned_by, planned_at, approved_by, approved_at, begun_at, finished_at, waits_until,"
    " resumes_to, resumed_by FROM charge_run"
)
_ITEM: LiteralString = (
    "SELECT i.number, o.policy_number, i.enrolment_id, i.amount_yen, i.state, i.reason, i.note,"
    " i.notice, i.tries, i.response_code, i.next_try_at, i.payment_id, coalesce(p.reference, ''),"
    " i.changed_at FROM charge_item i JOIN policy o ON o.id = i.policy_id"
    " LEFT JOIN payment p ON p.id = i.payment_id"
)


class Run(NamedTuple):
    """A row of ``charge_run``."""

    id: str
    client_body: str
    month: str
    charge_on: date
    notice_on: date
    state: ChargeRunState
    why: str
    items: int
    total_yen: int
    planned_by: str
    planned_at: datetime
    approved_by: str
    approved_at: datetime | None
    begun_at: datetime | None
    finished_at: datetime | None
    waits_until: datetime | None
    resumes_to: str
    resumed_by: str


def body_named(room: Room, caller: Caller, client_body: str) -> str:
    """Return the one body that a run is planned or listed for. Raises ``Refusal``
    ``no_policies``."""
    if client_body not in room.bodies():
        raise Refusal("no_policies", "no such client body", "client_body")
    return client_body


def walls_of(room: Room, caller: Caller, client_body: str) -> str:
    """Return what a transaction about a named run acts for. Raises ``Refusal`` ``run_unknown``."""
    try:
        return body_of(room, caller, client_body)
    except Refusal:
        raise Refusal("run_unknown", "no such client body", "client_body") from None


def read_run(rows: Rows, run_id: str, *, lock: bool = False) -> Run:
    """Return the run, locked against others who would change it. Raises ``Refusal``
    ``run_unknown``, for another body's too."""
    if lock:
        row = rows.one(_RUN + " WHERE id = %s FOR NO KEY UPDATE", [run_id])
    else:
        row = rows.one(_RUN + " WHERE id = %s", [run_id])
    if row is None:
        raise Refusal("run_unknown", "", "run_id")
    return Run(*row)


def runs_at_work(rows: Rows) -> list[Run]:
    """Return the runs that the machine has something to do for."""
    return [
        Run(*row)
        for row in rows.all(
            _RUN + " WHERE state IN ('drafting', 'approved', 'running') ORDER BY id"
        )
    ]


def show(rows: Rows, run_id: str) -> ChargeRunShown:
    """Return a run with its totals. Raises ``Refusal`` ``run_unknown``."""
    return _shown(rows, read_run(rows, run_id))


def _shown(rows: Rows, run: Run) -> ChargeRunShown:
    found = rows.all(
        "SELECT state, reason, notice, count(*), sum(amount_yen)::bigint FROM charge_item"
        " WHERE run_id = %s GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
        [run.id],
    )
    totals: dict[tuple[str, str], tuple[int, int]] = {}
    notices: dict[str, int] = {}
    for state, reason, notice, items, yen in found:
        before = totals.get((state, reason), (0, 0))
        totals[state, reason] = (before[0] + items, before[1] + yen)
        if notice or state == "waiting":
            notices[notice] = notices.get(notice, 0) + items
    by_state = {
        state: tuple(map(sum, zip(*(v for k, v in totals.items() if k[0] == state), strict=True)))
        for state in {key[0] for key in totals}
    }
    charged = by_state.get("charged", (0, 0))
    return ChargeRunShown(
        run_id=run.id,
        client_body=run.client_body,
        month=run.month,
        charge_on=run.charge_on,
        notice_on=run.notice_on,
        state=run.state,
        why=run.why,
        items=run.items,
        total_yen=run.total_yen,
        done=sum(count for state, (count, _) in by_state.items() if state in _ENDED),
        charged=charged[0],
        charged_yen=charged[1],
        on_work_list=by_state.get("work_list", (0, 0))[0],
        notices_mailed=notices.get("mailed", 0),
        notices_printed=notices.get("postcard", 0),
        notices_due=notices.get("", 0),
        totals=[
            ChargeTotal(state=state, reason=reason, items=items, total_yen=yen)  # type: ignore[arg-type]
            for (state, reason), (items, yen) in totals.items()
        ],
        planned_by=run.planned_by,
        planned_at=run.planned_at,
        approved_by=run.approved_by,
        approved_at=run.approved_at,
        begun_at=run.begun_at,
        finished_at=run.finished_at,
        waits_until=run.waits_until,
    )


def show_charge_run(room: Room, caller: Caller, message: ShowChargeRun) -> ChargeRunShown:
    """Return one run. Raises ``Refusal`` ``run_unknown``."""
    with acting_for(walls_of(room, caller, message.client_body), snapshot=True) as rows:
        return show(rows, message.run_id)


def list_charge_runs(room: Room, caller: Caller, message: ListChargeRuns) -> ChargeRunsShown:
    """Return runs, newest first. Raises ``Refusal`` ``run_unknown`` for no body."""
    limit = max(1, min(message.limit, MAX_CHARGE_RUNS_SHOWN))
    body = walls_of(room, caller, message.client_body)
    with acting_for(body, snapshot=True) as rows:
        # An id begins with its moment: in order of the id they are in order of time.
        found = rows.all(
            "SELECT id FROM charge_run WHERE (%(body)s = %(all)s OR client_body = %(body)s)"
            " AND (%(after)s = '' OR id < %(after)s) ORDER BY id DESC LIMIT %(limit)s",
            {"body": body, "all": EVERY_BODY, "after": message.after, "limit": limit + 1},
        )
        runs = [show(rows, run_id) for (run_id,) in found[:limit]]
    return ChargeRunsShown(runs=runs, next=runs[-1].run_id if len(found) > limit else "")


def list_charge_items(room: Room, caller: Caller, message: ListChargeItems) -> ChargeItemsShown:
    """Return items by number. Raises ``Refusal`` ``run_unknown``."""
    limit = max(1, min(message.limit, MAX_CHARGE_ITEMS_SHOWN))
    with acting_for(walls_of(room, caller, message.client_body), snapshot=True) as rows:
        read_run(rows, message.run_id)
        found = rows.all(
            _ITEM + " WHERE i.run_id = %s AND (%s = '' OR i.state = %s) AND i.number > %s"
            " ORDER BY i.number LIMIT %s",
            [message.run_id, message.state, message.state, message.after, limit + 1],
        )
    items = [shown_item(row) for row in found[:limit]]
    return ChargeItemsShown(items=items, next=items[-1].item if len(found) > limit else 0)


def show_item(rows: Rows, run_id: str, number: int) -> ChargeItemShown:
    """Return one item. Raises ``Refusal`` ``item_unknown``."""
    row = rows.one(_ITEM + " WHERE i.run_id = %s AND i.number = %s", [run_id, number])
    if row is None:
        raise Refusal("item_unknown", "", "item")
    return shown_item(row)


def shown_item(row: Row) -> ChargeItemShown:
    """Return a row of the items' query as it is shown."""
    names = (
        "item", "policy_number", "enrolment_id", "amount_yen", "state", "reason", "note",
        "notice", "tries", "response_code", "next_try_at", "payment_id", "reference", "changed_at",
    )  # fmt: skip
    return ChargeItemShown(**dict(zip(names, row, strict=True)))
