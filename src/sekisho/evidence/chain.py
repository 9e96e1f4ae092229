"""The chain (pure): how one line is bound to all lines before it."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import NamedTuple

GENESIS = bytes(32)
"""Digest before the first line."""


class Line(NamedTuple):
    """A line as it is stored; ``xid`` and ``id`` give the order."""

    id: int
    xid: int
    at: datetime
    role: str
    kind: str
    subject: str
    facts: str


def line_digest(before: bytes, line: Line) -> bytes:
    """Return SHA-256 over the digest before and every column of ``line``."""
    at = line.at.astimezone(UTC).isoformat(timespec="microseconds")
    columns = [line.id, line.xid, at, line.role, line.kind, line.subject, line.facts]
    text = json.dumps(columns, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(before + text.encode()).digest()


def head_bytes(position: int, digest: bytes, signed_at: datetime) -> bytes:
    """Return what the keeper signs of a head."""
    at = signed_at.astimezone(UTC).isoformat(timespec="microseconds")
    return f"sekisho evidence head v1\0{position}\0{at}\0".encode() + digest
