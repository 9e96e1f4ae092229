"""The simulated network's own rules, book and faults."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sekisho.simulators.card_network import book as book_module
from sekisho.simulators.card_network.book import (
    FILE_NAME,
    Book,
    Entry,
    Key,
    double_charges,
    read_book,
)
from sekisho.simulators.card_network.conversation import Conversation
from sekisho.simulators.card_network.faults import FaultFile, Faults, write_faults
from sekisho.simulators.card_network.host import CardNetworkHost
from sekisho.simulators.card_network.packing import HostMessage, PackingError, pack, unpack

NOW = datetime(2026, 4, 1, 3, 0, tzinfo=UTC)
GOOD = "4111111111111111"


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Book]:
    book = Book(tmp_path)
    yield book
    book.close()


@pytest.fixture
def talk(book: Book) -> Conversation:
    talk = Conversation(book, lambda: NOW)
    assert answered(talk, "0800", {7: "0401030000", 11: "000001", 70: "001"}) == "00"
    return talk


def request(kind: str, fields: dict[int, str]) -> HostMessage:
    return unpack(pack(HostMessage(kind, fields)))


def answered(talk: Conversation, kind: str, fields: dict[int, str]) -> str | None:
    replies = talk.answer(request(kind, fields), Faults(late_after_s=1.0))
    return replies[0].message.fields[39] if replies else None


def authorisation(trace: int, **changed: str) -> dict[int, str]:
    fields = {
        2: GOOD,
        3: "000000",
        4: "000000001000",
        7: "0401030000",
        11: f"{trace:06d}",
        14: "3512",
        22: "810",
        25: "59",
        32: "49000001",
        37: f"609103{trace:06d}",
        42: "MERCHANT       ",
        48: "9203123",
        49: "392",
        62: "REF-1",
    }
    fields.update({int(name[1:]): text for name, text in changed.items()})
    return fields


def about(original: int, trace: int, amount: int = 1000, **changed: str) -> dict[int, str]:
    fields = {
        3: "000000",
        4: f"{amount:012d}",
        7: "0401030000",
        11: f"{trace:06d}",
        32: "49000001",
        37: f"609103{trace:06d}",
        42: "MERCHANT       ",
        90: f"0100{original:06d}0401030000{'49000001':0>11}{'':0>11}",
    }
    fields.update({int(name[1:]): text for name, text in changed.items()})
    return fields


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({}, "00"),
        ({"f2": "4242424242424242"}, "14"),
        ({"f14": "2603"}, "54"),
        ({"f14": "3513"}, "54"),
        ({"f48": "9203000"}, "N7"),
        ({"f48": "92"}, "30"),
        ({"f48": "4202059203123"}, "12"),
        ({"f49": "840"}, "12"),
        ({"f4": "000000000000"}, "13"),
        ({"f25": "51"}, "13"),
    ],
)
def test_an_authorisation_is_judged_by_its_fields(
    changed: dict[str, str], code: str, talk: Conversation
) -> None:
    assert answered(talk, "0100", authorisation(1, **changed)) == code


def test_nothing_is_answered_before_sign_on(book: Book) -> None:
    talk = Conversation(book, lambda: NOW)
    assert answered(talk, "0100", authorisation(1)) == "12"
    assert book.entries() == []


def test_a_request_said_twice_is_one_entry_with_one_answer(talk: Conversation, book: Book) -> None:
    first = talk.answer(request("0100", authorisation(1)), Faults(late_after_s=1))[0].message
    second = talk.answer(request("0101", authorisation(1)), Faults(late_after_s=1))[0].message
    assert first.fields == second.fields
    assert len(book.entries()) == 1


def test_a_reversal_closes_its_trace_number_for_a_request_still_on_its_way(
    talk: Conversation, book: Book
) -> None:
    assert answered(talk, "0420", about(1, 2)) == "25"
    assert answered(talk, "0100", authorisation(1)) == "94"
    assert not any(entry.stands for entry in book.entries())


def test_a_captured_authorisation_is_not_reversed_but_refunded_up_to_what_is_left(
    talk: Conversation, book: Book
) -> None:
    answered(talk, "0100", authorisation(1))
    assert answered(talk, "0220", about(1, 2, 1001)) == "13"
    assert answered(talk, "0220", about(1, 2)) == "00"
    assert answered(talk, "0221", about(1, 2)) == "00"
    assert answered(talk, "0220", about(1, 3)) == "94"
    assert answered(talk, "0400", about(1, 4)) == "21"
    refund = {"f3": "200000"}
    assert answered(talk, "0200", about(1, 5, 600, **refund)) == "00"
    assert answered(talk, "0201", about(1, 5, 600, **refund)) == "00"
    assert answered(talk, "0200", about(1, 6, 401, **refund)) == "13"
    assert answered(talk, "0200", about(1, 6, 400, **refund)) == "00"
    entry = book.find(Key("49000001", "000001", "0401030000"))
    assert entry is not None
    assert (entry.captured, entry.refunded) == (1000, 1000)


def test_an_inquiry_says_what_became_of_a_message(talk: Conversation) -> None:
    assert answered(talk, "0600", about(1, 9)) == "25"
    answered(talk, "0100", authorisation(1))
    answered(talk, "0100", authorisation(2, f2="4000005100000000"))
    for original, says in ((1, "00 approved"), (2, "51 declined")):
        reply = talk.answer(request("0600", about(original, 9)), Faults(late_after_s=1))[0].message
        assert (reply.fields[39], reply.fields[44]) == ("00", says)


def test_a_double_charge_is_seen_unless_one_was_given_back(talk: Conversation, book: Book) -> None:
    for trace in (1, 2):
        answered(talk, "0100", authorisation(trace))
    assert double_charges(book.entries()) == [("MERCHANT", "REF-1")]
    answered(talk, "0400", about(2, 3))
    assert double_charges(book.entries()) == []


def test_the_book_is_read_again_after_a_kill_in_the_middle_of_a_line(tmp_path: Path) -> None:
    book = Book(tmp_path)
    entries = [
        Entry(key=Key("1", f"{serial:06d}", "x"), kind="authorisation", state="approved",
              response_code="00", amount=serial)
        for serial in range(3)
    ]  # fmt: skip
    book.write(*entries)
    book.close()
    path = tmp_path / FILE_NAME
    path.write_bytes(path.read_bytes()[:-20])
    again = Book(tmp_path)
    assert [entry.amount for entry in again.entries()] == [0, 1]
    again.write(entries[2])
    again.close()
    assert [entry.amount for entry in read_book(tmp_path)] == [0, 1, 2]


def test_the_book_holds_no_card_number(talk: Conversation, tmp_path: Path) -> None:
    answered(talk, "0100", authorisation(1))
    written = (tmp_path / FILE_NAME).read_text()
    assert GOOD not in written
    assert "411111******1111" in written


def test_faults_are_read_when_the_file_changes_and_kept_when_it_is_wrong(tmp_path: Path) -> None:
    file = FaultFile(tmp_path)
    assert file.refresh() == Faults()
    write_faults(tmp_path, Faults(latency_s=2.0))
    assert file.refresh().latency_s == 2.0
    (tmp_path / "faults.json").write_text('{"latency_s": -1}')
    assert file.refresh().latency_s == 2.0
    (tmp_path / "faults.json").write_text('{"latencey_s": 1, "drop": 0.5}')
    assert file.refresh().latency_s == 2.0
    (tmp_path / "faults.json").unlink()
    assert file.refresh() == Faults()


def test_the_same_seed_gives_the_same_faults(tmp_path: Path) -> None:
    runs = []
    for serial in range(2):
        write_faults(tmp_path, Faults(seed=7, drop_answer=0.5, delay_s=1.0 + serial))
        file = FaultFile(tmp_path)
        file.refresh()
        runs.append([file.happens(0.5) for _ in range(50)])
    assert runs[0] == runs[1]
    assert len(set(runs[0])) == 2


async def _survives(folder: Path, garbage: bytes) -> bool:
    host = CardNetworkHost(folder)
    port = await host.start()
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(garbage)
    await writer.drain()
    writer.close()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    wire = pack(HostMessage("0800", {7: "0401030000", 11: "000001", 70: "001"}))
    writer.write(len(wire).to_bytes(2, "big") + wire)
    length = int.from_bytes(await reader.readexactly(2), "big")
    answer = unpack(await reader.readexactly(length))
    writer.close()
    await host.stop()
    return answer.fields[39] == "00"


@given(garbage=st.binary(max_size=3_000))
def test_garbage_frames_do_not_stop_the_network(
    garbage: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("network")
    assert asyncio.run(_survives(folder, garbage))


fields = st.dictionaries(
    st.sampled_from([2, 3, 4, 7, 11, 14, 22, 25, 32, 37, 42, 48, 49, 62, 70, 90]),
    st.text("0123456789 A", min_size=1, max_size=42),
    max_size=12,
)


@given(kind=st.from_regex(r"0[0-9]{3}", fullmatch=True), content=fields)
def test_any_message_is_answered_or_refused_but_never_breaks_the_network(
    kind: str, content: dict[int, str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    try:
        asked = request(kind, {**authorisation(1), **content})
    except PackingError:
        return
    book = Book(tmp_path_factory.mktemp("network"))
    talk = Conversation(book, lambda: NOW)
    talk.signed_on = True
    for reply in talk.answer(asked, Faults(late_after_s=1.0)):
        pack(reply.message)
    book.close()


def test_the_book_is_one_line_for_each_entry_after_a_start(tmp_path: Path) -> None:
    book = Book(tmp_path)
    talk = Conversation(book, lambda: NOW)
    answered(talk, "0800", {7: "0401030000", 11: "000001", 70: "001"})
    assert answered(talk, "0100", authorisation(1)) == "00"
    assert answered(talk, "0220", about(1, 2)) == "00"
    book.close()
    assert len((tmp_path / FILE_NAME).read_bytes().splitlines()) == 2
    Book(tmp_path).close()
    (line,) = (tmp_path / FILE_NAME).read_bytes().splitlines()
    assert [entry.state for entry in read_book(tmp_path)] == ["captured"]
    assert b'"captured"' in line


def test_a_full_book_is_turned_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(book_module, "MAX_FILE_LINES", 3)
    book = Book(tmp_path)
    talk = Conversation(book, lambda: NOW)
    answered(talk, "0800", {7: "0401030000", 11: "000001", 70: "001"})
    for trace in range(1, 8):
        assert answered(talk, "0100", authorisation(trace)) == "00"
    book.close()
    names = [book_module.OLD_FILE_NAME, FILE_NAME]
    assert [len((tmp_path / name).read_bytes().splitlines()) for name in names] == [3, 1]
    assert [entry.key.trace for entry in read_book(tmp_path)] == [
        "000004", "000005", "000006", "000007",
    ]  # fmt: skip


def test_a_refund_said_with_another_amount_is_refused(talk: Conversation) -> None:
    answered(talk, "0100", authorisation(1))
    answered(talk, "0220", about(1, 2))
    assert answered(talk, "0200", about(1, 3, 400, f3="200000")) == "00"
    assert answered(talk, "0201", about(1, 3, 400, f3="200000")) == "00"
    assert answered(talk, "0201", about(1, 3, 401, f3="200000")) == "94"
    assert answered(talk, "0200", about(1, 4, 601, f3="200000")) == "13"
