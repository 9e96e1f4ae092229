"""No card number gets into the log, however and wherever it is written in a request."""

from __future__ import annotations

import html
import json
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sekisho.edge import FORM, JSON, STRICT_CSP, Edge, Waf
from sekisho.edge.mask_secrets import hash_secret, mask_cards, tidy
from sekisho.edge.request_log import RequestLog
from sekisho.vocabulary.digits import passes_luhn
from tests.rooms.edge.conftest import UNHURRIED
from tests.rooms.edge.knock import PAGES, FakeZone, environ_of, knock, knock_with, log_bytes

TEST_CARD = "4111111111111111"
SEPARATORS = [
    "",
    " ",
    "-",
    ".",
    "/",
    "_",
    "\u3000",
    "－",
    "ー",
    "  ",
    " - ",
    "\u200b",
    "\u00a0",
    "・",
]


def _with_check_digit(digits: str) -> str:
    return next(digits + str(n) for n in range(10) if passes_luhn(digits + str(n)))


@st.composite
def card_numbers(draw: st.DrawFn) -> str:
    length = draw(st.integers(min_value=12, max_value=19))
    body = draw(st.text(alphabet="0123456789", min_size=length - 1, max_size=length - 1))
    return _with_check_digit(body)


def _encode(character: str, how: str) -> str:
    match how:
        case "percent":
            return "".join(f"%{byte:02X}" for byte in character.encode())
        case "twice":
            return "".join(f"%25{byte:02x}" for byte in character.encode())
        case "json":
            return "".join(f"\\u{unit:04x}" for unit in [ord(character)])
        case "html":
            return f"&#{ord(character)};"
        case "wide" if character.isdigit():
            return chr(ord(character) + 0xFEE0)
        case "wide percent" if character.isdigit():
            return quote(chr(ord(character) + 0xFEE0))
    return character


@st.composite
def written_numbers(draw: st.DrawFn) -> tuple[str, str]:
    """A card number and one way to write it."""
    number = draw(card_numbers())
    hows = st.sampled_from(["plain", "wide", "percent", "twice", "json", "html", "wide percent"])
    how = draw(hows)
    mixed = draw(st.booleans())
    pieces = []
    for digit in number:
        gap = draw(st.sampled_from(SEPARATORS)) if draw(st.booleans()) else ""
        pieces.append("".join(_encode(c, how) for c in gap) if draw(st.booleans()) else gap)
        pieces.append(_encode(digit, draw(hows) if mixed else how))
    return number, draw(st.sampled_from(["", "x", "card=", "あ", "%e3%81%82", "12"])) + "".join(
        pieces
    )


def _digits_seen(text: str) -> Iterator[str]:
    """Everything that one who decodes the text, again and again, could read as digits."""
    for _ in range(5):
        normal = unicodedata.normalize("NFKC", text)
        kept = (c for c in normal if c.isalnum() and c != "ー")
        yield "".join(kept)
        text = html.unescape(
            re.sub(r"\\u([0-9a-fA-F]{4})", lambda m: chr(int(m[1], 16)), unquote(text))
        )


@given(written_numbers())
def test_a_number_is_masked_however_it_is_written(written: tuple[str, str]) -> None:
    number, text = written
    masked = mask_cards(text)
    assert len(masked) == len(text)
    for seen in _digits_seen(masked):
        assert number not in seen


PLACES = [
    "path",
    "query value",
    "query name",
    "method",
    "header",
    "header name",
    "referer",
    "content type",
    "agent",
    "forwarded",
    "cookie name",
    "cookie value",
    "field",
    "field name",
    "free field",
    "card form",
    "json",
    "authorization",
    "host",
]


def _placed(place: str, text: str) -> dict[str, Any]:
    form = {"method": "POST", "path": "/find", "headers": {"Content-Type": FORM}}
    encoded = quote(text, safe="%")
    match place:
        case "path":
            return {"path": f"/find/{text}"}
        case "query value":
            return {"path": "/find", "query": f"q={text}"}
        case "query name":
            return {"path": "/find", "query": f"{text}=1"}
        case "method":
            return {"method": text}
        case "field":
            return {**form, "body": f"note={encoded}".encode()}
        case "field name":
            return {**form, "body": f"{encoded}=1&note=a".encode()}
        case "free field":
            return {**form, "path": "/free", "body": f"a={encoded}&b={text}".encode()}
        case "card form":
            return {**form, "path": "/card/" + "a1" * 12, "body": f"card_number={encoded}".encode()}
        case "json":
            return {**form, "path": "/api/bills", "headers": {"Content-Type": JSON},
                    "body": json.dumps({text: text}).encode()}  # fmt: skip
    headers = {
        "header": {"X-Anything": text},
        "header name": {f"X-{text}": "1"},
        "referer": {"Referer": f"http://localhost:7001/find?q={text}"},
        "content type": {"Content-Type": text},
        "forwarded": {"X-Forwarded-For": text},
        "cookie name": {"Cookie": f"{text}=1; a=b"},
        "cookie value": {"Cookie": f"a={text}"},
        "authorization": {"Authorization": f"{text} {text}"},
        "host": {"Host": text},
        "agent": {"User-Agent": f"Mozilla/5.0 {text}"},
    }
    return {"headers": headers[place]}


