"""Carries crossings between processes.

On one host: Unix sockets whose two ends prove who they are by Ed25519 (``handshake``), then frames
of msgpack (``frames``). ``Doors`` answers, ``cross`` asks, ``outbox`` keeps a crossing with the
data that it belongs to and delivers it at least once. A zone never knows how it is carried.
"""

from __future__ import annotations

from typing import Any, Protocol, TypeVar

from sekisho.crossings.message import Crossing
from sekisho.transport.doors import Caller, Doors
from sekisho.transport.errors import CrossingFailed, CrossingUnavailable, TransportError

Reply = TypeVar("Reply")

CROSSING_SECONDS = 10.0
"""How long a sender waits for an answer before it says that the receiver is unavailable."""


class Crosser(Protocol):
    """Whatever carries a message to its receiver and brings the answer."""

    def cross(self, message: Crossing[Any], *, seconds: float) -> Any: ...


_crosser: Crosser | None = None


def use(crosser: Crosser | None) -> None:
    """Set what carries this process's crossings (a test may set its own)."""
    global _crosser
    _crosser = crosser


def cross(message: Crossing[Reply], *, seconds: float = CROSSING_SECONDS) -> Reply:
    """Send ``message`` to its receiver and return the reply.

    Raises ``Refusal`` when the receiver says no, ``CrossingUnavailable`` when it can't be reached
    in ``seconds`` (it may have acted: say it again with the same key), ``CrossingFailed`` when it
    broke on the message."""
    if _crosser is None:
        raise CrossingUnavailable("nothing carries crossings in this process yet")
    reply: Reply = _crosser.cross(message, seconds=seconds)
    return reply


__all__ = [
    "CROSSING_SECONDS",
    "Caller",
    "Crosser",
    "CrossingFailed",
    "CrossingUnavailable",
    "Doors",
    "TransportError",
    "cross",
    "use",
]
