"""The host's own book: what the network believes happened, one JSON line per change.

A line holds the whole entry, so the last line of an entry is its state. At a start the book is
written anew with one line for each entry, and a file that is full becomes ``book.old.jsonl`` in
place of the one before: what lies further back is forgotten. No clear
card number is written (PCI DSS 3.4.1: BIN and last four at most); equal cards are known by a keyed
hash."""

from __future__ import annotations

import hashlib
import hmac
import logging
import secrets
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import IO, Literal
from zoneinfo import ZoneInfo

import msgspec

LOG = logging.getLogger(__name__)

FILE_NAME = "book.jsonl"
OLD_FILE_NAME = "book.old.jsonl"
KEY_NAME = "identity.key"
KEY_BYTES = 32
MAX_ENTRIES_IN_MEMORY = 200_000
"""Entries that the host can still find; older ones are in the files only."""
MAX_FILE_LINES = 1_000_000
"""Lines of one file, some 400 bytes each."""

State = Literal[
    "approved",
    "declined",
    "captured",
    "reversed",
    "refunded",
    "closed",
    "open",
    "accepted",
    "contested",
    "won",
    "lost",
]
"""``closed``: a reversal came for a message that never arrived; it is refused if it still comes.
From ``open`` on: a chargeback, ``won`` and ``lost`` as the merchant sees it."""

TOKYO = ZoneInfo("Asia/Tokyo")


class Key(msgspec.Struct, frozen=True):
    """What names a message for the network: acquirer (32), trace number (11), sent at (7)."""

    acquirer: str
    trace: str
    sent_at: str


class Case(msgspec.Struct, kw_only=True):
    """What only a chargeback has. Its key has the case number in place of a trace number."""

    number: str
    reason_code: str
    respond_by: str
    """Day, ISO 8601."""
    trace: str
    """Trace number of the host's message about it; a decision draws a new one."""
    sent_at: str
    unanswered: Literal["", "chargeback", "decision"] = "chargeback"
    """Which message the acquirer has not acknowledged."""
    refused_with: str = ""
    grounds: str = ""
    won_day: str = ""


