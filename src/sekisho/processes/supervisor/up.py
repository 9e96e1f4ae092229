"""`sekisho up`, told in order: hold, make, lay down, start, watch, stop."""

import compileall
import logging
import os
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

import sekisho
from sekisho.crossings.message import Health, HealthShown
from sekisho.crossings.supervisor import PlatformShown, ShowPlatform
from sekisho.processes.cluster import Cluster
from sekisho.processes.cluster_errors import ClusterError
from sekisho.processes.evidence_schema import READER
from sekisho.processes.evidence_schema import SUPERVISOR as SUPERVISOR_ROLE
from sekisho.processes.json_log import start_log
from sekisho.processes.secret_files import write_secret
from sekisho.processes.supervisor.ask_health import HealthRounds
from sekisho.processes.supervisor.brief import SUPERVISOR, TERMINAL, BriefingDesk, Party
from sekisho.processes.supervisor.child import Child, end_all
from sekisho.processes.supervisor.data_folder import (
    DataFolder,
    check_reachable_without_privileges,
)
from sekisho.processes.supervisor.gather_keys import gather_keys
from sekisho.processes.supervisor.hook_settings import hook_settings
from sekisho.processes.supervisor.lay_down import lay_down, open_roles
from sekisho.processes.supervisor.leftovers import end_leftovers, note_running
from sekisho.processes.supervisor.orders import Orders
from sekisho.processes.supervisor.roster import Seat
from sekisho.processes.supervisor.show_status import gather_status
from sekisho.processes.supervisor.site_files import lay_over, site_settings
from sekisho.processes.supervisor.sockets import HeldSockets
from sekisho.processes.supervisor.start_program import open_output, start_program
from sekisho.processes.supervisor.tell_evidence import EvidenceTeller
from sekisho.transport.briefing import Briefing, DatabaseRole
from sekisho.transport.doors import Caller, Doors, OpenDoors
from sekisho.transport.keys import CROSSING_KEY, signing_key
from sekisho.transport.sender import SocketCrosser

WATCH_SECONDS = 2.0
"""Longest pause of the watch; a death wakes it at once."""
STOP_LIMIT_SECONDS = 12.0
BRIEFING_FILE = "briefing.json"

log = logging.getLogger("sekisho.supervisor")


@dataclass
class Progress:
    """Whom the supervisor tells what it does: `step` for people, nothing by default."""

    step: Callable[[str], None] = lambda _text: None


