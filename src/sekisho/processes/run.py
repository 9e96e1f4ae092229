"""What every process does, in order: learn who it is, log, enter the sandbox, open its doors, carry
its outbox, serve its pages, and stop cleanly.

A process folder holds a `PROCESS = Process(...)` and a `__main__` that calls `main(PROCESS)`. The
zone is imported only inside the functions given here, after the sandbox stands.
"""

import base64
import ctypes
import gc
import json
import logging
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sekisho.processes import django_settings
from sekisho.processes.answer_health import (
    MemoryReader,
    add_health,
    check_database,
    check_outbox,
)
from sekisho.processes.json_log import start_log
from sekisho.processes.sandbox import SandboxPlan, SandboxReport, enter, plan_for_code
from sekisho.transport import use
from sekisho.transport.briefing import Briefing, read_briefing
from sekisho.transport.doors import Doors, OpenDoors
from sekisho.transport.keys import CROSSING_KEY, signing_key
from sekisho.transport.sender import SocketCrosser

if TYPE_CHECKING:
    from sekisho.processes.serve_pages import WsgiApp
    from sekisho.transport.outbox import Outbox

log = logging.getLogger("sekisho.processes")

Work = Callable[[Briefing, threading.Event], None]
PR_SET_PDEATHSIG = 1
EXIT_WORK_FAILED = 3
WORK_STOP_LIMIT_SECONDS = 8.0
MAX_FORBIDDEN_LINES_PER_MINUTE = 60
"""A process that hammers a door may fill a log, but not the evidence."""


def _no_keys(_folder: Path) -> dict[str, bytes]:
    return {}


@dataclass(frozen=True, kw_only=True)
class Process:
    """What one process is made of. Every function is called after the sandbox stands, in the order
    of the fields, but `prepare` and `sandbox`.

    zone: the zone of this process, as the table of permits names it.
    settings: gives Django's settings (`django_settings.build`); None for a process without Django.
        With `briefing=None` it must do for comparing models with migrations.
    doors: the zone's doors; None gives doors that answer nothing but `Health`.
    outbox: the zone's outbox, started after the doors.
    pages: the WSGI application, the edge around it included, for `page_fds["pages"]`.
    page_options: further arguments for waitress (`EdgeLimits().for_waitress()`).
    works: run in threads of their own until the event is set; one that fails ends the process.
    checks: by name, a function that says what is wrong, for `Health`.
    concerns: the same for what a person must look at, while the process serves all the same.
    sandbox: adds to the plan: folders to read, ports to connect to.
    prepare: makes the process's own keys in its keys folder (the key for crossings is made for
        every process) and gives the public ones by name, raw.
    """

    zone: str
    settings: Callable[[Briefing | None], dict[str, Any]] | None = None
    doors: Callable[[Briefing], Doors] | None = None
    outbox: "Callable[[Briefing], Outbox] | None" = None
    pages: "Callable[[Briefing], WsgiApp] | None" = None
    page_options: Callable[[], dict[str, Any]] = dict
    works: Sequence[Work] = ()
    checks: Callable[[], dict[str, Callable[[], str]]] = dict
    concerns: Callable[[], dict[str, Callable[[], str]]] = dict
    sandbox: Callable[[Briefing, SandboxPlan], SandboxPlan] = lambda _briefing, plan: plan
    prepare: Callable[[Path], dict[str, bytes]] = _no_keys


def main(process: Process) -> None:
    """Do what the command line says: `run` (the default), `prepare` or `migrate`.

    The supervisor starts it so, with a briefing; by hand it says so and ends.
    """
    # A tenth of the start is the collector looking through modules that stay for ever.
    gc.disable()
    verbs = {"run": run, "prepare": prepare, "migrate": migrate}
    verb = sys.argv[1] if len(sys.argv) > 1 else "run"
    if verb not in verbs:
        sys.exit(f"{verb}: unknown; say run, prepare or migrate")
    try:
        briefing = read_briefing()
    except RuntimeError as error:
        sys.exit(str(error))
    verbs[verb](process, briefing)


def prepare(process: Process, briefing: Briefing) -> None:
    """Make the process's keys where they are missing; print the public ones as JSON."""
    folder = briefing.keys_folder
    crossing = signing_key(folder, CROSSING_KEY).public_key().public_bytes_raw()
    keys = {CROSSING_KEY: crossing, **process.prepare(folder)}
    print(json.dumps({name: base64.b64encode(raw).decode() for name, raw in keys.items()}))


def migrate(process: Process, briefing: Briefing) -> None:
    """Bring the zone's schema up to date; the briefing's role is the schema's owner."""
    if process.settings is None:
        sys.exit(f"{briefing.process} has no records to migrate")
    django_settings.set_up(process.settings(briefing))
    from django.core.management import call_command

    call_command("migrate", verbosity=0, interactive=False)


