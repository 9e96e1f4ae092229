"""`sekisho up` with an intruder inside the tax site: run as a program, like the command.

The tax site's process is started as always, by the same supervisor, with the same briefing, user
and sandbox; but its program also runs `intruder.py` in a thread, as code injected through a flaw
would.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

from sekisho.processes.supervisor import start_program as real
from sekisho.processes.supervisor import up
from sekisho.processes.terminal.main import main

VICTIM = "payer_site.metropolitan_tax"
INTRUDER = Path(__file__).with_name("intruder.py")


def start_with_intruder(
    module: str, verb: str, briefing: Any, **more: Any
) -> subprocess.Popen[bytes]:
    """Start a program as the supervisor does; the tax site gets company."""
    if briefing.process != VICTIM or verb != "run":
        return real.start_program(module, verb, briefing, **more)
    planted = Path(briefing.folder) / "intruder.py"
    planted.write_text(INTRUDER.read_text(encoding="utf-8"), encoding="utf-8")
    honest = subprocess.Popen

    def popen(command: list[str], **facts: Any) -> subprocess.Popen[bytes]:
        code = f"exec(compile(open({str(planted)!r}).read(), 'intruder', 'exec'))"
        return honest([*command[: command.index("-m")], "-c", code, verb], **facts)

    real.subprocess.Popen = popen  # type: ignore[misc, assignment]
    try:
        return real.start_program(module, verb, briefing, **more)
    finally:
        real.subprocess.Popen = honest  # type: ignore[misc]


if __name__ == "__main__":
    up.start_program = start_with_intruder
    sys.exit(main(sys.argv[1:]))
