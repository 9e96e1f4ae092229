"""Wires the sender of webhooks: no database, no pages; doors, a few threads, and the way out."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from sekisho.processes.run import Process
from sekisho.processes.sandbox import SandboxPlan
from sekisho.transport.briefing import Briefing

if TYPE_CHECKING:
    from sekisho.hook_sender.reach import Reach
    from sekisho.transport.doors import Doors

AUTHORITIES = (
    "/etc/ssl",
    "/etc/pki",
    "/usr/share/ca-certificates",
    "/usr/local/share/ca-certificates",
)
"""Where systems keep whom they trust over TLS."""

_reach: "Reach | None" = None


def _read_reach(briefing: Briefing) -> "Reach":
    from sekisho.hook_sender.reach import read_reach

    return read_reach(briefing.settings.get("hooks", {}))


def _doors(briefing: Briefing) -> "Doors":
    global _reach
    from sekisho.hook_sender.carry import Carrier, make_trust
    from sekisho.hook_sender.doors import make_doors

    _reach = _read_reach(briefing)
    return make_doors(Carrier(_reach, make_trust(_reach)))


def _sandbox(briefing: Briefing, plan: SandboxPlan) -> SandboxPlan:
    """The only process with a way out: to the ports of a delivery, no others."""
    ports = _read_reach(briefing).allowed_ports()
    return plan.also(read=tuple(map(Path, AUTHORITIES)), connect_ports=tuple(sorted(ports)))


def _say_rehearsal() -> str:
    return _reach.describe() if _reach is not None else ""


def _concerns() -> dict[str, Callable[[], str]]:
    return {"rehearsal": _say_rehearsal}


PROCESS = Process(zone="hook_sender", doors=_doors, concerns=_concerns, sandbox=_sandbox)
