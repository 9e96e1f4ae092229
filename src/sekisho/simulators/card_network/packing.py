"""The host's own packing of ISO 8583:1987 messages: ASCII fields, binary bitmaps.

Written from the field table (docs/reference/iso8583.md) and sharing nothing with the platform's
connector, so that a mistake in one is seen by the other."""

from __future__ import annotations

import string
from dataclasses import dataclass, field

MTI_BYTES = 4
BITMAP_BYTES = 8
BITMAP_BITS = BITMAP_BYTES * 8
"""Bit 1 says that a second bitmap, of fields 65 to 128, follows the first."""

MAX_MESSAGE_BYTES = 2_048
"""Largest message taken or sent, in bytes, without its length header."""

_NUMERIC = frozenset(string.digits)
_ALPHANUMERIC = frozenset(string.digits + string.ascii_letters + " ")
_PRINTABLE = frozenset(chr(code) for code in range(0x20, 0x7F))


@dataclass(frozen=True, slots=True)
class Layout:
    """How one field lies on the wire: ``length_digits`` 0 means exactly ``size`` characters."""

    characters: frozenset[str]
    size: int
    length_digits: int = 0


LAYOUTS: dict[int, Layout] = {
    2: Layout(_NUMERIC, 19, 2),
    3: Layout(_NUMERIC, 6),
    4: Layout(_NUMERIC, 12),
    7: Layout(_NUMERIC, 10),
    11: Layout(_NUMERIC, 6),
    12: Layout(_NUMERIC, 6),
    13: Layout(_NUMERIC, 4),
    14: Layout(_NUMERIC, 4),
    15: Layout(_NUMERIC, 4),
    18: Layout(_NUMERIC, 4),
    22: Layout(_NUMERIC, 3),
    25: Layout(_NUMERIC, 2),
    32: Layout(_NUMERIC, 11, 2),
    37: Layout(_ALPHANUMERIC, 12),
    38: Layout(_ALPHANUMERIC, 6),
    39: Layout(_ALPHANUMERIC, 2),
    41: Layout(_PRINTABLE, 8),
    42: Layout(_PRINTABLE, 15),
    43: Layout(_PRINTABLE, 40),
    44: Layout(_PRINTABLE, 25, 2),
    48: Layout(_PRINTABLE, 255, 3),
    49: Layout(_NUMERIC, 3),
    60: Layout(_PRINTABLE, 255, 3),
    62: Layout(_PRINTABLE, 40, 3),
    63: Layout(_PRINTABLE, 50, 3),
    70: Layout(_NUMERIC, 3),
    72: Layout(_PRINTABLE, 999, 3),
    90: Layout(_NUMERIC, 42),
}


class PackingError(Exception):
    """A message breaks the field table. The text names the field, never its content."""


@dataclass(slots=True)
class HostMessage:
    """A message as the host sees it: type and fields by number."""

    kind: str
    fields: dict[int, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"<HostMessage {self.kind} fields {sorted(self.fields)}>"


def _check(number: int, value: str) -> Layout:
    layout = LAYOUTS.get(number)
    if layout is None:
        raise PackingError(f"field {number} is not in the table")
    fits = len(value) <= layout.size if layout.length_digits else len(value) == layout.size
    if not fits or (layout.length_digits and not value):
        raise PackingError(f"field {number} has {len(value)} characters")
    if not layout.characters.issuperset(value):
        raise PackingError(f"field {number} has a character that it may not have")
    return layout


def pack(message: HostMessage) -> bytes:
    """Return the wire form of ``message`` without length header. Raises ``PackingError``."""
    if len(message.kind) != MTI_BYTES or not _NUMERIC.issuperset(message.kind):
        raise PackingError("message type has not four digits")
    bitmaps = 2 if any(number > BITMAP_BITS for number in message.fields) else 1
    last = bitmaps * BITMAP_BITS
    bits = 1 << (last - 1) if bitmaps == 2 else 0
    parts = []
    for number in sorted(message.fields):
        value = message.fields[number]
        layout = _check(number, value)
        bits |= 1 << (last - number)
        if layout.length_digits:
            parts.append(str(len(value)).rjust(layout.length_digits, "0"))
        parts.append(value)
    body = "".join(parts).encode("ascii")
    return message.kind.encode("ascii") + bits.to_bytes(last // 8, "big") + body


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def take(self, count: int, number: int) -> str:
        piece = self._text[self._at : self._at + count]
        if len(piece) != count:
            raise PackingError(f"field {number} is cut short")
        self._at += count
        return piece

    def rest(self) -> int:
        return len(self._text) - self._at


def unpack(wire: bytes) -> HostMessage:
    """Return the message in ``wire`` (without length header). Raises ``PackingError``."""
    if len(wire) > MAX_MESSAGE_BYTES:
        raise PackingError(f"longer than {MAX_MESSAGE_BYTES} bytes")
    bitmap_bytes = BITMAP_BYTES * (2 if wire[MTI_BYTES : MTI_BYTES + 1] >= b"\x80" else 1)
    if len(wire) < MTI_BYTES + bitmap_bytes:
        raise PackingError("too short for type and bitmaps")
    try:
        kind = wire[:MTI_BYTES].decode("ascii")
        reader = _Reader(wire[MTI_BYTES + bitmap_bytes :].decode("ascii"))
    except UnicodeDecodeError:
        raise PackingError("not ASCII") from None
    if not _NUMERIC.issuperset(kind):
        raise PackingError("message type has not four digits")
    bits = int.from_bytes(wire[MTI_BYTES : MTI_BYTES + bitmap_bytes], "big")
    last = bitmap_bytes * 8
    fields: dict[int, str] = {}
    for number in range(2, last + 1):
        if bits >> (last - number) & 1:
            fields[number] = _read_field(reader, number)
    if reader.rest():
        raise PackingError(f"{reader.rest()} characters after the last field")
    return HostMessage(kind, fields)


def _read_field(reader: _Reader, number: int) -> str:
    layout = LAYOUTS.get(number)
    if layout is None:
        raise PackingError(f"field {number} is not in the table")
    size = layout.size
    if layout.length_digits:
        length = reader.take(layout.length_digits, number)
        if not _NUMERIC.issuperset(length):
            raise PackingError(f"length of field {number} is not a number")
        size = int(length)
    value = reader.take(size, number)
    _check(number, value)
    return value


def unpack_elements(text: str) -> dict[str, str]:
    """Return the sub-elements of field 48 or 60 (two digits name, two digits length, value).

    Raises ``PackingError``."""
    reader = _Reader(text)
    elements: dict[str, str] = {}
    while reader.rest():
        name = reader.take(2, 48)
        length = reader.take(2, 48)
        if not _NUMERIC.issuperset(name + length) or name in elements:
            raise PackingError("a broken sub-element")
        elements[name] = reader.take(int(length), 48)
    return elements


def pack_elements(elements: dict[str, str]) -> str:
    """Return ``elements`` as field 48 and 60 hold them."""
    return "".join(f"{name}{len(value):02d}{value}" for name, value in elements.items())
