"""Verify the chain from its first line: what was changed, removed, slipped in or moved."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from sekisho.evidence.chain import GENESIS, Line, head_bytes, line_digest
from sekisho.evidence.keeper import ANCHOR_FILE, LINE_COLUMNS

MAX_FAULTS_SHOWN = 100
FETCH_LINES = 5_000


class Verified(NamedTuple):
    """``faults`` name lines by id and position; ``unlinked`` are too new for the chain."""

    lines: int
    unlinked: int
    heads: int
    faults: list[str]

    @property
    def ok(self) -> bool:
        return not self.faults


def verify(
    database: psycopg.Connection[Any], public_key: bytes, anchors: Path | None = None
) -> Verified:
    """Read the whole chain once, in one snapshot, with flat memory.

    ``public_key`` is the keeper's raw Ed25519 key; ``anchors`` the keeper's folder (or a copy kept
    elsewhere) whose noted heads must be met too."""
    faults: list[str] = []
    with database.transaction():
        database.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        heads = _check_heads(database, public_key, faults)
        noted = _noted_heads(anchors, public_key, faults) if anchors else {}
        head_count = len(heads)
        lines = _check_links(database, heads, noted, faults)
        _check_slipped_in(database, faults)
        row = database.execute(
            "SELECT count(*) FROM evidence.line WHERE NOT EXISTS"
            " (SELECT FROM evidence.link WHERE line_id = line.id)"
        ).fetchone()
    return Verified(lines, row[0] if row else 0, head_count, faults[:MAX_FAULTS_SHOWN])


def _check_heads(
    database: psycopg.Connection[Any], public_key: bytes, faults: list[str]
) -> dict[int, bytes]:
    key = Ed25519PublicKey.from_public_bytes(public_key)
    heads = {}
    for position, digest, signed_at, signature in database.execute(
        "SELECT position, digest, signed_at, signature FROM evidence.head ORDER BY position"
    ):
        try:
            key.verify(bytes(signature), head_bytes(position, bytes(digest), signed_at))
        except InvalidSignature:
            faults.append(f"head at position {position}: the keeper did not sign this")
        heads[position] = bytes(digest)
    return heads


def _noted_heads(folder: Path, public_key: bytes, faults: list[str]) -> dict[int, bytes]:
    key = Ed25519PublicKey.from_public_bytes(public_key)
    noted = {}
    path = folder / ANCHOR_FILE
    for number, text in enumerate(path.read_text().splitlines() if path.exists() else (), start=1):
        try:
            note = json.loads(text)
            position, digest = int(note["position"]), bytes.fromhex(note["digest"])
            signed = head_bytes(position, digest, datetime.fromisoformat(note["at"]))
            key.verify(bytes.fromhex(note["signature"]), signed)
        except (ValueError, KeyError, TypeError, InvalidSignature):
            faults.append(f"{ANCHOR_FILE} line {number}: not a head that the keeper noted")
            continue
        noted[position] = digest
    return noted


def _linked_lines(database: psycopg.Connection[Any]) -> Iterator[tuple[Any, ...]]:
    with database.cursor(name="chain") as cursor:
        cursor.itersize = FETCH_LINES
        cursor.execute(
            f"SELECT link.position, link.line_id, link.digest, {LINE_COLUMNS}"  # noqa: S608
            " FROM evidence.link LEFT JOIN evidence.line ON line.id = link.line_id"
            " ORDER BY link.position"
        )
        yield from cursor


def _check_links(
    database: psycopg.Connection[Any],
    heads: dict[int, bytes],
    noted: dict[int, bytes],
    faults: list[str],
) -> int:
    expected, digest, order = 0, GENESIS, (0, 0)
    for position, line_id, stored, *columns in _linked_lines(database):
        expected += 1
        if position != expected:
            faults.append(f"positions {expected} to {position - 1} are missing from the chain")
            expected = position
        if columns[0] is None:
            faults.append(f"position {position}: line {line_id} is missing")
        else:
            line = Line(*columns)
            if line_digest(digest, line) != bytes(stored):
                faults.append(f"position {position}: line {line_id} was changed or moved")
            if (line.xid, line.id) <= order:
                faults.append(f"position {position}: line {line_id} is out of order")
            order = (line.xid, line.id)
        # Go on from the stored digest, so that one changed line is one fault and not all after it.
        digest = bytes(stored)
        for book, name in ((heads, "signed head"), (noted, "noted head")):
            if position in book and book.pop(position) != digest:
                faults.append(f"position {position}: the {name} has another digest")
    faults += [f"signed head at {p}: the chain does not reach it" for p in sorted(heads)]
    faults += [f"noted head at {p}: the chain does not reach it" for p in sorted(noted)]
    return expected


def _check_slipped_in(database: psycopg.Connection[Any], faults: list[str]) -> None:
    for (line_id,) in database.execute(
        "SELECT id FROM evidence.line WHERE (xid, id) <= (SELECT line_xid, line_id FROM"
        " evidence.link ORDER BY position DESC LIMIT 1) AND NOT EXISTS"
        " (SELECT FROM evidence.link WHERE line_id = line.id) ORDER BY id LIMIT %s",
        [MAX_FAULTS_SHOWN],
    ):
        faults.append(f"line {line_id} was slipped in behind the chain's back")
