"""A card network that takes its time: payers say "pay" at a steady rate, each answer of the network
comes seconds later. Cards are entered before; the rate is offered whatever the engine does."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from bench.engine_load import EngineLoad, Paying, all_at_once
from bench.platform_cpu import CpuReader
from sekisho.simulators.card_network.faults import Faults, write_faults
from sekisho.transport import TransportError

ANSWER_AFTER_SECONDS = 2.0
PAYERS = 64
ENTERING = 16
WATCHED = ("payments", "card_network", "vault")
SETTLE_SECONDS = 1.0


@dataclass
class SlowRun:
    offered: int
    refused: int
    states: dict[str, int]
    p50_seconds: float
    p99_seconds: float
    memory_bytes: dict[str, tuple[int, int]]
    seconds: float


def pay_slowly(load: EngineLoad, cpu: CpuReader, per_second: int, seconds: int) -> SlowRun:
    """Offer ``per_second`` payments for ``seconds`` and wait for every outcome."""
    payments = load.bills(per_second * seconds)

    def prepare(paying: Paying) -> None:
        load.start(paying)
        load.enter_card(paying)

    all_at_once(prepare, payments, ENTERING)
    folder = load.folder.of("sim_card_network")
    write_faults(folder, Faults(latency_s=ANSWER_AFTER_SECONDS))
    time.sleep(SETTLE_SECONDS)
    before = {process: cpu.memory(process) for process in WATCHED}
    began = time.monotonic()
    refused = _offer(load, payments, per_second)
    accepted = [paying for paying in payments if "confirm" in paying.seconds]
    states = load.wait_captured(accepted)
    took = time.monotonic() - began
    load.wait_quiet()
    write_faults(folder, Faults())
    waits = sorted(paying.seconds["confirm"] for paying in accepted)
    return SlowRun(
        offered=len(payments),
        refused=refused,
        states=states,
        p50_seconds=waits[len(waits) // 2],
        p99_seconds=waits[len(waits) * 99 // 100],
        memory_bytes={one: (before[one], cpu.memory(one)) for one in WATCHED},
        seconds=took,
    )


def _offer(load: EngineLoad, payments: Sequence[Paying], per_second: int) -> int:
    refused = 0

    def confirm(paying: Paying) -> None:
        nonlocal refused
        try:
            load.confirm(paying)
        except TransportError:
            refused += 1

    began = time.monotonic()
    with ThreadPoolExecutor(PAYERS) as pool:
        for at, paying in enumerate(payments):
            pause = began + at / per_second - time.monotonic()
            if pause > 0:
                time.sleep(pause)
            pool.submit(confirm, paying)
    return refused
