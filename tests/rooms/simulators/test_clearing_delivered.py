"""The network delivers each day's file when the day is over, also of days that it slept through."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from sekisho.simulators.card_network.book import Book, Entry, Key
from sekisho.simulators.card_network.clearing import is_final
from sekisho.simulators.card_network.look_after import Caretaker

NOON = datetime(2026, 4, 1, 3, 0, tzinfo=UTC)


class Night:
    """A host's book, its clock and the acquirer's folder."""

    def __init__(self, tmp_path: Path) -> None:
        self.moment = NOON
        self.folder, self.drop = tmp_path / "host", tmp_path / "drop"
        self.drop.mkdir()
        self.book = Book(self.folder)

    def wake(self, drop: Path | None = None) -> Caretaker:
        return Caretaker(self.folder, self.book, lambda: self.moment, drop or self.drop)

    def capture(self, serial: int, day: str) -> None:
        entry = Entry(
            key=Key("49000001", f"{serial:06d}", "0401030000"),
            kind="authorisation",
            state="captured",
            response_code="00",
            amount=1_000,
            captured=1_000,
            retrieval_reference=f"609103{serial:06d}",
            merchant="MERCHANT",
            reference=f"REF-{serial}",
            day=day,
        )
        self.book.write(entry)

    def delivered(self) -> list[str]:
        return sorted(path.name for path in self.drop.iterdir())


def test_a_day_is_delivered_when_it_is_over(tmp_path: Path) -> None:
    night = Night(tmp_path)
    night.capture(1, "2026-04-01")
    host = night.wake()
    host.look()
    assert night.delivered() == []
    night.moment += timedelta(days=1)
    host.look()
    host.look()
    assert night.delivered() == ["2026-04-01.csv"]
    assert is_final(night.drop / "2026-04-01.csv")
    assert b"REF-1" in (night.drop / "2026-04-01.csv").read_bytes()


def test_a_host_that_slept_delivers_every_day(tmp_path: Path) -> None:
    night = Night(tmp_path)
    night.capture(1, "2026-04-01")
    night.wake().look()
    night.moment += timedelta(days=3)
    night.wake().look()
    assert night.delivered() == ["2026-04-01.csv", "2026-04-02.csv", "2026-04-03.csv"]
    night.moment += timedelta(days=1)
    night.wake().look()
    assert len(night.delivered()) == 4
    for file in night.drop.iterdir():
        file.unlink()
    night.wake().look()
    assert night.delivered() == [], "delivered once"


def test_a_folder_that_is_away_stops_nothing(tmp_path: Path) -> None:
    night = Night(tmp_path)
    night.capture(1, "2026-04-01")
    host = night.wake(tmp_path / "nowhere")
    night.moment += timedelta(days=1)
    host.look()
    assert (night.folder / "clearing" / "2026-04-01.csv").exists()
