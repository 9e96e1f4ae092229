"""総合振込: what is written is read again; what the format can't say is refused by its field."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sekisho.bank_files.bank_kana import BANK_NAME, EDI, HOLDER, to_bank_kana
from sekisho.bank_files.errors import BankFileWrong
from sekisho.bank_files.zengin import (
    MAX_AMOUNT_YEN,
    RECORD_BYTES,
    Account,
    Sender,
    Transfer,
    TransferFile,
    read_transfers,
    write_transfers,
)


def words(most: int, letters: frozenset[str] = BANK_NAME, least: int = 0) -> Any:
    text = st.text(sorted(letters), max_size=most).map(lambda word: word.rstrip(" "))
    return text.filter(lambda word: len(word) >= least)


def digits(count: int) -> Any:
    return st.text("0123456789", min_size=count, max_size=count)


def accounts(kinds: str) -> Any:
    kind = st.sampled_from(kinds)
    return st.builds(Account, digits(4), words(15), digits(3), words(15), kind, digits(7))


CODES = st.integers(0, 9_999_999_999).map(lambda number: str(number) if number else "")
HOLDERS = words(30, HOLDER, 1)
YEN = st.integers(1, MAX_AMOUNT_YEN)
TRANSFERS = st.one_of(
    st.builds(
        Transfer,
        accounts("1249"),
        HOLDERS,
        YEN,
        edi=words(20, EDI, 1),
        customer_codes=st.just(("", "")),
    ),
    st.builds(
        Transfer,
        accounts("1249"),
        HOLDERS,
        YEN,
        edi=st.just(""),
        customer_codes=st.tuples(CODES, CODES),
    ),
)
FILES = st.builds(
    TransferFile,
    st.builds(Sender, digits(10), words(40, HOLDER, 1), accounts("129")),
    st.dates(date(2026, 1, 1), date(2026, 12, 31)),
    st.lists(TRANSFERS, min_size=1, max_size=8),
)

HERE = Account("9991", "ﾐﾎﾝ", "101", "ﾎﾝﾃﾝ", "1", "1234567")
THERE = Account("9992", "ｻﾝﾌﾟﾙ", "202", "ｴｷﾏｴ", "2", "7654321")
SENDER = Sender("0000012345", "セキショケッサイ(カ", HERE)
UNKNOWN: Any = "3"
ONE = Transfer(THERE, "ﾐﾎﾝｷｺｳ", 12_000)


def written(*transfers: Transfer, sender: Sender = SENDER, **more: Any) -> bytes:
    return write_transfers(TransferFile(sender, date(2026, 11, 24), [*transfers]), **more)


@given(FILES, st.booleans())
def test_what_is_written_is_read_again(file: TransferFile, line_ends: bool) -> None:
    body = write_transfers(file, line_ends=line_ends)
    assert read_transfers(body, year=2026) == file
    assert len(body) == (len(file.transfers) + 3) * (RECORD_BYTES + 2 * line_ends)


def test_every_byte_stands_where_the_format_says() -> None:
    body = written(ONE, line_ends=False)
    head, data, trailer, end = (body[at : at + 120] for at in range(0, 480, 120))
    assert head[:4] == b"1210" and head[4:14] == b"0000012345"
    assert head[14:54].decode("shift_jis") == "ｾｷｼﾖｹﾂｻｲ(ｶ".ljust(40)
    assert head[54:58] == b"1124" and head[58:62] == b"9991" and head[95:103] == b"11234567"
    assert data[:5] == b"29992" and data[20:23] == b"202" and data[42:50] == b"27654321"
    assert data[50:80].decode("shift_jis") == "ﾐﾎﾝｷｺｳ".ljust(30)
    assert data[80:91] == b"00000120000" and data[111:113] == b"7 "
    assert trailer == b"8000001000000012000".ljust(120)
    assert end == b"9".ljust(120)


@pytest.mark.parametrize(
    ("typed", "letters", "kana"),
    [
        ("ミホンキコウ（カ）", HOLDER, "ﾐﾎﾝｷｺｳ(ｶ)"),
        ("ショッピングセンター", HOLDER, "ｼﾖﾂﾋﾟﾝｸﾞｾﾝﾀ-"),
        ("ひがしぐち", BANK_NAME, "ﾋｶﾞｼｸﾞﾁ"),
        ("ｲﾜﾜｰﾙﾄﾞ abc", HOLDER, "ｲﾜﾜ-ﾙﾄﾞ ABC"),
        ("ヲノ", HOLDER, "ｵﾉ"),
        ("ヲ「1」／", EDI, None),
        ("ヲ「1」", EDI, "ｦ｢1｣"),
        ("A&B", HOLDER, "A.B"),
    ],
)
def test_names_in_the_banks_kana(typed: str, letters: frozenset[str], kana: str | None) -> None:
    assert to_bank_kana(typed, letters) == (kana or "ｦ｢1｣/")


@pytest.mark.parametrize("typed", ["見本", "髙", "𠮷野", "ミホン🙂", "ｱ\u3000\t", "Ⅳ\x00"])
def test_what_has_no_kana_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match="has no place in a bank file"):
        to_bank_kana(typed)


@pytest.mark.parametrize(
    ("transfer", "field"),
    [
        (ONE._replace(receiver="見本機構"), "受取人名"),
        (ONE._replace(receiver="ｱ" * 31), "受取人名"),
        (ONE._replace(receiver="ｶﾞ" * 16), "受取人名"),
        (ONE._replace(receiver=" "), "受取人名"),
        (ONE._replace(amount_yen=0), "振込金額"),
        (ONE._replace(amount_yen=MAX_AMOUNT_YEN + 1), "振込金額"),
        (ONE._replace(edi="ｱ" * 21), "顧客コード"),
        (ONE._replace(edi="ｱ", customer_codes=("1", "")), "識別表示"),
        (ONE._replace(customer_codes=("12345678901", "")), "顧客コード"),
        (ONE._replace(customer_codes=("", "012")), "顧客コード"),
        (ONE._replace(account=THERE._replace(bank_code="999")), "銀行番号"),
        (ONE._replace(account=THERE._replace(number="123456")), "口座番号"),
        (ONE._replace(account=THERE._replace(bank_name="ｻﾝﾌﾟﾙ(ｶ)")), "被仕向銀行名"),
        (ONE._replace(account=THERE._replace(kind=UNKNOWN)), "預金種目"),
    ],
)
def test_what_the_format_cant_say_is_refused(transfer: Transfer, field: str) -> None:
    with pytest.raises(BankFileWrong) as refused:
        written(ONE, transfer)
    assert (refused.value.record, refused.value.field) == (3, field)


def test_the_sender_is_checked_too() -> None:
    for sender, field in (
        (SENDER._replace(code="1"), "振込依頼人コード"),
        (SENDER._replace(account=HERE._replace(kind="4")), "預金種目"),
        (SENDER._replace(name=""), "振込依頼人名"),
    ):
        with pytest.raises(BankFileWrong) as refused:
            written(ONE, sender=sender)
        assert (refused.value.record, refused.value.field) == (1, field)
    with pytest.raises(BankFileWrong, match="合計件数"):
        written()


@given(FILES, st.data())
def test_a_changed_file_is_refused_or_says_something_else(file: TransferFile, data: Any) -> None:
    body = write_transfers(file, line_ends=False)
    at = data.draw(st.integers(0, len(body) - 1))
    changed = body[:at] + bytes([data.draw(st.integers(0, 255))]) + body[at + 1 :]
    try:
        read = read_transfers(changed, year=2026)
    except BankFileWrong:
        return
    total = sum(transfer.amount_yen for transfer in read.transfers)
    assert total == sum(transfer.amount_yen for transfer in file.transfers)


def test_check_totals_and_order() -> None:
    body = written(ONE, ONE)
    lines = body.split(b"\r\n")
    for wrong, what in (
        (b"\r\n".join([lines[0], lines[1], *lines[3:]]), "2 transfers of 24000 yen"),
        (b"\r\n".join([lines[1], lines[0], *lines[2:]]), "in this order"),
        (body[:-30], "bytes instead of 120"),
        (body.replace(b"7654321", b"76543 1"), "digits only"),
    ):
        with pytest.raises(BankFileWrong, match=what):
            read_transfers(wrong, year=2026)
    assert read_transfers(body + b"\x1a", year=2026).transfers == [ONE, ONE]
