"""The clearing file: what the simulated network writes, the terminal reads; nothing else passes."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sekisho.bank_files.clearing import ClearingBroken, check_clearing, pieces
from sekisho.crossings.payments import MAX_CLEARING_ROWS
from sekisho.simulators.card_network.book import Book, Entry, Key
from sekisho.simulators.card_network.clearing import write_clearing
from sekisho.simulators.card_network.disputes import Disputes

DAY = "2026-04-01"
NOON = datetime(2026, 4, 1, 3, 0, tzinfo=UTC)
AFTER = datetime(2026, 4, 1, 15, 30, tzinfo=UTC)
"""Half past midnight in Tokyo."""


def captured(serial: int, amount: int, day: str = DAY) -> Entry:
    return Entry(
        key=Key("49000001", f"{serial:06d}", "0401030000"),
        kind="authorisation",
        state="captured",
        response_code="00",
        amount=amount,
        captured=amount,
        retrieval_reference=f"609103{serial:06d}",
        merchant="MERCHANT",
        reference=f"REF-{serial}",
        day=day,
    )


def refund(serial: int, of: Entry, amount: int) -> Entry:
    of.refunded += amount
    return Entry(
        key=Key("49000001", f"{serial:06d}", "0401040000"),
        kind="refund",
        state="refunded",
        response_code="00",
        amount=amount,
        original=of.key,
        retrieval_reference=f"609104{serial:06d}",
        merchant=of.merchant,
        reference=of.reference,
        day=DAY,
    )


@pytest.fixture
def file(tmp_path: Path) -> bytes:
    book = Book(tmp_path)
    first, second = captured(1, 1_000), captured(2, 2_500)
    book.write(first, second, captured(3, 9, day="2026-03-31"))
    book.write(refund(4, first, 300))
    disputes = Disputes(book, lambda: NOON)
    disputes.open(second)
    disputes.decide(disputes.open(first, amount=200), won=True)
    path, rows = write_clearing(tmp_path, book, DAY, acquirer="49000001", now=AFTER)
    book.close()
    assert rows == 6
    return path.read_bytes()


def test_what_the_network_writes_is_read(file: bytes) -> None:
    totals = check_clearing(io.BytesIO(file))
    assert totals.final
    assert totals.day.isoformat() == DAY
    assert totals.count == {"capture": 2, "refund": 1, "chargeback": 2, "representment": 1}
    assert totals.yen == {
        "capture": 3_500,
        "refund": 300,
        "chargeback": 2_700,
        "representment": 200,
    }
    assert totals.net_yen == 700
    (rows,) = pieces(io.BytesIO(file))
    assert [row.line for row in rows] == [2, 3, 4, 5, 6, 7]
    assert (rows[0].kind, rows[0].reference, rows[0].network_reference, rows[0].amount_yen) == (
        "capture", "REF-1", "609103000001", 1_000,
    )  # fmt: skip


def test_the_same_book_gives_the_same_file_and_a_day_under_way_says_so(tmp_path: Path) -> None:
    book = Book(tmp_path)
    book.write(captured(2, 5), captured(1, 7))
    path, _ = write_clearing(tmp_path, book, DAY, acquirer="1", now=NOON)
    first = path.read_bytes()
    write_clearing(tmp_path, book, DAY, acquirer="1", now=NOON)
    assert path.read_bytes() == first
    assert not check_clearing(io.BytesIO(first)).final
    with pytest.raises(ValueError, match="is no day"):
        write_clearing(tmp_path, book, "../x", acquirer="1", now=NOON)


def test_rows_go_in_pieces(tmp_path: Path) -> None:
    book = Book(tmp_path)
    book.write(*[captured(serial, serial) for serial in range(1, 2 * MAX_CLEARING_ROWS + 2)])
    path, _ = write_clearing(tmp_path, book, DAY, acquirer="1", now=AFTER)
    with path.open("rb") as source:
        check_clearing(source)
        assert [len(piece) for piece in pieces(source)] == [MAX_CLEARING_ROWS] * 2 + [1]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_file_changed_anywhere_is_refused(file: bytes, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(file) - 1))
    changed = bytearray(file)
    changed[at] = data.draw(st.integers(0, 255).filter(lambda byte: byte != file[at]))
    with pytest.raises(ClearingBroken, match=r"^line \d+: .*nothing was sent$"):
        check_clearing(io.BytesIO(bytes(changed)))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_file_cut_short_or_longer_is_refused(file: bytes, data: st.DataObject) -> None:
    lines = file.splitlines(keepends=True)
    kept = data.draw(st.lists(st.sampled_from(range(len(lines))), max_size=9))
    if kept == list(range(len(lines))):
        return
    with pytest.raises(ClearingBroken):
        check_clearing(io.BytesIO(b"".join(lines[one] for one in kept)))


@given(rubbish=st.binary(max_size=400))
def test_rubbish_is_refused(rubbish: bytes) -> None:
    with pytest.raises(ClearingBroken):
        check_clearing(io.BytesIO(rubbish))
