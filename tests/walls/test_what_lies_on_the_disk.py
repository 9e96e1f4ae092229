"""Card numbers and codes typed in the browser are nowhere in clear in what the platform wrote.

PCI DSS 3.3.1 (no security code after authorisation, not even encrypted), 3.5.1."""

from __future__ import annotations

import base64
import gzip
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.walls.conftest import Canaries, Infiltrated

CHUNK_BYTES = 8 * 1024 * 1024


def _shapes(digits: str) -> Iterator[tuple[str, bytes]]:
    """How a number might lie in a file."""
    yield "text", digits.encode()
    yield "spaced", " ".join(digits[at : at + 4] for at in range(0, len(digits), 4)).encode()
    yield "dashed", "-".join(digits[at : at + 4] for at in range(0, len(digits), 4)).encode()
    yield "UTF-16", digits.encode("utf-16-le")
    yield "hexadecimal", digits.encode().hex().encode()
    yield "packed BCD", bytes.fromhex(digits if len(digits) % 2 == 0 else digits + "f")
    yield "packed BCD, left-padded", bytes.fromhex(digits if len(digits) % 2 == 0 else "0" + digits)
    yield "reversed", digits[::-1].encode()
    for shift in range(3):
        coded = base64.b64encode(b"x" * shift + digits.encode())
        yield f"base64 at {shift}", coded[4 if shift else 0 : len(coded) // 4 * 4 - 4]


def _contents(path: Path) -> Iterator[bytes]:
    raw = path.read_bytes()
    yield raw
    if path.suffix == ".gz":
        yield gzip.decompress(raw)
    if path.suffix == ".zst":
        import zstandard

        yield zstandard.ZstdDecompressor().decompress(raw, max_output_size=1 << 28)


def _found(folder: Path, needles: list[tuple[str, bytes]]) -> list[str]:
    found = []
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            for content in _contents(path):
                place = path.relative_to(folder)
                found += [f"{place}: {name}" for name, needle in needles if needle in content]
    return found


@pytest.fixture(scope="module")
def stopped(infiltrated: Infiltrated) -> Infiltrated:
    """Everything is on the disk: checkpointed by a clean stop, the write-ahead log still there."""
    infiltrated.platform.stop()
    return infiltrated


def test_the_search_finds_what_is_there(tmp_path: Path) -> None:
    digits = Canaries().card
    for name, shape in _shapes(digits):
        (tmp_path / "file").write_bytes(b"before" + shape + b"after")
        assert any(name in one for one in _found(tmp_path, [(name, shape)])), name
    with gzip.open(tmp_path / "old.gz", "wb") as file:
        file.write(digits.encode())
    assert any("old.gz" in one for one in _found(tmp_path, [("text", digits.encode())]))


def test_no_card_number_lies_anywhere(stopped: Infiltrated) -> None:
    canaries = stopped.canaries
    needles = [*_shapes(canaries.card), *_shapes(canaries.amex)]
    assert _found(stopped.platform.data, needles) == []


def test_no_security_code_lies_in_any_text(stopped: Infiltrated) -> None:
    """Three digits are in any large file by chance: look for them as a value of their own."""
    for code in (stopped.canaries.code, stopped.canaries.amex_code):
        as_value = re.compile(rb"""["'=:>\s\x00]""" + code.encode() + rb"""["'&<\s\x00,}\]]""")
        named = re.compile(rb"(?i)(?:code|csc|cvc|cvv)[\"']?\s*[:=]\s*[\"']?" + code.encode())
        found = []
        for path in sorted(stopped.platform.data.rglob("*")):
            if not path.is_file():
                continue
            for content in _contents(path):
                text = path.suffix in {".jsonl", ".log", ".json", ".eml", ".txt", ".csv", ".toml"}
                if named.search(content) or (text and as_value.search(content)):
                    found.append(str(path.relative_to(stopped.platform.data)))
        assert found == []


def test_personal_items_lie_in_clear_in_the_mails_alone(stopped: Infiltrated) -> None:
    canaries = stopped.canaries
    values = [canaries.bill_email, *canaries.person.values(), "1980-05-17"]
    needles = [(value, value.encode()) for value in values]
    found = [
        one
        for one in _found(stopped.platform.data, needles)
        if not one.startswith("mail/") and not one.startswith("postgres/pgdata/log")
    ]
    assert found == []
