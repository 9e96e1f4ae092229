"""Takes card numbers and secrets out of text before it is written to the request log.

A card number is 12 to 19 digits with a right check digit (ISO/IEC 7812-1), in any script's digits
(full-width too), with anything between them that is no letter, percent-encoded once or several
times, or written as `\\u0034` or `&#52;`. One harmless number in ten is masked too: the log loses
a little, a payer loses nothing (PCI DSS 3.3.1, 3.4.1).
"""

from __future__ import annotations

import hashlib
import re
import secrets
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Final

MIN_CARD_DIGITS: Final = 12
MAX_CARD_DIGITS: Final = 19
MAX_DECODINGS: Final = 4
# When text was cut off, so many digits at its end may be the begin of a number.
CUT_DIGITS: Final = 7

# Text without a match of these holds no card number: most text is done with after one look.
_PERHAPS = re.compile(r"%[0-9A-Fa-f]{2}|\\u[0-9A-Fa-f]{4}|&#|(?:[0-9][^0-9A-Za-z]*){12}")
_PERHAPS_CUT = re.compile(r"%[0-9A-Fa-f]{2}|\\u[0-9A-Fa-f]{4}|&#|(?:[0-9][^0-9A-Za-z]*){7}")
_ENCODED = re.compile(
    r"(?:%[0-9A-Fa-f]{2})+|\\u[0-9A-Fa-f]{4}|&#(?:[0-9]{1,7}|[xX][0-9A-Fa-f]{1,6});"
)
# Letters by Unicode, hyphens by those who type them (long vowel marks).
_LETTERS_THAT_SEPARATE: Final = frozenset("ー\uff70")
_PRIVATE_USE = re.compile("[\ue000-\uf8ff]")
_HASH_KEY: Final = secrets.token_bytes(32)

Span = tuple[int, int]


def hash_secret(value: str) -> str:
    """A short sign for a secret, the same for the same value until the process ends.

    Keyed (BLAKE2b) with a key that only this process's memory holds, because a plain hash of
    something short can be tried out (PCI DSS 3.5.1.1).
    """
    digest = hashlib.blake2b(value.encode("utf-8", "surrogateescape"), key=_HASH_KEY, digest_size=6)
    return f"~{digest.hexdigest()}"


def _decode_piece(piece: str) -> list[tuple[str, int]]:
    """Characters that an encoded piece stands for, each with its length in the piece."""
    if piece.startswith("%"):
        raw = bytes.fromhex(piece.replace("%", ""))
        text = raw.decode("utf-8", "surrogateescape")
        return [(c, 3 * len(c.encode("utf-8", "surrogateescape"))) for c in text]
    if piece.startswith("\\u"):
        return [(chr(int(piece[2:], 16)), len(piece))]
    number = int(piece[3:-1], 16) if piece[2] in "xX" else int(piece[2:-1])
    return [(chr(number) if number < 0x110000 else "\ufffd", len(piece))]


def _decode_once(text: str, spans: Sequence[Span]) -> tuple[str, list[Span]]:
    """Undo one layer of encoding; `spans` say where each character stands in the original."""
    characters: list[str] = []
    found: list[Span] = []
    at = 0
    for piece in _ENCODED.finditer(text):
        characters.append(text[at : piece.start()])
        found.extend(spans[at : piece.start()])
        at = piece.start()
        for character, length in _decode_piece(piece.group(0)):
            characters.append(character)
            found.append((spans[at][0], spans[at + length - 1][1]))
            at += length
    characters.append(text[at:])
    found.extend(spans[at:])
    return "".join(characters), found


def _digit_runs(text: str) -> Iterable[list[tuple[int, int]]]:
    """Runs of (digit, position) with no letter between them."""
    run: list[tuple[int, int]] = []
    for at, character in enumerate(text):
        digit = unicodedata.digit(character, -1)
        if digit >= 0:
            run.append((digit, at))
        elif character.isalnum() and character not in _LETTERS_THAT_SEPARATE:
            if run:
                yield run
            run = []
    if run:
        yield run