def run(process: Process, briefing: Briefing) -> None:
    """Be the process until SIGTERM or SIGINT, then end with everything in hand finished."""
    # The kernel ends us with the supervisor: nobody is left behind without a keeper.
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    stop = threading.Event()
    start_log(Path(briefing.log_folder))
    memory = MemoryReader()
    key = signing_key(briefing.keys_folder, CROSSING_KEY)
    listeners = {use: _listen(number) for use, number in briefing.page_fds.items()}
    sandbox = enter(process.sandbox(briefing, _plan(briefing)))
    log.info("started as %s, %s", briefing.process, sandbox.describe())
    if process.settings is not None:
        django_settings.set_up(process.settings(briefing))
    crosser = SocketCrosser(
        process=briefing.process, zone=briefing.zone, key=key, peers=briefing.peers
    )
    use(crosser)
    running = _Running(stop)
    running.watch_signals()
    doors = _open_doors(process, briefing, sandbox, memory)
    outbox = process.outbox(briefing) if process.outbox else None
    if outbox is not None:
        outbox.start()
    gc.freeze()
    gc.enable()
    for work in process.works:
        running.start(work, briefing)
    if process.pages is not None:
        _serve(process, briefing, listeners["pages"], running)
    stop.wait()
    log.info("stopping")
    if doors is not None:
        doors.shut()
    if outbox is not None:
        outbox.stop()
    running.finish()
    crosser.close()
    log.info("stopped")
    logging.shutdown()
    # Idle connection threads hold nothing; waiting for them would only slow the stop.
    os._exit(running.exit_status)


class _Running:
    """The stop event, the signals that set it and the works that end with it."""

    def __init__(self, stop: threading.Event) -> None:
        self.stop = stop
        self.exit_status = 0
        self.on_stop: list[Callable[[], None]] = []
        self._threads: list[threading.Thread] = []

    def watch_signals(self) -> None:
        """Wait for the order to stop in a thread of its own.

        A Python signal handler would run inside whatever the main thread is at, holding its locks.
        """
        orders = {signal.SIGTERM, signal.SIGINT}
        signal.pthread_sigmask(signal.SIG_BLOCK, orders)

        def watch() -> None:
            signal.sigwait(orders)
            self.end()

        threading.Thread(target=watch, name="signals", daemon=True).start()

    def end(self, status: int = 0) -> None:
        self.exit_status = self.exit_status or status
        self.stop.set()
        for step in self.on_stop:
            step()

    def start(self, work: Work, briefing: Briefing) -> None:
        def go() -> None:
            try:
                work(briefing, self.stop)
            except Exception:
                log.exception("work failed; the process ends and is started again")
                self.end(EXIT_WORK_FAILED)

        thread = threading.Thread(target=go, name=work.__name__, daemon=True)
        thread.start()
        self._threads.append(thread)

    def finish(self) -> None:
        deadline = time.monotonic() + WORK_STOP_LIMIT_SECONDS
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))


def _plan(briefing: Briefing) -> SandboxPlan:
    return plan_for_code().also(write=(Path(briefing.folder), Path(briefing.log_folder)))


def _listen(number: int) -> socket.socket:
    listener = socket.socket(fileno=number)
    listener.set_inheritable(False)
    return listener


def _open_doors(
    process: Process, briefing: Briefing, sandbox: SandboxReport, memory: MemoryReader
) -> OpenDoors | None:
    if briefing.doors_fd is None:
        return None
    doors = process.doors(briefing) if process.doors else Doors(process.zone)
    checks = dict(process.checks())
    concerns = dict(process.concerns())
    if process.settings is not None and briefing.database is not None:
        from sekisho.database.connections import WorkerConnections

        doors.work_within(WorkerConnections())
        checks["database"] = check_database
        doors.on_forbidden(_tell_evidence(process.zone))
    if process.outbox is not None:
        concerns["outbox"] = check_outbox
    add_health(doors, briefing, sandbox, memory, checks, concerns)
    return doors.open(
        _listen(briefing.doors_fd),
        process=briefing.process,
        key=signing_key(briefing.keys_folder, CROSSING_KEY),
        callers={peer.process: peer for peer in briefing.peers},
    )


def _tell_evidence(zone: str) -> Callable[[str, str], None]:
    """What writes forbidden crossings to evidence (PCI DSS 10.2.1.4), so many a minute."""
    minutes: dict[int, int] = {}

    def tell(caller: str, what: str) -> None:
        from sekisho import evidence

        minute = int(time.monotonic() // 60)
        written = minutes.get(minute, 0)
        minutes.clear()
        minutes[minute] = written + 1
        if written < MAX_FORBIDDEN_LINES_PER_MINUTE:
            facts = {"caller": caller, "tried": what}
            evidence.append(kind=f"{zone}.crossing_forbidden", subject=caller, facts=facts)

    return tell


def _serve(
    process: Process, briefing: Briefing, listener: socket.socket, running: _Running
) -> None:
    from sekisho.processes.serve_pages import PageServer

    if process.pages is None:
        return
    server = PageServer(process.pages(briefing), listener, **process.page_options())
    running.on_stop.append(server.wake)
    server.serve(running.stop)
