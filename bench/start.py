"""How long the platform takes to start, and how much memory it uses.

Measured: the wall clock from `sekisho up` to the line that says how to stop, on a new data folder
(schemas and samples included) and on the same folder again; then the proportional set size (PSS) of
every process a few seconds after the start, as `sekisho status --json` gives it. PSS counts a page
that several processes share once.
"""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path

from tests.running_platform import RunningPlatform

SETTLE_SECONDS = 5
GOAL_MIB = 800
GOAL_START_SECONDS = 10


def main() -> None:
    """Start twice, print seconds and memory."""
    with tempfile.TemporaryDirectory(prefix="sekisho-bench-") as folder:
        platform = RunningPlatform(Path(folder) / "data")
        for what in ("first start (new data folder)", "next start (same data)"):
            began = time.monotonic()
            platform.start()
            seconds = time.monotonic() - began
            if what.startswith("next"):
                time.sleep(SETTLE_SECONDS)
                _show_memory(json.loads(platform.sekisho("status", "--json")))
            platform.stop()
            goal = f" (goal < {GOAL_START_SECONDS} s)" if what.startswith("next") else ""
            print(f"{what}: {seconds:.1f} s{goal}")


def _show_memory(status: dict[str, object]) -> None:
    rows = [(row["process"], row["memory_bytes"]) for row in status["processes"]]  # type: ignore[attr-defined]
    rows += [
        ("postgres", status["database_memory_bytes"]),
        ("supervisor", status["own_memory_bytes"]),
    ]
    for name, size in sorted(rows, key=lambda row: -row[1]):
        print(f"  {name:<32} {size / 2**20:7.1f} MiB")
    print(f"  {'all':<32} {sum(size for _, size in rows) / 2**20:7.1f} MiB (goal <= {GOAL_MIB})")


if __name__ == "__main__":
    main()
