"""The roster: every process of the platform, where it listens and what it keeps."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import sekisho
from sekisho.processes.evidence_schema import KEEPER

HOST = "localhost"
MAX_PORT = 65_535


@dataclass(frozen=True)
class Seat:
    """One process as the supervisor starts it.

    ports: TCP port by use. stop_rank: lower stops first, so that no page offers what stopped.
    own_role: a database role that comes with no schema of its own.
    """

    process: str
    zone: str
    title: str
    stop_rank: int
    name: str | None = None
    ports: dict[str, int] = field(default_factory=dict)
    scheme: str = "http"
    own_role: str | None = None

    @property
    def module(self) -> str:
        """What `python -m` runs."""
        return f"sekisho.processes.{self.process.partition('.')[0]}"

    @property
    def records(self) -> Path | None:
        """The folder of its zone's records, None for a zone that keeps nothing."""
        folder = Path(sekisho.__file__).parent / self.zone / "records"
        return folder if any((folder / "migrations").glob("0*.py")) else None

    @property
    def schema(self) -> str | None:
        """Its schema: one for each zone, and one for each payer site."""
        return self.process.replace(".", "_") if self.records else None

    @property
    def address(self) -> str | None:
        """Its public address, None for a process that only its peers reach."""
        port = next(iter(self.ports.values()), None)
        return f"{self.scheme}://{HOST}:{port}" if port else None


def _site(name: str, title: str, port: int) -> Seat:
    return Seat(
        process=f"payer_site.{name}",
        zone="payer_site",
        name=name,
        title=title,
        stop_rank=1,
        ports={"pages": port},
    )


SEATS: tuple[Seat, ...] = (
    _site("metropolitan_tax", "tax site", 7001),
    _site("group_life_premium", "premium site", 7002),
    Seat("vault", "vault", "vault card form", 3, ports={"pages": 7003}),
    Seat("client_desk", "client_desk", "client desk", 1, ports={"pages": 7004}),
    Seat("console", "console", "console", 1, ports={"pages": 7005}),
    Seat("notices", "notices", "notices site", 1, ports={"pages": 7006}),
    Seat("sim_three_d_secure", "sim_three_d_secure", "3-D Secure", 4, ports={"pages": 7007}),
    Seat(
        "sim_card_network",
        "sim_card_network",
        "card network",
        4,
        ports={"network": 7008},
        scheme="tcp",
    ),
    Seat("card_network", "card_network", "card network door", 3, ports={"rreq": 7009}),
    Seat("sim_mailbox", "sim_mailbox", "mailbox", 4, ports={"pages": 7010}),
    Seat("payments", "payments", "payments", 2),
    Seat("hook_sender", "hook_sender", "webhooks' way out", 2),
    Seat("evidence_keeper", "evidence_keeper", "evidence keeper", 5, own_role=KEEPER),
)


def seats(*, port_base: int = 0) -> tuple[Seat, ...]:
    """The roster with `port_base` added to every port, so that two platforms can run side by side.

    Raises ValueError when a port would be out of range.
    """
    moved = tuple(_move(seat, port_base) for seat in SEATS)
    highest = max(port for seat in moved for port in seat.ports.values())
    lowest = min(port for seat in moved for port in seat.ports.values())
    if lowest < 1 or highest > MAX_PORT:
        raise ValueError(f"--port-base {port_base}: ports would be {lowest} to {highest}")
    return moved


def _move(seat: Seat, port_base: int) -> Seat:
    ports = {use: port + port_base for use, port in seat.ports.items()}
    return Seat(**{**seat.__dict__, "ports": ports})


def addresses(roster: Sequence[Seat]) -> dict[str, str]:
    """The address of each process that has one."""
    return {seat.process: seat.address for seat in roster if seat.address}