class Platform:
    """One running platform on one data folder."""

    def __init__(self, data: DataFolder, roster: tuple[Seat, ...], progress: Progress) -> None:
        self.data = data
        self.roster = roster
        self.progress = progress
        self.orders = Orders()
        self.children: list[Child] = []
        self.first_start = not (data.postgres / "pgdata").exists()
        self._began = time.monotonic()
        self._sockets = HeldSockets()
        self._ready = False
        self._doors: OpenDoors | None = None
        self._rounds: HealthRounds | None = None
        self._evidence: EvidenceTeller | None = None
        self._cluster: Cluster | None = None

    # -- up -------------------------------------------------------------------------------------

    def start(self) -> None:
        """Bring everything up to the point where every process was started.

        Raises SupervisorError or ClusterError; then call `stop`, as after everything else.
        """
        # Whatever a library writes for us is for this user alone.
        os.umask(0o077)
        self.data.make([seat.process for seat in self.roster])
        check_reachable_without_privileges(
            [self.data.root, Path(sekisho.__file__).parent, Path(subprocess.__file__).parent]
        )
        self.data.lock()
        start_log(self.data.log_of(SUPERVISOR))
        end_leftovers(self.data.root)
        self._sockets.open_pages(self.roster)
        self.orders.listen()
        for seat in self.roster:
            self._sockets.open_doors(seat.process, self.data.socket_of(seat.process))
        self._sockets.open_doors(SUPERVISOR, self.data.socket_of(SUPERVISOR))
        # Processes can't write bytecode from within their sandbox; a changed file would be compiled
        # anew by each of them at every start.
        compileall.compile_dir(Path(sekisho.__file__).parent, quiet=2)
        self.progress.step("database")
        cluster = self._start_cluster()
        self.progress.step("keys")
        keys = gather_keys(self.data, self.roster)
        self.progress.step("schemas")
        lay_down(cluster, self.roster, self._start_migration)
        roles = open_roles(cluster, self.roster)
        self._evidence = EvidenceTeller(roles[SUPERVISOR_ROLE])
        desk = BriefingDesk(self.data, self.roster, keys, self._settings)
        self._brief_terminal(desk, roles[READER])
        self._open_own_doors(desk)
        self.progress.step("processes")
        self._start_children(desk, roles)

    def wait_until_ready(self, limit_seconds: float) -> bool:
        """Watch until every process answered that it is well.

        False when the limit passed first, or somebody said stop.
        """
        deadline = time.monotonic() + limit_seconds
        while time.monotonic() < deadline and not self.orders.stopping:
            self._look_after()
            if all(child.serves for child in self.children):
                self._ready = True
                self._tell("platform_ready", "platform", {"processes": len(self.children)})
                return True
            self.orders.wait(0.1)
        return False

    def watch(self) -> None:
        """Keep everything running until somebody says stop."""
        while not self.orders.stopping:
            self.orders.wait(self._next_look())
            self._look_after()

    def stop(self) -> None:
        """Stop everything in order; a second order to stop forces it."""
        if self._rounds is not None:
            self._rounds.stop()
        self._tell("platform_stopped", "platform", {"ready": self._ready})
        for rank in sorted({child.seat.stop_rank for child in self.children}):
            group = [child for child in self.children if child.seat.stop_rank == rank]
            end_all(group, STOP_LIMIT_SECONDS, self.orders.hurry)
        if self._cluster is not None:
            self._cluster.stop(self.orders.hurry)
        if self._doors is not None:
            self._doors.shut()
        self._sockets.close()
        log.info("stopped")

    # -- steps ----------------------------------------------------------------------------------

    def _start_cluster(self) -> Cluster:
        self._cluster = Cluster(
            self.data.postgres,
            run_folder=self.data.run / "pg",
            secrets_folder=self.data.secrets,
            log_folder=self.data.log_of("postgres"),
        )
        self._cluster.start()
        return self._cluster

    def _settings(self, zone: str) -> dict[str, Any]:
        folders = {
            "mail_folder": str(self.data.mail),
            "clearing_folder": str(self.data.clearing),
            "notices_folder": str(self.data.notices),
        }
        told = folders | site_settings(zone)
        if zone == "hook_sender":
            return hook_settings(self.data.root)
        return lay_over(told, self.data.root / "sites.toml") if zone == "payments" else told

    def _start_migration(self, seat: Seat, owner: DatabaseRole) -> "subprocess.Popen[bytes]":
        briefing = Briefing(
            process=seat.process,
            zone=seat.zone,
            name=seat.name,
            folder=str(self.data.of(seat.process)),
            log_folder=str(self.data.log_of(seat.process)),
            database=owner,
            settings=self._settings(seat.zone),
        )
        return start_program(
            seat.module, "migrate", briefing, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )

    def _brief_terminal(self, desk: BriefingDesk, reader: DatabaseRole) -> None:
        """What the `sekisho` command reads to cross as zone `terminal`; 0600, in `secrets`."""
        party = Party(TERMINAL, TERMINAL)
        briefing = desk.brief(party, folder=str(self.data.terminal), database=reader)
        text = msgspec.json.encode(briefing).decode()
        write_secret(self.data.terminal / BRIEFING_FILE, text)

    def _open_own_doors(self, desk: BriefingDesk) -> None:
        folder = self.data.secrets / SUPERVISOR
        briefing = desk.brief(Party(SUPERVISOR, SUPERVISOR), folder=str(folder))
        key = signing_key(briefing.keys_folder, CROSSING_KEY)
        doors = Doors(SUPERVISOR)
        doors.on(Health)(self._show_health)
        doors.on(ShowPlatform)(self._show_platform)
        self._doors = doors.open(
            self._sockets.doors_of(SUPERVISOR),
            process=SUPERVISOR,
            key=key,
            callers={peer.process: peer for peer in briefing.peers},
        )
        crosser = SocketCrosser(process=SUPERVISOR, zone=SUPERVISOR, key=key, peers=briefing.peers)
        self._rounds = HealthRounds(crosser)

    def _show_health(self, _caller: Caller, _message: Health) -> HealthShown:
        faults = {} if self._ready else {"start": "not every process has come up yet"}
        return HealthShown(ok=self._ready, faults=faults)

    def _show_platform(self, _caller: Caller, _message: ShowPlatform) -> PlatformShown:
        return self.status()

    def status(self) -> PlatformShown:
        """What `sekisho status` and the console show."""
        return gather_status(
            self.children,
            self._cluster,
            self._began,
            ready=self._ready,
            folder=str(self.data.root),
        )

    def _start_children(self, desk: BriefingDesk, roles: dict[str, DatabaseRole]) -> None:
        for seat in self.roster:
            child = Child(seat=seat, start=self._starter(desk, seat, roles.get(seat.process)))
            self.children.append(child)
            child.begin()
        note_running(self.data.root, self.children)
        if self._rounds is not None:
            self._rounds.begin(self.children)

    def _starter(
        self, desk: BriefingDesk, seat: Seat, role: DatabaseRole | None
    ) -> Callable[[], "subprocess.Popen[bytes]"]:
        doors, pages = (
            self._sockets.doors_of(seat.process).fileno(),
            self._sockets.pages_of(seat.process),
        )
        briefing = desk.brief(
            Party(seat.process, seat.zone, seat.name),
            folder=str(self.data.of(seat.process)),
            database=role,
            doors_fd=doors,
            page_fds=pages,
        )

        def start() -> "subprocess.Popen[bytes]":
            with open_output(self.data.log_of(seat.process)) as output:
                return start_program(
                    seat.module,
                    "run",
                    briefing,
                    pass_fds=(doors, *pages.values()),
                    stdout=output,
                    stderr=output,
                )

        return start

    # -- watching -------------------------------------------------------------------------------

    def _look_after(self) -> None:
        self._look_after_database()
        changed = False
        for child in self.children:
            why = child.look()
            if why is not None:
                changed = True
                log.error("%s %s", child.seat.process, why)
                self._tell("process_ended", child.seat.process, {"why": why})
            if child.start_again_if_due():
                changed = True
                facts = {"restarts": child.restarts, "pid": child.pid}
                self._tell("process_restarted", child.seat.process, facts)
        if changed:
            note_running(self.data.root, self.children)
        if self._evidence is not None:
            self._evidence.retry()

    def _look_after_database(self) -> None:
        if self._cluster is None or self._cluster.pid is not None:
            return
        log.error("PostgreSQL ended")
        try:
            self._cluster.start()
        except ClusterError as error:
            log.exception("PostgreSQL does not come back")
            self._tell("database_lost", "database", {"why": str(error)[:500]})
            self.orders.wait(WATCH_SECONDS)
            return
        self._tell("database_restarted", "database", {"pid": self._cluster.pid})

    def _next_look(self) -> float:
        due = [c.next_start - time.monotonic() for c in self.children if c.program is None]
        return max(0.05, min([WATCH_SECONDS, *due]))

    def _tell(self, kind: str, subject: str, facts: dict[str, Any]) -> None:
        log.info("%s %s %s", kind, subject, facts)
        if self._evidence is not None:
            self._evidence.tell(kind, subject, facts)
