"""Run the named measurements, or all: `python -m bench [start] [payments] [walk] [vault] [waf]`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

MEASUREMENTS = {
    "start": [sys.executable, "-m", "bench.start"],
    "payments": [sys.executable, "-m", "bench.payments"],
    "walk": [sys.executable, "-m", "bench.walk"],
    "vault": [sys.executable, "-m", "bench.vault"],
    "waf": [sys.executable, str(Path(__file__).with_name("waf.py")), "--requests", "200"],
}


def main(names: list[str]) -> int:
    """Run each measurement as a program of its own; returns the last status that was not 0."""
    unknown = [name for name in names if name not in MEASUREMENTS]
    if unknown:
        print(f"no measurement {unknown[0]}; there are: {', '.join(MEASUREMENTS)}", file=sys.stderr)
        return 2
    status = 0
    for name in names or MEASUREMENTS:
        print(f"== {name}", flush=True)
        status = subprocess.run(MEASUREMENTS[name], check=False).returncode or status
        print(flush=True)
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
