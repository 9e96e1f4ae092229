"""What a payment costs the engine: payments, vault, card network connector, PostgreSQL.

The load stands at the payments door as a payer site and at the vault's card form as a browser; no
page of a payer site is in the figures. PAYERS payments are worked on at once.

1. In phases, all payments through one phase before the next begins: CPU milliseconds for each
   payment by process and phase.
2. Flowing, each payment through all of its phases: payments/s, with the generator and the
   simulators on the same machine.

    python -m bench.engine [NUMBER]
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from bench.engine_load import EngineLoad, Paying, all_at_once, end_cleanly_when_told
from bench.platform_cpu import CpuReader, Used, difference
from tests.running_platform import RunningPlatform

PAYERS = 16
WARM_UP = 40
DEFAULT_PAYMENTS = 200
SMALLEST_SHOWN_MS = 0.05
PHASES = ("create", "card entry", "authorise, capture")
NOT_THE_ENGINE = ("load generator", "sim_card_network", "sim_three_d_secure")


def main() -> None:
    """Run both measurements, print both tables."""
    end_cleanly_when_told()
    number = int(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT_PAYMENTS
    with tempfile.TemporaryDirectory(prefix="sekisho-bench-") as folder:
        data = Path(folder) / "data"
        let_guard_watch(data)
        platform = RunningPlatform(data).start()
        try:
            load = EngineLoad(platform)
            flow(load, load.bills(WARM_UP))
            cpu = CpuReader(platform)
            show_phases(in_phases(load, cpu, load.bills(number)), number)
            bills = load.bills(number)
            before, began = cpu.read(), time.monotonic()
            states = flow(load, bills)
            seconds = time.monotonic() - began
            used = sum(_engine_only(difference(before, cpu.read())).values())
            print(f"flowing, {PAYERS} payers: {number / seconds:.1f} payments/s, {states}")
            print(f"flowing: {used * 1000 / number:.2f} ms CPU of the engine for each payment")
        finally:
            platform.stop()


def let_guard_watch(data: Path) -> None:
    """One machine's load looks like card testing: the guard counts it and refuses nothing."""
    data.mkdir(mode=0o700)
    (data / "sites.toml").write_text('[metropolitan_tax.payments.guard]\nmode = "watch"\n')


def in_phases(load: EngineLoad, cpu: CpuReader, payments: list[Paying]) -> dict[str, Used]:
    """Take all payments through one phase after the other; return CPU seconds by phase."""
    used, before = {}, cpu.read()
    for phase, act in zip(PHASES, (load.start, load.enter_card, load.confirm), strict=True):
        all_at_once(act, payments, PAYERS)
        if act == load.confirm:
            states = load.wait_captured(payments)
            if states.get("captured") != len(payments):
                print(f"not all were captured: {states}")
        load.wait_quiet()
        after = cpu.read()
        used[phase] = difference(before, after)
        before = after
    return used


def flow(load: EngineLoad, payments: list[Paying]) -> dict[str, int]:
    """Take each payment through all of its phases; return the states at the end."""

    def pay(paying: Paying) -> None:
        load.start(paying)
        load.enter_card(paying)
        load.confirm(paying)

    all_at_once(pay, payments, PAYERS)
    return load.wait_captured(payments)


def show_phases(used: Mapping[str, Used], number: int) -> None:
    """Print CPU milliseconds for each payment by process and phase."""
    names = {name for phase in used.values() for name in phase}
    totals = {name: sum(phase.get(name, 0.0) for phase in used.values()) for name in names}
    print(f"CPU milliseconds for each payment, {number} payments:")
    print(f"  {'':<34}" + "".join(f"{phase:>20}" for phase in used) + f"{'all':>10}")
    for name in sorted(names, key=lambda n: -totals[n]):
        if totals[name] * 1000 / number < SMALLEST_SHOWN_MS:
            continue
        _row(name, [phase.get(name, 0.0) for phase in used.values()], number)
    _row("the engine", [sum(_engine_only(phase).values()) for phase in used.values()], number)


def _row(name: str, seconds: list[float], number: int) -> None:
    cells = "".join(f"{part * 1000 / number:>20.2f}" for part in seconds)
    print(f"  {name:<34}{cells}{sum(seconds) * 1000 / number:>10.2f}")


def _engine_only(used: Mapping[str, float]) -> Used:
    return {name: seconds for name, seconds in used.items() if name not in NOT_THE_ENGINE}


if __name__ == "__main__":
    main()
