"""Data keys and subject keys as rows: made, found, unwrapped. Works inside ``visible_to``."""

from __future__ import annotations

import threading
from collections import OrderedDict
from datetime import datetime
from typing import NamedTuple, Protocol

from django.db import transaction
from django.db.models import Max

from sekisho.vault import envelope, fingerprints
from sekisho.vault.envelope import DataKeyPlace, SubjectKeyPlace, associated_data
from sekisho.vault.errors import KeyDestroyed, KeyMissing
from sekisho.vault.keystore.interface import CARD_MAC, KEPT_WRAP, KeyStore, epoch_wrap
from sekisho.vault.limits import DATA_KEYS_CACHED
from sekisho.vault.records.models import DataKey, Subject
from sekisho.vocabulary.clock import business_date
from sekisho.vocabulary.identifiers import new_id

KEPT = "kept"
ONE_OFF = "one_off"
FINGERPRINT = "fingerprint"


class SubjectRow(Protocol):
    """A subject's row, however it was read."""

    @property
    def token(self) -> str: ...
    @property
    def client_body(self) -> str: ...
    @property
    def use(self) -> str: ...
    @property
    def data_key_version(self) -> int: ...
    @property
    def subject_key_version(self) -> int: ...
    @property
    def wrapped_key(self) -> bytes | memoryview | None: ...


class SubjectKey(NamedTuple):
    """An open subject key and the row that it belongs to."""

    row: SubjectRow
    key: bytes | bytearray

    def __repr__(self) -> str:
        return f"<SubjectKey of {self.row.token}>"


