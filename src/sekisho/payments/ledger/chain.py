"""Link transfers into the ledger's hash chain, and put its head on evidence.

The database links (``link_transfers`` in ``0003_ledger.sql``): no role can write a link by hand.
Each digest is SHA-256 over the one before and the transfer with its entries. The head is a line of
evidence now and then, which the keeper signs: who rewrites a transfer, and the chain after it, and
the evidence, still lacks the keeper's key."""

from __future__ import annotations

import logging
import threading
from datetime import datetime
from typing import NamedTuple

from django.db import close_old_connections, connection

from sekisho import evidence
from sekisho.evidence.alarm import raise_alarm
from sekisho.payments.records.session import EVERY_BODY, Rows, acting_for

LINK_SECONDS = 1.0
"""Pause between two looks for new transfers."""

LINK_BATCH_TRANSFERS = 2_000
"""Transfers linked in one transaction."""

BLOCK_TRANSFERS = 10_000
"""Transfers whose sums are kept together; a past balance adds up at most a few blocks by hand."""

HEAD_SECONDS = 60.0
"""How often a head that moved is put on evidence."""

CATCH_UP_BATCHES = 50
"""Batches linked before a balance is shown: what is beyond is shown as not final."""

HEAD_KIND = "payments.ledger_head"

_failed = threading.Event()
"""The newest look failed."""

log = logging.getLogger("sekisho.payments.ledger")


class Linked(NamedTuple):
    """``closed_upto``: every transfer made until then is in the chain."""

    transfers: int
    late: int
    """Of them, dated before a moment that was closed: the clock went back."""
    position: int
    digest: bytes
    closed_upto: datetime | None


def link(*, finish: bool = False, batch: int = LINK_BATCH_TRANSFERS) -> Linked | None:
    """Link up to ``batch`` transfers that are older than every open transaction; ``None`` while
    another one links. ``finish``: also find out up to when the books are closed, though nothing is
    new."""
    with acting_for(EVERY_BODY) as rows:
        row = rows.one(
            "SELECT linked, late, at_position, at_digest, closed_upto"
            " FROM link_transfers(%s, %s, %s)",
            [batch, BLOCK_TRANSFERS, finish],
        )
        if row is None:
            return None
        linked = Linked(row[0], row[1], row[2], bytes(row[3]), row[4])
        if linked.late:
            raise_alarm(
                kind="payments.transfers_backdated",
                subject=str(linked.position),
                facts={"transfers": linked.late, "closed_upto": str(linked.closed_upto)},
            )
    return linked


def link_all() -> None:
    """Link what there is, at most ``CATCH_UP_BATCHES`` batches."""
    for _ in range(CATCH_UP_BATCHES):
        linked = link(finish=True)
        if linked is None or linked.transfers < LINK_BATCH_TRANSFERS:
            return


def put_head() -> bool:
    """Put the newest head on evidence, if it is not there; return whether it was news."""
    with acting_for(EVERY_BODY) as rows:
        head = rows.one(
            "SELECT position, encode(digest, 'hex') FROM ledger_link ORDER BY position DESC LIMIT 1"
        )
        if head is None or head == _head_on_evidence(rows):
            return False
        position, digest = head
        evidence.append(
            kind=HEAD_KIND, subject=str(position), facts={"position": position, "digest": digest}
        )
    return True


def _head_on_evidence(rows: Rows) -> tuple[int, str] | None:
    row = rows.one(
        "SELECT (facts::jsonb->>'position')::bigint, facts::jsonb->>'digest'"
        " FROM evidence.own_line WHERE kind = %s ORDER BY at DESC LIMIT 1",
        [HEAD_KIND],
    )
    return (row[0], row[1]) if row else None


def link_until(stop: threading.Event) -> None:
    """Link every ``LINK_SECONDS``, put the head on evidence every ``HEAD_SECONDS``, until ``stop``
    is set; a look that fails is tried again."""
    until_head = 0.0
    while not stop.is_set():
        more = False
        try:
            close_old_connections()
            linked = link()
            more = linked is not None and linked.transfers == LINK_BATCH_TRANSFERS
            if until_head <= 0:
                put_head()
                until_head = HEAD_SECONDS
            _failed.clear()
        except Exception:
            _failed.set()
            log.exception("the ledger was not linked; it is tried again")
            connection.close()
        if not more:
            stop.wait(LINK_SECONDS)
            until_head -= LINK_SECONDS
    connection.close()


def check_linking() -> str:
    """Return what is wrong, for ``Health``."""
    return "transfers can't be linked, see the log" if _failed.is_set() else ""
