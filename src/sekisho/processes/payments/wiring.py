"""What the payments process is made of."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from sekisho.processes.payments.settings import furnish, settings
from sekisho.processes.run import Process
from sekisho.processes.sandbox import SandboxPlan
from sekisho.transport.briefing import Briefing
from sekisho.transport.doors import Doors
from sekisho.transport.keys import signing_key

if TYPE_CHECKING:
    from sekisho.payments.room import Room
    from sekisho.transport.outbox import Outbox

_furnished: dict[str, Room] = {}


def _room(briefing: Briefing) -> Room:
    if briefing.process not in _furnished:
        from sekisho.payments.room import write_down_sites

        room = furnish(briefing)
        write_down_sites(room)
        _furnished[briefing.process] = room
    return _furnished[briefing.process]


def _doors(briefing: Briefing) -> Doors:
    from sekisho.payments.doors import open_doors

    return open_doors(_room(briefing))


def _outbox(briefing: Briefing) -> Outbox:
    from sekisho.payments.guard.decide import EndRefused, end_refused
    from sekisho.payments.post_orders import SENDS, order_was_refused
    from sekisho.transport.outbox import Outbox

    room = _room(briefing)
    return Outbox(
        sends=SENDS,
        own={EndRefused: lambda message: end_refused(room, message)},
        on_refused=order_was_refused,
    )


def _sweep(briefing: Briefing, stop: threading.Event) -> None:
    from sekisho.payments.expire import sweep_until

    sweep_until(_room(briefing), stop)


def _link(_: Briefing, stop: threading.Event) -> None:
    from sekisho.payments.ledger.chain import link_until

    link_until(stop)


def _reconcile(briefing: Briefing, stop: threading.Event) -> None:
    from sekisho.payments.ledger.reconcile_daily import reconcile_until

    reconcile_until(_room(briefing), stop)


def _charge(briefing: Briefing, stop: threading.Event) -> None:
    from sekisho.payments.charge_runs.work import charge_until

    charge_until(_room(briefing), stop)


def _fetch(briefing: Briefing, stop: threading.Event) -> None:
    from sekisho.payments.payouts.fetch_daily import fetch_until

    folder = briefing.settings.get("clearing_folder")
    if folder:
        fetch_until(_room(briefing), Path(folder), stop)


def _sandbox(briefing: Briefing, plan: SandboxPlan) -> SandboxPlan:
    folder = briefing.settings.get("clearing_folder")
    return plan.also(read=(Path(folder),)) if folder else plan


def _look_after_enrolments(briefing: Briefing, stop: threading.Event) -> None:
    from sekisho.payments.enrolments.warn_expiry import look_daily

    look_daily(_room(briefing), stop)


def _concerns() -> dict[str, Callable[[], str]]:
    from sekisho.payments.ledger.chain import check_linking
    from sekisho.payments.ledger.reconcile_daily import check_reconciliation
    from sekisho.payments.payouts.fetch_daily import check_clearing_files

    return {
        "ledger_chain": check_linking,
        "reconciliation": check_reconciliation,
        "clearing_files": check_clearing_files,
    }


def _prepare(keys_folder: Path) -> dict[str, bytes]:
    from sekisho.payments.issue_permit import PERMIT_KEY

    return {PERMIT_KEY: signing_key(keys_folder, PERMIT_KEY).public_key().public_bytes_raw()}


PROCESS = Process(
    zone="payments",
    settings=settings,
    doors=_doors,
    outbox=_outbox,
    works=(_sweep, _link, _reconcile, _charge, _fetch, _look_after_enrolments),
    sandbox=_sandbox,
    concerns=_concerns,
    prepare=_prepare,
)
