"""ISO 8583:1987 messages of the connector: pure, no sockets, no records, no clock.

The field table is docs/reference/iso8583.md. Packing is pyiso8583's; the rules of what goes into
which message are here, one function per message. A ``Message`` shows its type and field numbers
only: content is read by asking for a field."""

from __future__ import annotations

import string
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import iso8583

from sekisho.card_network.errors import MessageBroken

MAX_MESSAGE_BYTES = 2_048
"""Largest message sent or taken, in bytes, without its length header."""

HEADER_BYTES = 2
"""Big-endian length of the message that follows."""

YEN = "392"
"""ISO 4217 number of the yen; it has no minor unit."""

SIGN_ON, SIGN_OFF, ECHO = "001", "002", "301"
"""Field 70: purpose of a network management message."""

ACCOUNT_VERIFICATION = "51"
"""Field 25: zero amount, only asks whether the card is good."""

APPROVED, NOT_FOUND, FORMAT_ERROR = "00", "25", "30"

_NUMERIC = frozenset(string.digits)
_ALPHANUMERIC = frozenset(string.digits + string.ascii_letters + " ")
_PRINTABLE = frozenset(map(chr, range(0x20, 0x7F)))

# number: (characters, longest, digits of its length on the wire, name)
_TABLE: dict[str, tuple[frozenset[str], int, int, str]] = {
    "2": (_NUMERIC, 19, 2, "primary account number"),
    "3": (_NUMERIC, 6, 0, "processing code"),
    "4": (_NUMERIC, 12, 0, "amount"),
    "7": (_NUMERIC, 10, 0, "transmission date and time"),
    "11": (_NUMERIC, 6, 0, "system trace audit number"),
    "12": (_NUMERIC, 6, 0, "local time"),
    "13": (_NUMERIC, 4, 0, "local date"),
    "14": (_NUMERIC, 4, 0, "expiry"),
    "15": (_NUMERIC, 4, 0, "settlement date"),
    "18": (_NUMERIC, 4, 0, "merchant category"),
    "22": (_NUMERIC, 3, 0, "entry mode"),
    "25": (_NUMERIC, 2, 0, "condition code"),
    "32": (_NUMERIC, 11, 2, "acquirer"),
    "37": (_ALPHANUMERIC, 12, 0, "retrieval reference"),
    "38": (_ALPHANUMERIC, 6, 0, "approval code"),
    "39": (_ALPHANUMERIC, 2, 0, "response code"),
    "41": (_PRINTABLE, 8, 0, "terminal"),
    "42": (_PRINTABLE, 15, 0, "merchant"),
    "43": (_PRINTABLE, 40, 0, "merchant name and place"),
    "44": (_PRINTABLE, 25, 2, "additional response data"),
    "48": (_PRINTABLE, 255, 3, "additional data"),
    "49": (_NUMERIC, 3, 0, "currency"),
    "60": (_PRINTABLE, 255, 3, "dispute"),
    "62": (_PRINTABLE, 40, 3, "order reference"),
    "63": (_PRINTABLE, 50, 3, "network data"),
    "70": (_NUMERIC, 3, 0, "network management code"),
    "72": (_PRINTABLE, 999, 3, "data record"),
    "90": (_NUMERIC, 42, 0, "original data elements"),
}

_SECRET_FIELDS = frozenset({"2", "14", "48", "72"})
"""Card number, expiry, the field with the security code, and free text."""

_ECHOED_FIELDS = ("3", "4", "7", "11", "37", "41", "42", "49", "70")
"""An answer repeats these from its request; one that differs answers something else."""


