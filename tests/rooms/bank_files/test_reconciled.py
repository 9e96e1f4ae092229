"""消込: fixed-length and CSV say the same rows and give them back; the rest is refused."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sekisho.bank_files.errors import BankFileWrong
from sekisho.bank_files.reconciled import MAX_YEN, ReconciledHead, ReconciledRow
from sekisho.bank_files.reconciled_csv import COLUMNS, read_csv, write_csv
from sekisho.bank_files.reconciled_fixed import RECORD_BYTES, read_fixed, write_fixed

ASCII = "".join(chr(code) for code in range(0x21, 0x7F))
JAPANESE = "第期随時全令和年度ｱﾎﾝあア亜髙﨑①Ⅷ～ー・ "


def text(letters: str, most: int) -> Any:
    return st.text(letters, max_size=most).map(str.strip)


def signed(kind: str) -> Any:
    yen = st.integers(1, MAX_YEN)
    return yen if kind in ("capture", "correction") else yen.map(lambda amount: -amount)


KINDS = st.sampled_from(["capture", "refund", "dispute_lost", "correction"])
DAYS = st.dates(date(2000, 1, 1), date(2099, 12, 31))
ROWS = KINDS.flatmap(
    lambda kind: st.builds(
        ReconciledRow,
        kind=st.just(kind),
        payee_number=text("0123456789", 8),
        payment_number=text(ASCII, 40),
        category_number=text("0123456789", 10),
        fiscal_year=st.integers(0, 9999),
        term=text(JAPANESE, 20),
        policy_number=text(ASCII, 20),
        amount_yen=signed(kind),
        fee_yen=st.integers(-MAX_YEN, MAX_YEN),
        paid_on=DAYS,
        settled_on=DAYS,
        reference=text(ASCII, 20),
        payout_id=text(ASCII, 40),
    )
)
HEADS = st.builds(ReconciledHead, text("abc_", 40), text("見本都機構 A", 40), DAYS, DAYS, DAYS)

ROW = ReconciledRow(
    kind="capture",
    payee_number="13999",
    payment_number="9000000000000002",
    category_number="001",
    fiscal_year=2026,
    term="第3期",
    policy_number="",
    amount_yen=12_000,
    fee_yen=143,
    paid_on=date(2026, 11, 23),
    settled_on=date(2026, 11, 24),
    reference="7K3M-9QXD-2F4H-T",
    payout_id="",
)
HEAD = ReconciledHead(
    "mihon_to", "見本都", date(2026, 11, 24), date(2026, 11, 24), date(2026, 11, 25)
)


@given(HEADS, st.lists(ROWS, max_size=6))
def test_fixed_is_read_again(head: ReconciledHead, rows: list[ReconciledRow]) -> None:
    body = b"".join(write_fixed(head, rows))
    assert read_fixed(body) == (head, rows)
    assert all(len(record) == RECORD_BYTES for record in body.removesuffix(b"\r\n").split(b"\r\n"))


@given(st.lists(ROWS, max_size=6), st.sampled_from(["utf-8", "shift_jis"]))
def test_csv_is_read_again(rows: list[ReconciledRow], encoding: Any) -> None:
    assert read_csv(b"".join(write_csv(rows, encoding)), encoding) == rows


@given(st.lists(ROWS, min_size=1, max_size=4), st.data())
def test_a_changed_fixed_file_keeps_its_totals_or_is_refused(
    rows: list[ReconciledRow], data: Any
) -> None:
    body = b"".join(write_fixed(HEAD, rows))
    at = data.draw(st.integers(0, len(body) - 1))
    changed = body[:at] + bytes([data.draw(st.integers(0, 255))]) + body[at + 1 :]
    try:
        _, read = read_fixed(changed)
    except BankFileWrong:
        return
    assert sum(row.amount_yen for row in read) == sum(row.amount_yen for row in rows)


def test_where_each_byte_stands() -> None:
    head, row, trailer, end = b"".join(write_fixed(HEAD, [ROW])).split(b"\r\n")[:4]
    assert head[:13] == b"1910120261125" and head[13:53] == b"mihon_to".ljust(40)
    assert head[53:133] == "見本都".encode("shift_jis").ljust(80)
    assert row[:9] == b"200000011" and row[9:17] == b"13999   "
    assert row[67:71] == b"2026" and row[71:111] == "第3期".encode("shift_jis").ljust(40)
    assert row[131:157] == b"+000000012000+000000000143" and row[157:173] == b"2026112320261124"
    assert trailer[:15] == b"800000010000001" and trailer[15:31] == b"+000000000012000"
    assert end == b"9".ljust(256)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"term": "𠮷期"}, "期別"),
        ({"term": "辻\U000e0100"}, "期別"),
        ({"term": "第🙂期"}, "期別"),
        ({"term": "¥"}, "期別"),
        ({"term": "第\n期"}, "期別"),
        ({"term": " 第"}, "期別"),
        ({"amount_yen": 0}, "金額"),
        ({"amount_yen": -1}, "金額"),
        ({"amount_yen": MAX_YEN + 1}, "金額"),
        ({"kind": "refund"}, "金額"),
        ({"fee_yen": MAX_YEN + 1}, "手数料"),
        ({"fiscal_year": 10_000}, "年度"),
    ],
)
def test_what_no_form_can_say_is_refused(changed: dict[str, Any], field: str) -> None:
    rows = [ROW, ROW._replace(**changed)]
    for written in (
        write_fixed(HEAD, rows),
        write_csv(rows, "utf-8"),
        write_csv(rows, "shift_jis"),
    ):
        with pytest.raises(BankFileWrong) as refused:
            list(written)
        assert (refused.value.record, refused.value.field) == (3, field)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"term": "第" * 21}, "期別"),
        ({"payment_number": "1" * 41}, "納付番号"),
        ({"payment_number": "１"}, "納付番号"),
        ({"policy_number": "1" * 21}, "証券番号"),
    ],
)
def test_nothing_is_cut(changed: dict[str, Any], field: str) -> None:
    with pytest.raises(BankFileWrong) as refused:
        list(write_fixed(HEAD, [ROW._replace(**changed)]))
    assert (refused.value.record, refused.value.field) == (2, field)


def test_a_fixed_file_that_was_cut_or_bent() -> None:
    body = b"".join(write_fixed(HEAD, [ROW, ROW]))
    lines = body.split(b"\r\n")
    for wrong, field in (
        (b"\r\n".join([*lines[:2], *lines[3:]]), "明細件数"),
        (b"\r\n".join([lines[0], lines[2], lines[1], *lines[3:]]), "明細番号"),
        (body[:-40], "record"),
        (body.replace(b"+000000012000", b" 000000012000", 1), "金額"),
        (body.replace(b"20261123", b"20261323", 1), "収納日"),
        (body.replace(b"\r\n", b"\n"), "record"),
    ):
        with pytest.raises(BankFileWrong) as refused:
            read_fixed(wrong)
        assert refused.value.field == field


def test_a_csv_file_that_is_wrong() -> None:
    body = b"".join(write_csv([ROW], "utf-8"))
    for wrong, field in (
        (body.replace(b"12000", b"1,2000"), "file"),
        (body.replace(b"12000", b"12.00"), "金額"),
        (body.replace(b"2026-11-23", b"23.11.2026"), "収納日"),
        (body.replace("種別".encode(), b"x"), "file"),
        (b"".join(write_csv([ROW], "shift_jis")), "file"),
    ):
        with pytest.raises(BankFileWrong) as refused:
            read_csv(wrong, "utf-8")
        assert refused.value.field == field
    assert COLUMNS[7] == "金額"