@pytest.fixture(scope="module")
def logged(waf: Waf, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Edge, Path]]:
    folder = tmp_path_factory.mktemp("log")
    edge = Edge(
        FakeZone(), process="test", log=RequestLog(folder), waf=waf, pages=PAGES,
        limits=UNHURRIED, trusted_proxies=["192.0.2.0/24"], csp=STRICT_CSP, https=False,
    )  # fmt: skip
    yield edge, folder
    edge.close()


@settings(max_examples=300, deadline=None)
@given(written=written_numbers(), place=st.sampled_from(PLACES))
def test_a_number_is_not_in_the_log_wherever_it_stands(
    logged: tuple[Edge, Path], written: tuple[str, str], place: str
) -> None:
    edge, folder = logged
    number, text = written
    before = len(log_bytes(folder))
    knock_with(edge, environ_of(**_placed(place, text)))
    line = log_bytes(folder)[before:].decode("ascii")
    shown = json.dumps(json.loads(line), ensure_ascii=False)
    for seen in (*_digits_seen(shown), *_digits_seen(line)):
        assert number not in seen


def test_a_very_long_number_takes_no_time_that_grows_with_its_square() -> None:
    text = "1" * 16_000
    assert mask_cards(text) == "*" * 16_000 or "1" in mask_cards(text)


@pytest.mark.parametrize("cut_at", range(20, 31))
def test_a_number_cut_by_the_bound_is_not_left_in_part(cut_at: int) -> None:
    shown = tidy("x" * (30 - 16) + TEST_CARD + "y" * 50, cut_at)
    assert "1111111" not in shown


def test_a_number_cut_where_reading_ends_is_not_left_in_part() -> None:
    spread = "1".join([" " * 8] * 12)
    assert "1" not in tidy("4" + spread + "1111", 50).split("…")[0]


def test_ordinary_text_stays() -> None:
    ordinary = [
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/124.0.0.0 Safari/537.36",
        "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
        "1' UNION SELECT 1,2,3 -- ",
        "納付番号 1234-5678",
        "%{(#_='multipart/form-data')}",
    ]
    assert [mask_cards(text) for text in ordinary] == ordinary


def test_bytes_that_are_no_text_are_shown_as_escapes() -> None:
    assert tidy("a\xff\xfe\x1b[31m", 100).startswith("a\\xff\\xfe")


def test_cp932_digits_are_read_as_digits() -> None:
    wide = "４１１１　１１１１　１１１１　１１１１".encode("cp932").decode("latin-1")
    assert "１" not in tidy(wide, 100)
    assert "*" in tidy(wide, 100)


def test_hashes_follow_a_secret_and_do_not_give_it_away() -> None:
    assert hash_secret("a") == hash_secret("a") != hash_secret("b")
    assert hash_secret(TEST_CARD).startswith("~")


def test_secrets_are_hashed(logged: tuple[Edge, Path]) -> None:
    edge, folder = logged
    before = len(log_bytes(folder))
    token, session = "t0k3n" * 5, "s3ss10n" * 5
    places = [
        {"path": f"/card/{token}"},
        {"path": f"/card/{token}/"},
        {"path": "/find", "query": f"lang=en&ticket={token}"},
        {"path": "/find", "query": f"ti%63ket={token}"},
        {"headers": {"Referer": f"http://localhost:7003/card/{token}?lang=ja"}},
        {"headers": {"Referer": f"http://localhost:7001/find?ticket={token}#{'x' * 5}"}},
        {"headers": {"Authorization": f"Bearer {token}"}},
        {"headers": {"X-Api-Key": token}},
        {"headers": {"Cookie": f"sessionid={session}; csrftoken={token}"}},
    ]
    for place in places:
        knock(edge, **place)
    written = log_bytes(folder)[before:].decode()
    assert token not in written
    assert session not in written
    lines = [json.loads(line) for line in written.splitlines()]
    assert lines[0]["path"] == f"/card/{hash_secret(token)}"
    assert lines[2]["query"] == f"lang=en&ticket={hash_secret(token)}"
    assert lines[6]["headers"]["authorization"] == f"Bearer {hash_secret(token)}"
    assert lines[8]["headers"]["cookie"].startswith(
        f"sessionid={hash_secret(session)}; csrftoken=~"
    )


def test_field_names_are_logged_and_never_their_values(logged: tuple[Edge, Path]) -> None:
    edge, folder = logged
    before = len(log_bytes(folder))
    body = "note=himitsu&number=8675309"
    knock(edge, "POST", "/find", body=body.encode(), headers={"Content-Type": FORM})
    attack = "note=himitsu<script>alert(1)</script>"
    knock(edge, "POST", "/find", body=attack.encode(), headers={"Content-Type": FORM})
    written = log_bytes(folder)[before:].decode()
    assert json.loads(written.splitlines()[0])["fields"] == "note,number"
    for value in ("himitsu", "8675309", "alert"):
        assert value not in written
