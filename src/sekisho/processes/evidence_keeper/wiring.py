"""Wires the evidence keeper: one database connection, one key, one loop."""

import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sekisho.processes.run import Process
from sekisho.transport.briefing import Briefing
from sekisho.transport.keys import signing_key

if TYPE_CHECKING:
    import psycopg

    from sekisho.processes.evidence_keeper.show_chain import ChainWatch
    from sekisho.transport.doors import Doors

EVIDENCE_KEY = "evidence"
TAKE_LIMIT_SECONDS = 30
"""How long a starting keeper waits for its own earlier life to let go of the chain."""

_sealed = threading.Event()
_watch: "ChainWatch | None" = None


def _prepare(folder: Path) -> dict[str, bytes]:
    key = signing_key(folder, EVIDENCE_KEY)
    return {EVIDENCE_KEY: key.public_key().public_bytes_raw()}


def _seal(briefing: Briefing, stop: threading.Event) -> None:
    import psycopg

    from sekisho.evidence.keeper import SEAL_SECONDS, seal_new_lines
    from sekisho.processes.roles import conninfo

    if briefing.database is None:
        raise RuntimeError("the evidence keeper needs a database role")
    key = signing_key(briefing.keys_folder, EVIDENCE_KEY)
    with psycopg.connect(conninfo(briefing.database), autocommit=True) as database:
        _take(database, stop)
        while True:
            linked = seal_new_lines(database, key, Path(briefing.folder))
            _sealed.set()
            if linked == 0 and stop.wait(SEAL_SECONDS):
                return


def _take(database: "psycopg.Connection[Any]", stop: threading.Event) -> None:
    from sekisho.evidence.keeper import SEAL_SECONDS, KeeperBusy, take_chain

    for _ in range(int(TAKE_LIMIT_SECONDS / SEAL_SECONDS)):
        try:
            take_chain(database)
            return
        except KeeperBusy:
            if stop.wait(SEAL_SECONDS):
                return
    take_chain(database)


def _doors(briefing: Briefing) -> "Doors":
    global _watch
    from sekisho.processes.evidence_keeper.list_alarms import add_alarm_door
    from sekisho.processes.evidence_keeper.show_chain import ChainWatch
    from sekisho.transport.doors import Doors

    key = signing_key(briefing.keys_folder, EVIDENCE_KEY)
    _watch = ChainWatch(briefing, key.public_key().public_bytes_raw())
    doors = Doors("evidence_keeper")
    _watch.add_door(doors)
    add_alarm_door(doors, briefing)
    return doors


def _verify(_briefing: Briefing, stop: threading.Event) -> None:
    if _watch is not None:
        _watch.verify_until(stop)


def _check_sealing() -> str:
    return "" if _sealed.is_set() else "has not sealed yet"


PROCESS = Process(
    zone="evidence_keeper",
    doors=_doors,
    works=(_seal, _verify),
    checks=lambda: {"chain": _check_sealing},
    prepare=_prepare,
)
