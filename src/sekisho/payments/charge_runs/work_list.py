"""The work list: charges that a person decides about. Each decision stands on the item with who and
why, and on evidence."""

from __future__ import annotations

import psycopg

from sekisho import evidence
from sekisho.crossings.message import Refusal
from sekisho.crossings.payments import ChargeItemShown, CloseChargeItem, RetryChargeItem
from sekisho.payments.after_payment.asker import check_reason, person
from sekisho.payments.charge_runs.read_run import Run, read_run, show_item, walls_of
from sekisho.payments.limits import MAX_NOTE_CHARACTERS
from sekisho.payments.records.session import Rows, acting_for
from sekisho.payments.room import Room
from sekisho.transport.doors import Caller


def retry_charge_item(room: Room, caller: Caller, message: RetryChargeItem) -> ChargeItemShown:
    """Charge it once more. The amount is the one that was approved and that the holder was told of;
    a premium that changed since is not charged by hand either, but in a run of its own. Raises
    ``Refusal`` as ``RetryChargeItem`` says."""
    note = _note(room, caller, message, "charge again")
    try:
        with acting_for(walls_of(room, caller, message.client_body)) as rows:
            run = read_run(rows, message.run_id, lock=True)
            item = _item(rows, message)
            if message.amount_yen != item.amount_yen:
                detail = f"{item.amount_yen} yen were approved and announced"
                raise Refusal("amount_differs", detail, "amount_yen")
            if item.state != "work_list":
                return _same(item, note)
            if run.state == "withdrawn":
                raise Refusal("item_not_on_work_list", "its run is withdrawn", "item")
            _set(rows, room, message, "waiting", note)
            if run.state == "finished":
                rows.do("UPDATE charge_run SET state = 'running' WHERE id = %s", [run.id])
            _tell(run, message, "payments.charge_item_retried")
            return show_item(rows, run.id, message.item)
    except psycopg.errors.CheckViolation as violation:
        raise Refusal("item_not_on_work_list", str(violation.diag.message_primary)) from None


def close_charge_item(room: Room, caller: Caller, message: CloseChargeItem) -> ChargeItemShown:
    """Take it off the list. Raises ``Refusal`` as ``CloseChargeItem`` says."""
    note = _note(room, caller, message, "closed")
    with acting_for(walls_of(room, caller, message.client_body)) as rows:
        run = read_run(rows, message.run_id, lock=True)
        item = _item(rows, message)
        if item.state != "work_list":
            return _same(item, note)
        _set(rows, room, message, "closed", note)
        _tell(run, message, "payments.charge_item_closed")
        return show_item(rows, run.id, message.item)


def _note(room: Room, caller: Caller, message: RetryChargeItem | CloseChargeItem, what: str) -> str:
    return f"{person(caller, message.by)}, {what}: {check_reason(message.reason)}"


def _item(rows: Rows, message: RetryChargeItem | CloseChargeItem) -> ChargeItemShown:
    rows.one(
        "SELECT 1 FROM charge_item WHERE run_id = %s AND number = %s FOR NO KEY UPDATE",
        [message.run_id, message.item],
    )
    return show_item(rows, message.run_id, message.item)


def _same(item: ChargeItemShown, note: str) -> ChargeItemShown:
    """Answer a message said again. Raises ``Refusal`` ``item_not_on_work_list``."""
    if note in item.note.split("\n"):
        return item
    raise Refusal("item_not_on_work_list", f"it is {item.state}", "item")


def _set(
    rows: Rows, room: Room, message: RetryChargeItem | CloseChargeItem, state: str, note: str
) -> None:
    now = room.now()
    rows.do(
        "UPDATE charge_item SET state = %s, reason = 'by_hand', unsent = 0, next_try_at = %s,"
        " note = right(trim(both E'\\n' from note || E'\\n' || %s), %s), changed_at = %s"
        " WHERE run_id = %s AND number = %s",
        [
            state,
            now if state == "waiting" else None,
            note,
            MAX_NOTE_CHARACTERS,
            now,
            message.run_id,
            message.item,
        ],
    )


def _tell(run: Run, message: RetryChargeItem | CloseChargeItem, kind: str) -> None:
    evidence.append(
        kind=kind,
        subject=run.id,
        facts={
            "client_body": run.client_body,
            "month": run.month,
            "item": message.item,
            "by": message.by,
            "reason": message.reason.strip(),
        },
    )
