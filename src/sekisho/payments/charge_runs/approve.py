"""A second person's yes, and anybody's stop."""

from __future__ import annotations

from datetime import datetime

from sekisho import evidence
from sekisho.crossings.message import Refusal
from sekisho.crossings.payments import (
    ApproveChargeRun,
    ChargeRunShown,
    ResumeChargeRun,
    StopChargeRun,
)
from sekisho.evidence.alarm import raise_alarm
from sekisho.payments.after_payment.asker import check_reason, person
from sekisho.payments.charge_runs.charges_section import MAX_WHY_CHARACTERS
from sekisho.payments.charge_runs.read_run import Run, read_run, show, walls_of
from sekisho.payments.records.session import Rows, acting_for
from sekisho.payments.room import Room
from sekisho.transport.doors import Caller
from sekisho.vocabulary.clock import business_date

_BEGUN = frozenset({"approved", "running", "finished"})


def approve_charge_run(room: Room, caller: Caller, message: ApproveChargeRun) -> ChargeRunShown:
    """Approve what was planned by another person. Raises ``Refusal`` as ``ApproveChargeRun``
    says."""
    walls, by = walls_of(room, caller, message.client_body), person(caller, message.by)
    now = room.now()
    with acting_for(walls) as rows:
        run = read_run(rows, message.run_id, lock=True)
        if run.approved_by == by and run.state in _BEGUN:
            return show(rows, run.id)
        _refuse_unfit(run, message, by, now)
        rows.do(
            "UPDATE charge_run SET state = 'approved', approved_by = %s, approved_at = %s"
            " WHERE id = %s",
            [by, now, run.id],
        )
        facts: dict[str, str | int]
        facts = {"items": run.items, "total_yen": run.total_yen, "planned_by": run.planned_by}
        _tell(run, "payments.charge_run_approved", by, facts)
        return show(rows, run.id)


def _refuse_unfit(run: Run, message: ApproveChargeRun, by: str, now: datetime) -> None:
    if run.state != "draft":
        raise Refusal("run_not_draft", f"it is {run.state}", "run_id")
    if _name(run.planned_by) == _name(by):
        raise Refusal("same_person", "who planned a run does not approve it", "by")
    if (message.items, message.total_yen) != (run.items, run.total_yen):
        detail = f"{run.items} items of {run.total_yen} yen: look at it again"
        raise Refusal("totals_differ", detail, "total_yen")
    if run.items == 0:
        raise Refusal("nothing_to_charge", "withdraw it", "run_id")
    if business_date(now) > run.notice_on:
        detail = f"holders had to be told on {run.notice_on}: withdraw it and plan anew"
        raise Refusal("too_late", detail, "run_id")


def _name(by: str) -> str:
    """The person alone: the same name at the desk and at the terminal is one person."""
    return by.partition(":")[2].casefold().strip()


def stop_charge_run(room: Room, caller: Caller, message: StopChargeRun) -> ChargeRunShown:
    """Stop the run, or withdraw it for good. Raises ``Refusal`` as ``StopChargeRun`` says."""
    walls, by = walls_of(room, caller, message.client_body), person(caller, message.by)
    reason = check_reason(message.reason)
    with acting_for(walls, long=True) as rows:
        run = read_run(rows, message.run_id, lock=True)
        target = "withdrawn" if message.for_good else "stopped"
        if run.state != target:
            if run.state in ("finished", "withdrawn", "drafting"):
                raise Refusal("run_over", f"it is {run.state}", "run_id")
            if message.for_good:
                _withdraw_items(rows, run, room.now())
            _stop(rows, run, target, f"{by}: {reason}")
            _tell(run, f"payments.charge_run_{target}", by, {"reason": reason})
        return show(rows, run.id)


def stop_by_itself(rows: Rows, run_id: str, why: str, now: datetime) -> None:
    """Stop a running run that can't go on rightly, and call people by an alarm."""
    run = read_run(rows, run_id, lock=True)
    if run.state != "running":
        return
    _stop(rows, run, "stopped", why)
    raise_alarm(
        kind="payments.charge_run_stopped",
        subject=run.id,
        facts={"client_body": run.client_body, "month": run.month, "why": why},
    )


def _stop(rows: Rows, run: Run, target: str, why: str) -> None:
    rows.do(
        "UPDATE charge_run SET state = %s, why = %s, waits_until = NULL, resumed_by = '',"
        " resumes_to = CASE WHEN state = 'stopped' THEN resumes_to ELSE state END WHERE id = %s",
        [target, why[:MAX_WHY_CHARACTERS], run.id],
    )


def _withdraw_items(rows: Rows, run: Run, now: datetime) -> None:
    busy = rows.one(
        "SELECT 1 FROM charge_item WHERE run_id = %s AND state IN ('charging', 'unknown') LIMIT 1",
        [run.id],
    )
    if busy is not None:
        raise Refusal("run_busy", "charges are under way: stop it, wait for them", "run_id")
    rows.do(
        "UPDATE charge_item SET state = 'withdrawn', next_try_at = NULL, changed_at = %s"
        " WHERE run_id = %s AND state IN ('waiting', 'retrying', 'work_list')",
        [now, run.id],
    )


def resume_charge_run(room: Room, caller: Caller, message: ResumeChargeRun) -> ChargeRunShown:
    """Go on with a stopped run. Raises ``Refusal`` as ``ResumeChargeRun`` says."""
    walls, by = walls_of(room, caller, message.client_body), person(caller, message.by)
    with acting_for(walls) as rows:
        run = read_run(rows, message.run_id, lock=True)
        if run.state != "stopped":
            if run.resumed_by == by:
                return show(rows, run.id)
            raise Refusal("run_not_stopped", f"it is {run.state}", "run_id")
        rows.do(
            "UPDATE charge_run SET state = resumes_to, why = '', resumed_by = %s WHERE id = %s",
            [by, run.id],
        )
        # What waited because nothing reached the network is tried at once.
        rows.do(
            "UPDATE charge_item SET next_try_at = %s, unsent = 0 WHERE run_id = %s"
            " AND state = 'waiting' AND unsent > 0",
            [room.now(), run.id],
        )
        _tell(run, "payments.charge_run_resumed", by, {"stopped_because": run.why})
        return show(rows, run.id)


def _tell(run: Run, kind: str, by: str, facts: dict[str, str | int]) -> None:
    about: dict[str, str | int] = {"client_body": run.client_body, "month": run.month, "by": by}
    evidence.append(kind=kind, subject=run.id, facts=about | facts)
