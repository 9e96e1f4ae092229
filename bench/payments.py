"""The payment engine, measured whole: `make bench payments`.

1. CPU milliseconds for each payment by process and phase, and payments/s (``bench.engine``).
2. payments/s against pgbench with the same rows and commits, on the same cluster, in the same run.
3. A network that answers after 2 s: what is offered, what is lost, the accepting door, memory.
4. With ``--flat 10000,1000000``: CPU for each payment with so many payments in the tables already,
   against a second platform with the first number in its own.

Everything runs on this machine at once: PostgreSQL (durable), simulators, the load generator. So
every figure is a CPU cost or a ratio of two figures of the same run.

    python -m bench.payments [--payments 200] [--slow 60x60] [--flat 10000,1000000]
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from bench.engine import (
    NOT_THE_ENGINE,
    PAYERS,
    flow,
    in_phases,
    let_guard_watch,
    show_phases,
)
from bench.engine_load import EngineLoad, end_cleanly_when_told
from bench.full_tables import fill
from bench.platform_cpu import CpuReader, Used
from bench.same_rows import costs_of, read_written, run_pgbench
from bench.slow_network import pay_slowly
from tests.running_platform import RunningPlatform

WARM_UP = 40
FLAT_PAYMENTS = 100
FLAT_ROUNDS = 5
SETTLE_SECONDS = 20


def main() -> None:
    """Measure and print."""
    end_cleanly_when_told()
    asked = _arguments()
    with tempfile.TemporaryDirectory(prefix="sekisho-bench-") as folder:
        data = Path(folder) / "data"
        let_guard_watch(data)
        platform = RunningPlatform(data).start()
        try:
            load = EngineLoad(platform)
            flow(load, load.bills(WARM_UP))
            cpu = CpuReader(platform)
            show_phases(in_phases(load, cpu, load.bills(asked.payments)), asked.payments)
            _against_pgbench(load, asked.payments)
            if asked.slow:
                _slowly(load, cpu, *map(int, asked.slow.split("x")))
            if asked.flat:
                _flat(load, [int(size) for size in asked.flat.split(",")])
        finally:
            platform.stop()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.payments")
    parser.add_argument("--payments", type=int, default=200)
    parser.add_argument("--slow", default="60x60", help="payments/s x seconds; empty: left out")
    parser.add_argument("--flat", default="", help="payments in the tables, with commas")
    return parser.parse_args()


def _against_pgbench(load: EngineLoad, number: int) -> None:
    payments = load.bills(number)
    before, began = read_written(load.database), time.monotonic()
    flow(load, payments)
    ours = number / (time.monotonic() - began)
    load.wait_quiet()
    costs, transactions = costs_of(load.database, before, read_written(load.database), number)
    theirs = run_pgbench(load.database, load.sockets, load.password, costs, transactions)
    written = [sum(getattr(c, what) for c in costs) for what in ("inserts", "updates", "deletes")]
    print(f"a payment: {transactions} transactions that write; rows inserted, changed, deleted:")
    print(f"  {written[0]}, {written[1]}, {written[2]} in {len(costs)} tables")
    print(f"payments/s, {PAYERS} payers: {ours:.1f}; pgbench, same rows and commits: {theirs:.1f}")
    print(f"ratio: {ours / theirs * 100:.1f} % (goal >= 20 %)")


def _slowly(load: EngineLoad, cpu: CpuReader, per_second: int, seconds: int) -> None:
    run = pay_slowly(load, cpu, per_second, seconds)
    print(f"network answers after 2 s, {per_second}/s offered for {seconds} s:")
    print(f"  offered {run.offered}, busy at the door {run.refused}, outcomes {run.states}")
    lost = run.offered - run.refused - sum(run.states.values())
    print(f"  lost {lost}; all outcomes after {run.seconds:.0f} s")
    print(
        f"  accepting door: p50 {run.p50_seconds * 1000:.0f} ms,"
        f" p99 {run.p99_seconds * 1000:.0f} ms (goal <= 300)"
    )
    for process, (was, now) in run.memory_bytes.items():
        print(f"  memory of {process}: {was / 2**20:.1f} -> {now / 2**20:.1f} MiB")


def _flat(load: EngineLoad, sizes: list[int]) -> None:
    """Measure against another platform with the first size in its tables, in turn, so that both
    see the same neighbours on the machine."""
    least, *others = sizes
    with tempfile.TemporaryDirectory(prefix="sekisho-bench-") as folder:
        data = Path(folder) / "data"
        let_guard_watch(data)
        platform = RunningPlatform(data).start()
        try:
            small = EngineLoad(platform)
            flow(small, small.bills(WARM_UP))
            fill(small.connect, least)
            for size in others:
                began = time.monotonic()
                fill(load.connect, size)
                print(f"{size:>10,} payments in the tables: {time.monotonic() - began:.0f} s")
                time.sleep(SETTLE_SECONDS)
                # Anew: a process that could not reach its tables for long was started again.
                cpu, small_cpu = load.cpu_reader(), small.cpu_reader()
                _cost(small, small_cpu)
                _cost(load, cpu)
                _show_turns(
                    least,
                    [(_cost(small, small_cpu), _cost(load, cpu)) for _ in range(FLAT_ROUNDS)],
                )
        finally:
            platform.stop()


def _show_turns(least: int, turns: list[tuple[float, float]]) -> None:
    for few, many in turns:
        print(
            f"  {many:.2f} ms CPU for each payment against {few:.2f} with {least:,}:"
            f" {many / few * 100:.0f} %"
        )
    print(f"  median {statistics.median(many / few for few, many in turns) * 100:.0f} %")


def _cost(load: EngineLoad, cpu: CpuReader) -> float:
    phases = in_phases(load, cpu, load.bills(FLAT_PAYMENTS))
    engine: Used = {}
    for phase in phases.values():
        for name, seconds in phase.items():
            if name not in NOT_THE_ENGINE:
                engine[name] = engine.get(name, 0.0) + seconds
    return sum(engine.values()) * 1000 / FLAT_PAYMENTS


if __name__ == "__main__":
    main()