def _spec() -> dict[str, dict[str, object]]:
    def entry(enc: str, length_digits: int, longest: int, name: str) -> dict[str, object]:
        return {
            "data_enc": enc,
            "len_enc": "ascii",
            "len_type": length_digits,
            "max_len": longest,
            "desc": name,
        }

    spec = {
        "h": entry("ascii", 0, 0, "header"),
        "t": entry("ascii", 0, 4, "message type"),
        "p": entry("b", 0, 8, "primary bitmap"),
        "1": entry("b", 0, 8, "secondary bitmap"),
    }
    for number, (_, longest, length_digits, name) in _TABLE.items():
        spec[number] = entry("ascii", length_digits, longest, name)
    return spec


_SPEC = _spec()


@dataclass(frozen=True, slots=True, repr=False)
class Message:
    """One message: its type (MTI, four digits) and its fields by number."""

    kind: str
    fields: Mapping[str, str]

    def __repr__(self) -> str:
        return f"<Message {self.kind} fields {', '.join(sorted(self.fields, key=int))}>"

    def get(self, number: str) -> str:
        """Return field ``number`` without padding, or an empty text when it is absent."""
        return self.fields.get(number, "").strip()

    @property
    def trace(self) -> tuple[str, str, str]:
        """What an answer is matched by: its type, trace number (11) and moment (7)."""
        return self.kind, self.fields.get("11", ""), self.fields.get("7", "")

    @property
    def answer_trace(self) -> tuple[str, str, str]:
        """``trace`` that the answer to this message has."""
        return answer_kind(self.kind), self.fields.get("11", ""), self.fields.get("7", "")


def answer_kind(kind: str) -> str:
    """Return the type that answers ``kind``: 0100 and its repeat 0101 are answered by 0110."""
    return f"{kind[:2]}{int(kind[2]) + 1}0"


def encode(message: Message) -> bytearray:
    """Return the frame of ``message``, length header first, in a buffer that the caller wipes.

    Raises ``MessageBroken`` naming the field, never its content."""
    for number, value in message.fields.items():
        _check(number, value)
    document = {"t": message.kind, **message.fields}
    try:
        wire, _ = iso8583.encode(document, _SPEC)
    except iso8583.EncodeError as problem:
        raise MessageBroken(problem.field, "can't be packed") from None
    if len(wire) > MAX_MESSAGE_BYTES:
        raise MessageBroken("h", f"longer than {MAX_MESSAGE_BYTES} bytes")
    wire[:0] = len(wire).to_bytes(HEADER_BYTES, "big")
    return wire


def decode(wire: bytes) -> Message:
    """Return the message in ``wire`` (without length header). Raises ``MessageBroken`` naming the
    field, never its content."""
    if len(wire) > MAX_MESSAGE_BYTES:
        raise MessageBroken("h", f"longer than {MAX_MESSAGE_BYTES} bytes")
    try:
        document, _ = iso8583.decode(wire, _SPEC)
    except iso8583.DecodeError as problem:
        raise MessageBroken(problem.field, "can't be unpacked") from None
    except KeyError as problem:  # what pyiso8583 raises for a field that its table lacks
        raise MessageBroken(str(problem.args[0]), "is not in the field table") from None
    kind = document.pop("t")
    if not _NUMERIC.issuperset(kind) or kind[2] == "9":
        raise MessageBroken("t", "is no message type")
    fields = {number: value for number, value in document.items() if number.isdigit()}
    fields.pop("1", None)
    for number, value in fields.items():
        _check(number, value)
    return Message(kind, fields)


def _check(number: str, value: str) -> None:
    if number not in _TABLE:
        raise MessageBroken(number, "is not in the field table")
    characters, longest, length_digits, name = _TABLE[number]
    if not (0 < len(value) <= longest if length_digits else len(value) == longest):
        raise MessageBroken(number, f"{name} has {len(value)} characters")
    if not characters.issuperset(value):
        raise MessageBroken(number, f"{name} has a character that it may not have")


