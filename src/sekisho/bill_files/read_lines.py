"""From bytes to lines of fields: encoding, line ends, quotation marks. Streams; memory is flat."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

from sekisho.bill_files.errors import FileRefused, ValueRefused

MAX_FILE_BYTES = 1_000_000_000
"""Largest file read, in bytes (a million bills are about 150 MB)."""

MAX_LINE_CHARACTERS = 4_000
"""Longest line, in characters: a bill's is about 150."""

CHUNK_BYTES = 1 << 16

ENCODINGS = {
    "utf-8": "utf-8-sig",
    "shift_jis": "cp932",
    "cp932": "cp932",
    "shift_jis-2004": "shift_jis_2004",
}
"""Encodings that may be named, and Python's codec for each. What offices call Shift_JIS is
Microsoft's code page 932; the JIS X 0213 form must be named, as bytes can't tell the two apart."""

_JAPANESE = re.compile("[\u3000-\u9fff]")

_NOT_TEXT = (
    (b"PK\x03\x04", "file_is_spreadsheet"),
    (b"\xd0\xcf\x11\xe0", "file_is_spreadsheet"),
    (b"\x1f\x8b", "file_is_spreadsheet"),
    (b"\xff\xfe", "file_is_utf16"),
    (b"\xfe\xff", "file_is_utf16"),
)

Progress = Callable[[int], None]
"""Told how many bytes of the file were read so far."""


@dataclass(slots=True)
class Line:
    """A line of the file: its number as an editor counts, and its fields or why there are none."""

    number: int
    fields: list[str]
    fault: ValueRefused | None = None


class CountingReader(io.RawIOBase):
    """Reads a file while hashing it and telling how far it is."""

    def __init__(self, source: BinaryIO, progress: Progress | None = None) -> None:
        super().__init__()
        self._source = source
        self._progress = progress
        self._hash = hashlib.sha256()
        self.bytes_read = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        view = memoryview(buffer).cast("B")
        content = self._source.read(min(len(view), CHUNK_BYTES))
        view[: len(content)] = content
        self._hash.update(content)
        self.bytes_read += len(content)
        if self.bytes_read > MAX_FILE_BYTES:
            raise FileRefused("file_too_large", most_megabytes=MAX_FILE_BYTES // 1_000_000)
        if self._progress and content:
            self._progress(self.bytes_read)
        return len(content)

    def digest(self) -> str:
        """Return the SHA-256 of what was read so far, in hex."""
        return self._hash.hexdigest()


def find_encoding(source: BinaryIO) -> str:
    """Return the name of the one encoding in which the whole of ``source`` can be read.

    Raises ``FileRefused`` with the first line that breaks the encoding that fits best."""
    source.seek(0)
    start = source.read(4)
    if not start:
        raise FileRefused("file_empty")
    for sign, code in _NOT_TEXT:
        if start.startswith(sign):
            raise FileRefused(code)
    utf8 = _survey(source, "utf-8")
    if utf8.first_bad_line is None:
        return "utf-8"
    # Nearly any bytes can be read as code page 932, so damaged UTF-8 would come in as nonsense.
    # What tells them apart: of real Shift_JIS hardly anything reads as Japanese in UTF-8.
    if 2 * utf8.japanese >= utf8.unreadable:
        raise FileRefused("encoding_unknown", line=utf8.first_bad_line, nearest="UTF-8")
    shift_jis = _survey(source, "shift_jis")
    if shift_jis.first_bad_line is None:
        return "shift_jis"
    raise FileRefused("encoding_unknown", line=shift_jis.first_bad_line, nearest="Shift_JIS")


@dataclass(slots=True)
class _Survey:
    """Japanese characters that an encoding finds in a file, and bytes it can't read."""

    japanese: int = 0
    unreadable: int = 0
    first_bad_line: int | None = None


def _survey(source: BinaryIO, encoding: str) -> _Survey:
    source.seek(0)
    text = io.TextIOWrapper(
        io.BufferedReader(CountingReader(source)), encoding=ENCODINGS[encoding], errors="replace"
    )
    found = _Survey()
    number, at_line_start = 0, True
    while piece := text.readline(MAX_LINE_CHARACTERS):
        number += at_line_start
        at_line_start = piece.endswith("\n")
        if piece.isascii():
            continue
        bad = piece.count("\ufffd")
        found.unreadable += bad
        found.japanese += len(_JAPANESE.findall(piece))
        if bad and found.first_bad_line is None:
            found.first_bad_line = number
    return found


def read_lines(source: CountingReader, encoding: str) -> Iterator[Line]:
    """Yield the lines that are not empty. CR, LF and CRLF end a line, also mixed in one file.

    Bytes that the encoding does not know become U+FFFD, for the row's reader to name the field.
    Each line is taken by itself, so a quotation mark left open costs one line, not the rest."""
    text = io.TextIOWrapper(
        io.BufferedReader(source, CHUNK_BYTES), encoding=ENCODINGS[encoding], errors="replace"
    )
    number = 0
    while piece := text.readline(MAX_LINE_CHARACTERS):
        number += 1
        if not piece.endswith("\n") and len(piece) >= MAX_LINE_CHARACTERS:
            _skip_rest_of_line(text)
            yield Line(number, [], ValueRefused("line_too_long", most=MAX_LINE_CHARACTERS))
            continue
        content = piece.rstrip("\n")
        if content.strip():
            yield _split(number, content)


def _skip_rest_of_line(text: io.TextIOWrapper) -> None:
    while rest := text.readline(MAX_LINE_CHARACTERS):
        if rest.endswith("\n"):
            return


def _split(number: int, content: str) -> Line:
    if '"' not in content:
        return Line(number, content.split(","))
    try:
        return Line(number, next(csv.reader([content], strict=True)))
    except csv.Error:
        return Line(number, [], ValueRefused("quote_open"))
