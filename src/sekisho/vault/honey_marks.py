"""Which cards are honey: nobody pays with them, so whoever asks for one is no payment.

The marks are keyed hashes of tokens in a file of the vault's own folder, under a key that the key
store wraps. Database, payments and their backups hold nothing that tells a honey card from another
(docs/decisions/vault-honey-cards.md)."""

from __future__ import annotations

import hashlib
import hmac
import os
import threading
from datetime import datetime
from pathlib import Path
from typing import Final

from sekisho.vault.count_releases import hour_of
from sekisho.vault.envelope import new_key
from sekisho.vault.errors import KeyStoreError
from sekisho.vault.keystore.interface import SEAL_WRAP, KeyStore
from sekisho.vault.limits import HONEY_ALARMS_PER_HOUR

FILE_NAME: Final = "honey.marks"
_CONTEXT = b"sekisho vault honey key v1"


class HoneyMarks:
    """The marks of one vault. Thread-safe. Shows nothing by ``repr``."""

    def __init__(self, own_folder: Path, keystore: KeyStore) -> None:
        """Read the marks; none are there before the first honey card. Raises ``KeyStoreError`` for
        a file that was cut or edited, ``EnvelopeBroken`` for another vault's."""
        self._path = own_folder / FILE_NAME
        self._keystore = keystore
        self._lock = threading.Lock()
        self._key: bytes | bytearray = b""
        self._marks: set[bytes] = set()
        self._told: dict[str, datetime] = {}
        if self._path.exists():
            self._read()

    def __len__(self) -> int:
        return len(self._marks)

    def add(self, card_token: str) -> None:
        """Mark a card for good: on the disk when this returns. Again changes nothing."""
        with self._lock:
            if not self._key:
                key = new_key()
                self._append(self._keystore.wrap(SEAL_WRAP, key, _CONTEXT))
                self._key = key
            mark = self._mark(card_token)
            if mark not in self._marks:
                self._append(mark)
                self._marks.add(mark)

    def holds(self, card_token: str) -> bool:
        """Return whether the card is honey."""
        return bool(self._marks) and self._mark(card_token) in self._marks

    def rings(self, card_token: str, now: datetime) -> bool:
        """Return whether this asking for the card is to be told: it is honey, was not told in this
        hour, and the hour has room for an alarm (``HONEY_ALARMS_PER_HOUR``)."""
        if not self.holds(card_token):
            return False
        hour = hour_of(now)
        with self._lock:
            self._told = {token: at for token, at in self._told.items() if at == hour}
            return card_token not in self._told and len(self._told) < HONEY_ALARMS_PER_HOUR

    def told(self, card_token: str, now: datetime) -> None:
        """Note that the alarm stands on the evidence."""
        with self._lock:
            self._told[card_token] = hour_of(now)

    def _mark(self, card_token: str) -> bytes:
        return hmac.new(self._key, card_token.encode(), hashlib.sha256).digest()

    def _read(self) -> None:
        try:
            wrapped, *marks = map(bytes.fromhex, self._path.read_text(encoding="ascii").split())
        except ValueError:
            raise KeyStoreError(f"{self._path}: is cut; restore it from the backup") from None
        self._key = self._keystore.unwrap(SEAL_WRAP, wrapped, _CONTEXT)
        self._marks = set(marks)

    def _append(self, line: bytes) -> None:
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(line.hex() + "\n")
            file.flush()
            os.fsync(file.fileno())
