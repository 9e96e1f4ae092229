"""The keeper links new lines into the chain and signs the head.

Order is (transaction id, line id), and only lines older than every open transaction are linked:
no line can later appear before a linked one unless somebody forged it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sekisho.evidence.chain import GENESIS, Line, head_bytes, line_digest
from sekisho.vocabulary.clock import now

BATCH_LINES = 5_000
SEAL_SECONDS = 0.5
"""Pause between two looks for new lines; a line is linked about this long after its commit."""

LINE_COLUMNS = (
    "line.id, line.xid::text::bigint, line.at, line.role, line.kind, line.subject, line.facts"
)

_LOCK_NUMBER = 7_235_001
"""Advisory lock: two keepers at once would fork the chain."""

ANCHOR_FILE = "heads.jsonl"


class Head(NamedTuple):
    position: int
    digest: bytes


class KeeperBusy(Exception):
    """Another keeper holds the chain."""


def take_chain(database: psycopg.Connection[Any]) -> None:
    """Become the only keeper of this database. Raises ``KeeperBusy``."""
    row = database.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK_NUMBER]).fetchone()
    if row is None or not row[0]:
        raise KeeperBusy("another evidence keeper links this database's lines")


def seal_new_lines(database: psycopg.Connection[Any], key: Ed25519PrivateKey, folder: Path) -> int:
    """Link up to ``BATCH_LINES`` new lines, sign the head, note it in ``folder``; return how many.

    The head is noted outside the database too: whoever rewrites the whole chain inside it can't
    rewrite that file, nor sign."""
    with database.transaction():
        last = database.execute(
            "SELECT position, digest, line_xid::text::bigint, line_id FROM evidence.link"
            " ORDER BY position DESC LIMIT 1"
        ).fetchone() or (0, GENESIS, 0, 0)
        rows = database.execute(
            f"SELECT {LINE_COLUMNS} FROM evidence.line WHERE (xid, id) > (%s::text::xid8, %s)"  # noqa: S608
            " AND xid < pg_snapshot_xmin(pg_current_snapshot()) ORDER BY xid, id LIMIT %s",
            [str(last[2]), last[3], BATCH_LINES],
        ).fetchall()
        if not rows:
            return 0
        position, digest = last[0], bytes(last[1])
        links = []
        for row in rows:
            line = Line(*row)
            position, digest = position + 1, line_digest(digest, line)
            links.append((position, line.id, str(line.xid), digest))
        with database.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO evidence.link (position, line_id, line_xid, digest)"
                " VALUES (%s, %s, %s::text::xid8, %s)",
                links,
            )
        signed_at = now()
        signature = key.sign(head_bytes(position, digest, signed_at))
        database.execute(
            "INSERT INTO evidence.head (position, digest, signed_at, signature)"
            " VALUES (%s, %s, %s, %s)",
            [position, digest, signed_at, signature],
        )
    _note_head(folder, position, digest, signed_at.isoformat(), signature)
    return len(rows)


def _note_head(folder: Path, position: int, digest: bytes, at: str, signature: bytes) -> None:
    note = {"position": position, "digest": digest.hex(), "at": at, "signature": signature.hex()}
    descriptor = os.open(folder / ANCHOR_FILE, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(json.dumps(note) + "\n")
