"""The door that every process has: is it well, and in which sandbox does it run."""

import os
import sys
import threading
import time
from collections.abc import Callable

from sekisho.crossings.message import Health, HealthShown
from sekisho.processes.memory import read_pss
from sekisho.processes.sandbox import SandboxReport
from sekisho.transport.briefing import Briefing
from sekisho.transport.doors import Caller, Doors

ZONES = frozenset(
    {
        "payer_site",
        "client_desk",
        "vault",
        "payments",
        "card_network",
        "hook_sender",
        "security",
        "console",
        "simulators",
    }
)


def zones_loaded() -> str:
    """The zones whose code this process has in memory, as no import contract can see it."""
    loaded = {name.split(".")[1] for name in tuple(sys.modules) if name.startswith("sekisho.")}
    return " ".join(sorted(loaded & ZONES))


class MemoryReader:
    """This process's own memory; its file is opened before the sandbox closes /proc."""

    def __init__(self) -> None:
        self._file = os.open("/proc/self/smaps_rollup", os.O_RDONLY | os.O_CLOEXEC)

    def pss_bytes(self) -> int:
        """Proportional set size: shared pages counted by their share (proc_pid_smaps(5))."""
        try:
            return read_pss(os.pread(self._file, 4096, 0).decode("ascii"))
        except OSError:
            return 0


def add_health(
    doors: Doors,
    briefing: Briefing,
    sandbox: SandboxReport,
    memory: MemoryReader,
    checks: dict[str, Callable[[], str]],
    concerns: dict[str, Callable[[], str]],
) -> None:
    """Let `doors` answer `Health`.

    checks: by name, a function that gives what is wrong in words without secrets, or "".
    concerns: the same for what a person must look at while the process serves.
    """
    started = time.monotonic()

    @doors.on(Health)
    def show_health(_caller: Caller, _message: Health) -> HealthShown:
        faults = {name: fault for name, check in checks.items() if (fault := _try(check))}
        noted = {name: fault for name, check in concerns.items() if (fault := _try(check))}
        facts: dict[str, str | int] = {
            "pid": os.getpid(),
            "sandbox": sandbox.describe(),
            "sandbox_missing": "; ".join(sandbox.missing),
            "database_role": briefing.database.role if briefing.database else "",
            "memory_bytes": memory.pss_bytes(),
            "threads": threading.active_count(),
            "zones": zones_loaded(),
            "up_seconds": int(time.monotonic() - started),
        }
        return HealthShown(
            ok=not (faults or noted), serves=not faults, faults=faults | noted, facts=facts
        )


def _try(check: Callable[[], str]) -> str:
    try:
        return check()
    except Exception as error:
        # Only the type: the text of a database error can hold a row.
        return type(error).__name__


def check_database() -> str:
    """Whether this process's role reaches its database."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return ""


def check_outbox() -> str:
    """Whether messages were refused for good, which a person must look at."""
    from sekisho.transport.outbox import waiting

    refused = waiting()["refused"]
    return f"{refused} crossings were refused by their receivers" if refused else ""
