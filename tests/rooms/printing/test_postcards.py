"""Postcards as Japan Post wants them, whatever names and addresses come."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, get_args

import pypdfium2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sekisho.printing import (
    Addressee,
    CannotDraw,
    DoesNotFit,
    Message,
    Postcard,
    PrintingError,
    Sender,
    postcard,
    postcards,
)
from sekisho.printing.postcard import ADDRESS_SIZES_MM, Direction
from sekisho.printing.upright import columns

MADE_AT = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
MM = 72 / 25.4
DIRECTIONS = get_args(Direction)

NOTICE = Message(
    title="カード請求のお知らせ",
    opening="ご登録のカードへ、次のとおり請求いたします。",
    rows=(("証券番号", "＊＊＊＊5678"), ("請求額", "24,600円"), ("カード", "Visa ＊＊＊＊ 1111")),
    closing=("請求を止めるときは、12月4日までに下記へお電話ください。",),
    dated="2026年11月24日",
)
CARD = Postcard(
    Addressee(
        "164-0001",
        "見本都葛\U000e0100飾区見本町12-3-405 ハイツ見本ABC 1203号室",
        "𠮷田 邉\U000e010f郎",
    ),
    Sender("見本機構 特約料係", "1000000", "見本都見本区見本町一丁目2番3号", "0120-000-001"),
    NOTICE,
)


def to(**changes: Any) -> Postcard:
    return replace(CARD, addressee=replace(CARD.addressee, **changes))


def texts(pdf: bytes) -> list[str]:
    with pypdfium2.PdfDocument(pdf) as document:
        return [page.get_textpage().get_text_range() for page in document]


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_two_pages_of_a_postcard(direction: Direction) -> None:
    pdf = postcard(CARD, MADE_AT, direction=direction)
    with pypdfium2.PdfDocument(pdf) as document:
        sizes = [tuple(round(side / MM, 1) for side in page.get_size()) for page in document]
    assert sizes == [(100.0, 148.0)] * 2
    address, message = texts(pdf)
    whole = "".join(address.split())
    for character in "𠮷田邉郎様見本都葛飾区":
        assert character in whole
    assert "葛\U000e0100" in whole and "邉\U000e010f" in whole
    for words in ("カード請求のお知らせ", "24,600円", "Visa ＊＊＊＊ 1111", "0120-000-001"):
        assert words in message
    assert pdf == postcard(CARD, MADE_AT, direction=direction)


def test_digits_of_the_postal_code_stand_in_japan_posts_boxes() -> None:
    """Left edges 44.3, 51.3, 58.3, 65.9, 72.7, 79.5, 86.3 mm; 12.0 to 20.0 mm from above."""
    with pypdfium2.PdfDocument(postcard(to(postal_code="123-4567"), MADE_AT)) as document:
        page = document[0]
        text = page.get_textpage()
        whole = text.get_text_range()
        for digit, left in zip("1234567", (44.3, 51.3, 58.3, 65.9, 72.7, 79.5, 86.3), strict=True):
            x0, y0, x1, y1 = (side / MM for side in text.get_charbox(whole.index(digit)))
            assert left < x0 < x1 < left + 5.7
            assert 12.0 < 148 - y1 < 148 - y0 < 20.0


@pytest.mark.parametrize("code", ["164-0001", "1640001", "〒164-0001", "１６４－０００１"])
def test_postal_codes_as_people_write_them(code: str) -> None:
    digits = "".join(c for c in texts(postcard(to(postal_code=code), MADE_AT))[0] if c.isdigit())
    assert "1640001" in digits


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"postal_code": "164-001"}, "addressee.postal_code"),
        ({"address": "見" * 121}, "addressee.address"),
        ({"name": "本" * 41}, "addressee.name"),
    ],
)
@pytest.mark.parametrize("direction", DIRECTIONS)
def test_what_does_not_fit_names_its_field(
    direction: Direction, changes: dict[str, str], field: str
) -> None:
    with pytest.raises(DoesNotFit) as caught:
        postcard(to(**changes), MADE_AT, direction=direction)
    assert caught.value.field == field
    for value in changes.values():
        assert value not in str(caught.value)


def test_a_message_that_does_not_fit_is_refused() -> None:
    long = replace(CARD, message=replace(NOTICE, closing=("請求を止めるときはお電話を。" * 90,)))
    with pytest.raises(DoesNotFit) as caught:
        postcard(long, MADE_AT)
    assert caught.value.field == "message"


def test_a_character_without_a_picture_is_refused_wherever_it_stands() -> None:
    for card, field in (
        (to(name="見本😀"), "addressee.name"),
        (replace(CARD, sender=Sender("見本😀")), "sender.name"),
        (replace(CARD, message=replace(NOTICE, title="😀")), "message.title"),
        (replace(CARD, message=replace(NOTICE, rows=(("額", "😀"),))), "message.rows"),
    ):
        with pytest.raises(CannotDraw) as caught:
            postcard(card, MADE_AT)
        assert caught.value.field == field


def test_what_looks_like_markup_is_text() -> None:
    pdf = postcard(to(name="#panic(1) *x*", address='$x^2$ #read("/etc/passwd")'), MADE_AT)
    assert "root:" not in "".join(texts(pdf))
    message = replace(NOTICE, closing=('#import "x" <a> @b = c',))
    assert '#import "x" <a> @b = c' in texts(postcard(replace(CARD, message=message), MADE_AT))[1]


def test_many_postcards_are_one_file() -> None:
    pages = texts(postcards([to(name=f"見本 {at}") for at in range(50)], MADE_AT))
    assert len(pages) == 100
    with pytest.raises(DoesNotFit):
        postcards([], MADE_AT)


@given(
    name=st.text(max_size=45),
    address=st.text(alphabet="見本都一丁目ー（）12-AB 𠮷", max_size=130),
    direction=st.sampled_from(DIRECTIONS),
)
@settings(max_examples=60, deadline=None)
def test_any_name_is_drawn_or_refused_by_its_field(
    name: str, address: str, direction: Direction
) -> None:
    try:
        pdf = postcard(to(name=name, address=address), MADE_AT, direction=direction)
    except PrintingError as refused:
        assert isinstance(refused, CannotDraw | DoesNotFit)
        assert refused.field in ("addressee.name", "addressee.address")
    else:
        whole = "".join(texts(pdf)[0].split())
        assert "様" in whole


def test_columns_break_between_words_and_hold_digits_together() -> None:
    laid = columns(
        "address", "見本都見本区見本町一丁目12-3 見本ハイツ405 ABC", 60.0, ADDRESS_SIZES_MM
    )
    written = [[cell["text"] for cell in column] for column in laid["columns"]]
    assert written[1][0] == "見"
    flat = [text for column in written for text in column]
    assert "12" in flat and "405" in flat and "ABC" in flat and "３" in flat


def test_a_trial_is_marked_on_both_sides() -> None:
    for text in texts(postcard(replace(CARD, trial=True), MADE_AT)):
        assert "試験" in "".join(text.split())
    assert "試験" not in "".join(texts(postcard(CARD, MADE_AT)))
