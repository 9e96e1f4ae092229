"""The host's own book: what the network believes happened, one JSON line per change.

A line holds the whole entry, so the last line of an entry is its state. No clear card number is
written (PCI DSS 3.4.1: BIN and last four at most); equal cards are known by a keyed hash."""

from __future__ import annotations

import hashlib
import hmac
import logging
import secrets
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Literal

import msgspec

LOG = logging.getLogger(__name__)

FILE_NAME = "book.jsonl"
KEY_NAME = "identity.key"
KEY_BYTES = 32
MAX_ENTRIES_IN_MEMORY = 200_000
"""Entries that the host can still find; older ones are in the file only."""

State = Literal["approved", "declined", "captured", "reversed", "refunded", "closed"]
"""``closed``: a reversal came for a message that never arrived; it is refused if it still comes."""


class Key(msgspec.Struct, frozen=True):
    """What names a message for the network: acquirer (32), trace number (11), sent at (7)."""

    acquirer: str
    trace: str
    sent_at: str


class Entry(msgspec.Struct, kw_only=True):
    """One authorisation, verification or refund."""

    key: Key
    kind: Literal["authorisation", "verification", "refund"]
    state: State
    response_code: str
    amount: int = 0
    captured: int = 0
    refunded: int = 0
    capture_trace: str = ""
    capture_tries: int = 0
    ignored: int = 0
    """Messages about this entry that the host left unanswered on purpose."""
    approval_code: str = ""
    network_reference: str = ""
    original: Key | None = None
    """Of a refund: the authorisation whose capture it gives back."""
    retrieval_reference: str = ""
    merchant: str = ""
    reference: str = ""
    card: str = ""
    card_hash: str = ""
    behaviour: str = "answer"
    at: str = ""

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
        path = folder / FILE_NAME
        self._entries: dict[Key, Entry] = {entry.key: entry for entry in read_book(folder)}
        _end_last_line(path)
        self._file: IO[bytes] = path.open("ab")

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
        self._file.write(b"".join(msgspec.json.encode(entry) + b"\n" for entry in entries))
        self._file.flush()
        while len(self._entries) > MAX_ENTRIES_IN_MEMORY:
            del self._entries[next(iter(self._entries))]

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
    for line in _lines(folder / FILE_NAME):
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


def _end_last_line(path: Path) -> None:
    """Give a last line that a kill cut short its end, so that the next line stands alone."""
    if path.exists() and path.stat().st_size:
        with path.open("rb+") as file:
            file.seek(-1, 2)
            if file.read(1) != b"\n":
                file.write(b"\n")


def _identity_key(path: Path) -> bytes:
    if path.exists():
        key = path.read_bytes()
        if len(key) == KEY_BYTES:
            return key
    key = secrets.token_bytes(KEY_BYTES)
    path.touch(mode=0o600)
    path.write_bytes(key)
    return key