def _cards_in(run: Sequence[tuple[int, int]]) -> Iterable[Span]:
    """(first, last) indexes in the run of everything that passes the Luhn check.

    Two running sums, one for each choice of which digits are doubled, make a window's check a
    subtraction: the time stays linear in a header of sixteen thousand digits.
    """
    sums: tuple[list[int], list[int]] = ([0], [0])
    for index, (digit, _) in enumerate(run):
        doubled = digit * 2 - 9 if digit > 4 else digit * 2
        sums[index % 2].append(sums[index % 2][-1] + doubled)
        sums[1 - index % 2].append(sums[1 - index % 2][-1] + digit)
    for first in range(len(run) - MIN_CARD_DIGITS + 1):
        for end in range(first + MIN_CARD_DIGITS, min(first + MAX_CARD_DIGITS, len(run)) + 1):
            chosen = sums[end % 2]
            if (chosen[end] - chosen[first]) % 10 == 0:
                yield first, end - 1


def _hidden_spans(text: str, spans: Sequence[Span], *, was_cut: bool) -> Iterable[Span]:
    runs = list(_digit_runs(text))
    for run in runs:
        for first, last in _cards_in(run):
            yield spans[run[first][1]][0], spans[run[last][1]][1]
    if was_cut and runs and len(runs[-1]) >= CUT_DIGITS:
        # The last two characters may be a percent-escape that was cut too.
        tail = text[runs[-1][-1][1] + 1 : -2]
        if not any(c.isalnum() and c not in _LETTERS_THAT_SEPARATE for c in tail):
            yield spans[runs[-1][0][1]][0], spans[-1][1]


def mask_cards(text: str, *, was_cut: bool = False) -> str:
    """`text` with every card number overwritten by asterisks; the length stays the same.

    `was_cut`: the text goes on behind its end, so a number may be cut in two there.
    """
    if text.isascii() and not (_PERHAPS_CUT if was_cut else _PERHAPS).search(text):
        return text
    hidden: list[Span] = []
    layer, spans = text, [(at, at + 1) for at in range(len(text))]
    for _ in range(MAX_DECODINGS):
        hidden.extend(_hidden_spans(layer, spans, was_cut=was_cut))
        decoded, spans = _decode_once(layer, spans)
        if decoded == layer:
            break
        layer = decoded
    if not hidden:
        return text
    characters = list(text)
    for start, end in hidden:
        characters[start:end] = "*" * (end - start)
    return "".join(characters)


def read_header_text(value: str) -> str:
    """A WSGI string (bytes as Latin-1, PEP 3333) as the text that it most likely is.

    UTF-8, else CP932 (a full-width digit of an old Japanese client would else pass for letters),
    else UTF-8 with each foreign byte as a lone surrogate. CP932 takes any byte, by characters of
    private use: text with one of those is not CP932.
    """
    if value.isascii():
        return value
    raw = value.encode("latin-1", "replace")
    for encoding in ("utf-8", "cp932"):
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if encoding == "utf-8" or not _PRIVATE_USE.search(text):
            return text
    return raw.decode("utf-8", "surrogateescape")


def tidy(value: str, max_chars: int) -> str:
    """Masked, bounded text of a WSGI string, fit for the log (JSON escapes the rest).

    Masked first and cut afterwards: a number cut in two would pass the check unseen.
    """
    text = read_header_text(value)
    was_cut = len(text) > max_chars * 2
    masked = mask_cards(text[: max_chars * 2], was_cut=was_cut)
    shown = masked[:max_chars]
    if not shown.isascii():
        shown = re.sub("[\udc80-\udcff]", lambda c: f"\\x{ord(c.group()) - 0xDC00:02x}", shown)
    return shown if len(masked) <= max_chars else f"{shown}…+{len(text) - max_chars}"
