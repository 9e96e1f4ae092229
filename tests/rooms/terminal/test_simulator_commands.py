"""`sekisho simulator …` and `sekisho clearing import`, with the simulated host at work beside."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sekisho.crossings.payments import ClearingNoted, NoteClearing, RowsSettled, SettleRows
from sekisho.processes.terminal import connect
from sekisho.processes.terminal.main import main
from sekisho.simulators.card_network.book import Book, business_day
from sekisho.simulators.card_network.control import FOLDER
from sekisho.simulators.card_network.look_after import Caretaker
from sekisho.vocabulary.clock import now
from sekisho.vocabulary.identifiers import new_reference
from tests.rooms.terminal.test_clearing import captured

REFERENCE = new_reference()


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Book]:
    monkeypatch.setenv("SEKISHO_DATA", str(tmp_path))
    folder = tmp_path / "sim_card_network"
    book = Book(folder)
    entry = captured(1, 1_000, day=business_day(now()))
    entry.reference = REFERENCE
    book.write(entry)
    caretaker, over = Caretaker(folder, book, now), threading.Event()

    def look() -> None:
        while not over.wait(0.05):
            caretaker.look()

    thread = threading.Thread(target=look)
    thread.start()
    yield book
    over.set()
    thread.join()
    book.close()


def test_a_payment_is_disputed_and_decided(host: Book, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulator", "chargeback", REFERENCE.lower(), "--amount", "400"]) == 0
    case_number = capsys.readouterr().out.strip()
    case = host.chargeback(case_number)
    assert case is not None
    assert (case.amount, case.state) == (400, "open")
    assert main(["simulator", "chargeback", REFERENCE, "--amount", "601"]) == 1
    assert "at most 600 yen" in capsys.readouterr().err
    assert main(["simulator", "decide", case_number, "won"]) == 0
    assert case.state == "won"
    assert main(["simulator", "decide", case_number, "lost"]) == 1
    assert main(["simulator", "decide", "CB1", "lost"]) == 1
    assert "no case CB1" in capsys.readouterr().err


def test_an_order_that_is_none_is_answered_and_taken_away(host: Book, tmp_path: Path) -> None:
    control = tmp_path / "sim_card_network" / FOLDER
    control.mkdir(exist_ok=True)
    (control / "1.json").write_text('{"do": "nothing"}')
    answer = control / "1.answer"
    while not answer.exists():
        pass
    assert json.loads(answer.read_bytes())["done"] is False
    while (control / "1.json").exists():
        pass


class FakeCrosser:
    """Plays payments: settles a row once."""

    seen: set[str] = set()

    def __init__(self, *_: Any) -> None:
        pass

    def cross(self, message: Any, *, seconds: float) -> Any:
        if isinstance(message, NoteClearing):
            assert not message.final and message.rows == 1 and len(message.sha256) == 64
            return ClearingNoted(closed=[], differences_open=0)
        assert isinstance(message, SettleRows)
        fresh = {row.network_reference for row in message.rows} - self.seen
        before = len(message.rows) - len(fresh)
        self.seen |= fresh
        return RowsSettled(settled=len(fresh), settled_before=before, differences=[])


def test_a_day_is_fetched_and_settled(
    host: Book,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(connect, "TerminalCrosser", FakeCrosser)
    monkeypatch.setattr(FakeCrosser, "seen", set())
    file = tmp_path / "today.csv"
    assert main(["simulator", "clearing", "--to", str(file)]) == 0
    assert "(1 rows)" in capsys.readouterr().out
    assert main(["clearing", "import", str(file), "--dry-run"]) == 0
    assert "nothing was sent" in capsys.readouterr().out
    assert main(["clearing", "import", str(file)]) == 1
    assert "is not over" in capsys.readouterr().err
    assert main(["clearing", "import", str(file), "--so-far"]) == 0
    assert "1 settled, 0 settled before, 0 differ" in capsys.readouterr().out
    assert main(["clearing", "import", str(file), "--so-far", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["settled_before"] == 1
    file.write_bytes(file.read_bytes().replace(b",1000\r\n", b",1001\r\n", 1))
    assert main(["clearing", "import", str(file), "--so-far"]) == 1
    assert "line 3: the trailer says capture yen" in capsys.readouterr().err


def test_a_day_that_is_none_is_refused(host: Book, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulator", "clearing", "yesterday"]) == 1
    assert "is no day" in capsys.readouterr().err