class Keyring:
    """The keys of every client body, opened by ``keystore`` and kept in bounded memory."""

    def __init__(self, keystore: KeyStore) -> None:
        self._keystore = keystore
        self._opened: OrderedDict[DataKeyPlace, bytes | bytearray] = OrderedDict()
        self._current: dict[tuple[str, str], int] = {}
        self._lock = threading.Lock()

    # --- subjects ---

    def new_subject(self, client_body: str, use: str, now: datetime) -> SubjectKey:
        """Make and write down a subject with a fresh key."""
        return self.new_subjects(client_body, use, now, 1)[0]

    def new_subjects(
        self, client_body: str, use: str, now: datetime, count: int
    ) -> list[SubjectKey]:
        """Make and write down ``count`` subjects with a fresh key each."""
        made = [self.made_subject(client_body, use, now) for _ in range(count)]
        Subject.objects.bulk_create(row for row, _ in made)
        return [key for _, key in made]

    def made_subject(self, client_body: str, use: str, now: datetime) -> tuple[Subject, SubjectKey]:
        """Make a subject with a fresh key; its row is not written down yet."""
        version = self.current_version(client_body, use, now)
        data_key = self.data_key(DataKeyPlace(client_body, use, version))
        row = Subject(
            token=new_id("sub"),
            client_body=client_body,
            use=use,
            data_key_version=version,
            subject_key_version=1,
            made_at=now,
        )
        key = envelope.new_key()
        row.wrapped_key = envelope.seal(data_key, bytes(key), _place_of(row))
        return row, SubjectKey(row, key)

    def open_subject(self, row: SubjectRow) -> SubjectKey:
        """Return the subject's key. Raises ``KeyDestroyed`` for a forgotten subject and
        ``EnvelopeBroken`` for a row that was tampered with."""
        if row.wrapped_key is None:
            raise KeyDestroyed(f"subject {row.token} was forgotten")
        place = DataKeyPlace(row.client_body, row.use, row.data_key_version)
        key = envelope.unseal(self.data_key(place), bytes(row.wrapped_key), _place_of(row))
        return SubjectKey(row, bytearray(key))

    def at_hand(self, row: SubjectRow) -> bool:
        """Return whether the subject's data key is open already."""
        return DataKeyPlace(row.client_body, row.use, row.data_key_version) in self._opened

    def rewrap_subject(self, row: Subject, version: int) -> None:
        """Put the subject's key under data key ``version`` (the row is not saved)."""
        key = self.open_subject(row).key
        row.data_key_version = version
        data_key = self.data_key(DataKeyPlace(row.client_body, row.use, version))
        row.wrapped_key = envelope.seal(data_key, bytes(key), _place_of(row))

    # --- data keys ---

    def current_version(self, client_body: str, use: str, now: datetime) -> int:
        """Return the version under which new subjects go: today's date for one-off cards (one key
        a day), the highest one else. Made when there is none yet."""
        if use == ONE_OFF:
            day = f"{business_date(now):%Y%m%d}"
            return self._ensure(client_body, use, int(day), epoch_wrap(day), now)
        known = self._current.get((client_body, use))
        if known is not None:
            return known
        found = DataKey.objects.filter(client_body=client_body, use=use, retired_at=None)
        version = found.aggregate(highest=Max("version"))["highest"]
        version = version or self._ensure(client_body, use, 1, KEPT_WRAP, now)
        transaction.on_commit(lambda: self._current.__setitem__((client_body, use), version))
        return int(version)

    def add_version(self, client_body: str, use: str, now: datetime) -> int:
        """Make the next data key of a kept use current and retire the earlier ones."""
        held = DataKey.objects.filter(client_body=client_body, use=use)
        version = (held.aggregate(highest=Max("version"))["highest"] or 0) + 1
        self._ensure(client_body, use, version, KEPT_WRAP, now)
        held.filter(version__lt=version, retired_at=None).update(retired_at=now)
        transaction.on_commit(lambda: self._current.__setitem__((client_body, use), version))
        return version

    def data_key(self, place: DataKeyPlace) -> bytes | bytearray:
        """Return an open data key. Raises ``KeyMissing`` when there is no row of that version,
        ``EnvelopeBroken`` when row and key store do not belong together."""
        with self._lock:
            opened = self._opened.get(place)
            if opened is not None:
                self._opened.move_to_end(place)
                return opened
        row = DataKey.objects.filter(**place._asdict()).first()
        if row is None:
            raise KeyMissing(f"no data key {place.use} {place.version} of {place.client_body}")
        key = self._keystore.unwrap(row.wrapped_by, bytes(row.wrapped), associated_data(place))
        # After the commit only: a row that is rolled back must not leave its key behind here.
        transaction.on_commit(lambda: self._keep(place, key))
        return key

    def drop_epoch(self, day: str) -> None:
        """Destroy the wrapping key of one day's one-off cards and forget what it opened."""
        self._keystore.destroy(epoch_wrap(day))
        with self._lock:
            for place in [p for p in self._opened if p.use == ONE_OFF and p.version == int(day)]:
                del self._opened[place]

    def _ensure(
        self, client_body: str, use: str, version: int, wrapped_by: str, now: datetime
    ) -> int:
        place = DataKeyPlace(client_body, use, version)
        if place in self._opened:
            return version
        if not DataKey.objects.filter(**place._asdict()).exists():
            self._keystore.ensure(wrapped_by, "wrap")
            wrapped = self._keystore.wrap(wrapped_by, envelope.new_key(), associated_data(place))
            DataKey.objects.bulk_create(
                [DataKey(**place._asdict(), wrapped_by=wrapped_by, wrapped=wrapped, made_at=now)],
                ignore_conflicts=True,
            )
        return version

    def _keep(self, place: DataKeyPlace, key: bytes | bytearray) -> None:
        with self._lock:
            self._opened[place] = key
            while len(self._opened) > DATA_KEYS_CACHED:
                self._opened.popitem(last=False)

    # --- fingerprints ---

    def item_fingerprint(
        self, client_body: str, kind: str, value: str, now: datetime, version: int | None = None
    ) -> tuple[bytes, int]:
        """Return the keyed fingerprint of an item of ``client_body`` and its key's version: the
        current one unless ``version`` says another."""
        version = version or self.current_version(client_body, FINGERPRINT, now)
        key = self.data_key(DataKeyPlace(client_body, FINGERPRINT, version))
        return fingerprints.fingerprint(key, client_body, kind, value), version

    def card_fingerprint(self, number: str) -> bytes:
        """Return the keyed fingerprint of a card number, one key for all client bodies (made
        inside the key store; PCI DSS 3.5.1.1)."""
        message = fingerprints.message_of(fingerprints.CARD_PURPOSE, "card_number", number)
        return self._keystore.mac(CARD_MAC, message)


def _place_of(row: SubjectRow) -> SubjectKeyPlace:
    return SubjectKeyPlace(
        row.token, row.client_body, row.use, row.data_key_version, row.subject_key_version
    )
