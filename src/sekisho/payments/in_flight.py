"""One at a time for what says it is the same.

A second message with the key of one that is being worked on waits a moment for it, and then finds
what the first one did. If the first takes longer the second is told ``in_flight``: its sender says
it again later. This spares work and tells the truth; what makes a key count once is the database's
unique constraint, which holds after a crash too. Payments is one process, so its memory will do."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from sekisho.crossings.message import Refusal
from sekisho.crossings.repeating import IN_FLIGHT, IN_FLIGHT_WAIT_SECONDS

_changed = threading.Condition()
_under_way: set[tuple[str, ...]] = set()


@contextmanager
def alone(*key: str, wait_seconds: float = IN_FLIGHT_WAIT_SECONDS) -> Iterator[None]:
    """Hold ``key`` (what, whose, its key) for the block. Raises ``Refusal`` ``in_flight`` when
    another holds it for ``wait_seconds`` more."""
    with _changed:
        if not _changed.wait_for(lambda: key not in _under_way, timeout=wait_seconds):
            raise Refusal(IN_FLIGHT, "the same is being worked on; say it again", "key")
        _under_way.add(key)
    try:
        yield
    finally:
        with _changed:
            _under_way.discard(key)
            _changed.notify_all()
