"""What may be asked of the supervisor: it shows, it takes no orders from zones."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from sekisho.crossings.message import Answer, Crossing


class ProcessShown(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A process as the supervisor sees it; memory in bytes (proportional set size)."""

    process: str
    title: str
    state: str
    up_seconds: int
    restarts: int
    memory_bytes: int
    database_role: str
    sandbox: str
    sandbox_missing: str
    faults: dict[str, str]
    last_end: str
    pid: int | None = None
    address: str = ""
    zones: str = ""
    """Zones whose code the process has loaded: its own and no other."""


class ShowPlatform(Crossing["PlatformShown"], frozen=True, kw_only=True):
    """How every process is."""

    receiver: ClassVar[str] = "supervisor"


class PlatformShown(Answer, frozen=True, kw_only=True):
    ready: bool
    up_seconds: int
    memory_bytes: int
    """Of everything: processes, supervisor and database."""
    database_state: str
    processes: list[ProcessShown]
    pid: int = 0
    own_memory_bytes: int = 0
    database_pid: int | None = None
    database_memory_bytes: int = 0
    folder: str = ""
    kernel: str = ""
    """What this kernel's sandbox can enforce, in words."""


ShowPlatform.reply = PlatformShown