class Entry(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One authorisation, verification, refund or chargeback."""

    key: Key
    kind: Literal["authorisation", "verification", "refund", "chargeback"]
    state: State
    response_code: str
    amount: int = 0
    captured: int = 0
    refunded: int = 0
    charged_back: int = 0
    """By chargebacks that are not won."""
    capture_trace: str = ""
    capture_tries: int = 0
    ignored: int = 0
    """Messages about this entry that the host left unanswered on purpose."""
    approval_code: str = ""
    network_reference: str = ""
    original: Key | None = None
    """Of a refund or chargeback: the authorisation whose capture it is about."""
    retrieval_reference: str = ""
    merchant: str = ""
    reference: str = ""
    card: str = ""
    card_hash: str = ""
    behaviour: str = "answer"
    eci: str = ""
    day: str = ""
    """Business day (Asia/Tokyo) on which the money of this entry moved."""
    due: float = 0.0
    """When the host does something about it by itself, in seconds of the epoch; 0: never."""
    case: Case | None = None
    at: str = ""

    @property
    def left(self) -> int:
        """What of a capture was neither given back nor charged back."""
        return self.captured - self.refunded - self.charged_back

    @property
    def needs_care(self) -> bool:
        """Whether the host has to act on it: a date, or a message not acknowledged."""
        return self.due > 0 or (self.case is not None and self.case.unanswered != "")

    @property
    def stands(self) -> bool:
        """Whether the cardholder's money is held or taken by this entry."""
        return (
            self.amount > 0
            and self.kind == "authorisation"
            and self.state
            in (
                "approved",
                "captured",
            )
        )


class Book:
    """The entries of one host, kept in memory and appended to ``book.jsonl`` in ``folder``."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._key = _identity_key(folder / KEY_NAME)
        self._folder = folder
        self._entries: dict[Key, Entry] = {entry.key: entry for entry in read_book(folder)}
        self._forget_oldest()
        self._care = {one.key: one for one in self._entries.values() if one.needs_care}
        self._lines = len(self._entries)
        _write_anew(folder, self._entries.values())
        self._file: IO[bytes] = (folder / FILE_NAME).open("ab")

    def close(self) -> None:
        """Close the file; the book can't be written any more."""
        self._file.close()

    def find(self, key: Key) -> Entry | None:
        """Return the entry of ``key``, if the host still knows it."""
        return self._entries.get(key)

    def write(self, *entries: Entry) -> None:
        """Put ``entries`` in memory and their states at the end of the file in one write, before
        any answer goes."""
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        for entry in entries:
            entry.at = at
            self._entries[entry.key] = entry
            if entry.needs_care:
                self._care[entry.key] = entry
            else:
                self._care.pop(entry.key, None)
        self._file.write(b"".join(msgspec.json.encode(entry) + b"\n" for entry in entries))
        self._file.flush()
        self._lines += len(entries)
        if self._lines >= MAX_FILE_LINES:
            self._turn_over()
        self._forget_oldest()

    def _turn_over(self) -> None:
        self._file.close()
        (self._folder / FILE_NAME).replace(self._folder / OLD_FILE_NAME)
        self._file = (self._folder / FILE_NAME).open("ab")
        self._lines = 0

    def _forget_oldest(self) -> None:
        while len(self._entries) > MAX_ENTRIES_IN_MEMORY:
            del self._entries[next(iter(self._entries))]

    def cared_for(self) -> list[Entry]:
        """Return the entries that need care."""
        return list(self._care.values())

    def captured_by_reference(self, reference: str) -> list[Entry]:
        """Return the captured entries of a payer's reference, oldest first."""
        return [
            one
            for one in self._entries.values()
            if one.reference == reference and one.state == "captured"
        ]

    def chargeback(self, case_number: str) -> Entry | None:
        """Return the chargeback of a case number."""
        for entry in self._entries.values():
            if entry.case is not None and entry.case.number == case_number:
                return entry
        return None

    def entries(self) -> list[Entry]:
        """Return the entries in memory, oldest first."""
        return list(self._entries.values())

    def card_hash(self, number: str) -> str:
        """Return the keyed hash by which equal card numbers are known (PCI DSS 3.5.1.1)."""
        return hmac.new(self._key, number.encode(), hashlib.sha256).hexdigest()[:32]


def masked(number: str) -> str:
    """Return BIN and last four of a card number (PCI DSS 3.4.1)."""
    return f"{number[:6]}{'*' * max(len(number) - 10, 0)}{number[-4:]}"


def read_book(folder: Path) -> list[Entry]:
    """Return the last state of every entry in the book in ``folder``, oldest first. A last line
    cut short by a kill is left out."""
    entries: dict[Key, Entry] = {}
    for line in chain(_lines(folder / OLD_FILE_NAME), _lines(folder / FILE_NAME)):
        try:
            entry = msgspec.json.decode(line, type=Entry)
        except msgspec.MsgspecError:
            LOG.warning("%s has a line cut short; left out", FILE_NAME)
            continue
        entries[entry.key] = entry
    return list(entries.values())


def double_charges(entries: Iterable[Entry]) -> list[tuple[str, str]]:
    """Return each (merchant, reference) for which more than one entry holds money."""
    standing = Counter((entry.merchant, entry.reference) for entry in entries if entry.stands)
    return sorted(pair for pair, count in standing.items() if count > 1 and pair[1])


def _lines(path: Path) -> Iterator[bytes]:
    if path.exists():
        with path.open("rb") as file:
            yield from file


def _write_anew(folder: Path, entries: Iterable[Entry]) -> None:
    """Leave one line for each entry; the draft takes the book's place only when it is whole."""
    draft = folder / f"{FILE_NAME}.new"
    with draft.open("wb") as file:
        file.writelines(msgspec.json.encode(entry) + b"\n" for entry in entries)
    draft.replace(folder / FILE_NAME)
    (folder / OLD_FILE_NAME).unlink(missing_ok=True)


def business_day(moment: datetime) -> str:
    """Return the business day of an aware moment, ISO 8601."""
    return moment.astimezone(TOKYO).date().isoformat()


def _identity_key(path: Path) -> bytes:
    if path.exists():
        key = path.read_bytes()
        if len(key) == KEY_BYTES:
            return key
    key = secrets.token_bytes(KEY_BYTES)
    path.touch(mode=0o600)
    path.write_bytes(key)
    return key