def find_mismatch(asked: Message, answer: Message) -> str | None:
    """Return the number of the first field in which ``answer`` does not repeat ``asked``, ``39``
    when it has no response code, or ``None`` when it answers."""
    for number in _ECHOED_FIELDS:
        if number in asked.fields and number in answer.fields:
            if asked.fields[number] != answer.fields[number]:
                return number
        elif number in asked.fields and number in ("4", "7", "11"):
            return number
    return None if answer.get("39") else "39"


def masked_number(number: str) -> str:
    """Return a card number as it may be stored: six digits of BIN, last four (PCI DSS 3.4.1)."""
    return f"{number[:6]}{'*' * max(len(number) - 10, 0)}{number[-4:]}"


def storable(message: Message) -> dict[str, str]:
    """Return the fields that may be written down: the number masked; expiry and additional data,
    which holds the security code, left out (PCI DSS 3.3.1)."""
    kept = {
        number: value for number, value in message.fields.items() if number not in _SECRET_FIELDS
    }
    if "2" in message.fields:
        kept["2"] = masked_number(message.fields["2"])
    return kept


# --- what is sent -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Stamp:
    """What names a message for the network for ever: acquirer (32), trace number (11) and the
    moment (7). ``retrieval_reference`` (37) names the payment in both books."""

    acquirer: str
    trace_number: str
    sent_at: datetime
    retrieval_reference: str

    @property
    def moment(self) -> str:
        """Field 7: MMDDhhmmss, UTC."""
        return f"{self.sent_at:%m%d%H%M%S}"

    def fields(self, local: datetime) -> dict[str, str]:
        """Return the fields 7, 11, 12, 13, 32 and 37; ``local`` is ``sent_at`` in business time."""
        return {
            "7": self.moment,
            "11": self.trace_number,
            "12": f"{local:%H%M%S}",
            "13": f"{local:%m%d}",
            "32": self.acquirer,
            "37": self.retrieval_reference,
        }


def retrieval_reference(trace_number: str, sent_at: datetime) -> str:
    """Return field 37: last digit of the year, day of the year, hour (UTC), trace number. Unique
    for ten years as long as an hour has fewer than a million messages."""
    return f"{sent_at:%Y}"[-1] + f"{sent_at:%j%H}" + trace_number


def network_management(code: str, trace_number: str, sent_at: datetime) -> Message:
    """Return an 0800 of purpose ``code`` (``SIGN_ON``, ``SIGN_OFF``, ``ECHO``)."""
    return Message("0800", {"7": f"{sent_at:%m%d%H%M%S}", "11": trace_number, "70": code})


def original_data(kind: str, stamp: Stamp) -> str:
    """Return field 90 for the message that ``kind`` and ``stamp`` name."""
    return f"{kind}{stamp.trace_number}{stamp.moment}{stamp.acquirer:0>11}{'':0>11}"


def additional_data(elements: Mapping[str, str]) -> str:
    """Return field 48 or 60 of ``elements``: two digits name, two digits length, value."""
    return "".join(
        f"{name}{len(value):02d}{value}" for name, value in sorted(elements.items()) if value
    )


def read_elements(field: str, text: str) -> dict[str, str]:
    """Return the sub-elements of ``text``, which ``field`` held. Raises ``MessageBroken``."""
    elements: dict[str, str] = {}
    at = 0
    while at < len(text):
        name, length = text[at : at + 2], text[at + 2 : at + 4]
        if len(length) != 2 or not _NUMERIC.issuperset(name + length) or name in elements:
            raise MessageBroken(field, "has a broken sub-element")
        at += 4 + int(length)
        if at > len(text):
            raise MessageBroken(field, "has a sub-element that is cut short")
        elements[name] = text[at - int(length) : at]
    return elements


def read_inquiry(answer: Message) -> tuple[str, str]:
    """Return (response code, state) of the original from an 0610's field 44, such as ``("00",
    "approved")``; two empty texts when the network knows no such message."""
    if answer.get("39") != APPROVED:
        return "", ""
    code, _, state = answer.get("44").partition(" ")
    return code, state
