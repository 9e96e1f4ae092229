"""Doors of the sender."""

from __future__ import annotations

import threading

from sekisho.crossings.hook_sender import (
    AddressChecked,
    CheckAddress,
    Deliver,
    DeliveriesTaken,
    OutcomesShown,
    TakeOutcomes,
)
from sekisho.crossings.message import Refusal
from sekisho.hook_sender.addresses import Resolve, find_target, resolve
from sekisho.hook_sender.carry import Carrier
from sekisho.hook_sender.errors import AddressRefused
from sekisho.hook_sender.limits import CHECKS_AT_ONCE
from sekisho.transport.doors import Caller, Doors


def make_doors(carrier: Carrier, resolve: Resolve = resolve) -> Doors:
    """Return the doors of the sender. ``resolve``: how names are looked up for people."""
    doors = Doors("hook_sender")
    checks = threading.Semaphore(CHECKS_AT_ONCE)

    @doors.on(Deliver)
    def take_deliveries(_caller: Caller, message: Deliver) -> DeliveriesTaken:
        return DeliveriesTaken(taken=carrier.take(message.deliveries))

    @doors.on(TakeOutcomes)
    def take_outcomes(_caller: Caller, message: TakeOutcomes) -> OutcomesShown:
        return carrier.show_outcomes(message.seen)

    @doors.on(CheckAddress)
    def check_address(_caller: Caller, message: CheckAddress) -> AddressChecked:
        if not checks.acquire(blocking=False):
            raise Refusal("busy", "other addresses are being looked up; try again")
        try:
            target = find_target(message.url, carrier.reach, resolve)
        except AddressRefused as refused:
            return AddressChecked(url="", wrong=refused.reason, detail=str(refused))
        finally:
            checks.release()
        return AddressChecked(url=target.called.url)

    return doors
