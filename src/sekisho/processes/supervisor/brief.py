"""Writes briefings: what a process is told at its start, and nothing that is not its business."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sekisho.crossings.permits import PERMITS
from sekisho.processes.supervisor.data_folder import DataFolder
from sekisho.processes.supervisor.roster import Seat, addresses
from sekisho.transport.briefing import Briefing, DatabaseRole, Peer
from sekisho.transport.keys import CROSSING_KEY

TERMINAL, SUPERVISOR = "terminal", "supervisor"


@dataclass(frozen=True)
class Party:
    """Someone who crosses: a process, the terminal or the supervisor itself."""

    process: str
    zone: str
    name: str | None = None


class BriefingDesk:
    """Knows everyone's public keys and writes each one's briefing."""

    def __init__(
        self,
        data: DataFolder,
        roster: Iterable[Seat],
        public_keys: Mapping[str, Mapping[str, bytes]],
        settings: Callable[[str], dict[str, Any]],
    ) -> None:
        """public_keys: by process, its public keys by name; settings: by zone."""
        self._data = data
        self._roster = tuple(roster)
        self._keys = public_keys
        self._settings = settings
        self._parties = [Party(seat.process, seat.zone, seat.name) for seat in self._roster]
        self._parties += [Party(TERMINAL, TERMINAL), Party(SUPERVISOR, SUPERVISOR)]

    def brief(
        self,
        party: Party,
        *,
        folder: str,
        database: DatabaseRole | None = None,
        doors_fd: int | None = None,
        page_fds: dict[str, int] | None = None,
    ) -> Briefing:
        """The briefing of one party."""
        return Briefing(
            process=party.process,
            zone=party.zone,
            name=party.name,
            folder=folder,
            log_folder=str(self._data.log_of(party.process)),
            database=database,
            doors_fd=doors_fd,
            page_fds=page_fds or {},
            peers=self._peers_of(party),
            public_keys=self._receiving_keys(),
            addresses=addresses(self._roster),
            settings=self._settings(party.zone),
        )

    def _peers_of(self, party: Party) -> list[Peer]:
        peers = []
        for other in self._parties:
            sends, is_sent = may_cross(party.zone, other.zone), may_cross(other.zone, party.zone)
            if other.process == party.process or not (sends or is_sent):
                continue
            socket = str(self._data.socket_of(other.process)) if sends else None
            peers.append(
                Peer(
                    process=other.process,
                    zone=other.zone,
                    name=other.name,
                    crossing_key=self._keys[other.process][CROSSING_KEY],
                    socket=socket,
                )
            )
        return peers

    def _receiving_keys(self) -> dict[str, bytes]:
        return {
            f"{process}.{name}": raw
            for process, keys in self._keys.items()
            for name, raw in keys.items()
            if name != CROSSING_KEY
        }


def may_cross(sender: str, receiver: str) -> bool:
    """Whether the table of permits lets zone `sender` send anything to zone `receiver`."""
    return any(
        sender in callers and message.receiver in (receiver, "*")
        for message, callers in PERMITS.items()
        if receiver != TERMINAL
    )
