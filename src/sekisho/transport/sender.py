"""The sending end: a few standing connections to each receiver."""

from __future__ import annotations

import contextlib
import queue
import socket
from collections.abc import Iterable
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sekisho.crossings.message import Crossing, Refusal
from sekisho.crossings.permits import may_send
from sekisho.transport.answers import Answered, Failed, decode
from sekisho.transport.briefing import Peer
from sekisho.transport.errors import (
    CrossingFailed,
    CrossingUnavailable,
    FrameBroken,
    HandshakeFailed,
    NotPermitted,
)
from sekisho.transport.frames import receive_frame, send_frame
from sekisho.transport.handshake import introduce

MAX_IDLE_CONNECTIONS = 8
"""Connections kept open to one receiver."""


class SocketCrosser:
    """Carries the crossings of the process ``process`` to its peers over Unix sockets."""

    def __init__(
        self, *, process: str, zone: str, key: Ed25519PrivateKey, peers: Iterable[Peer]
    ) -> None:
        self._process = process
        self._zone = zone
        self._key = key
        self._peers = {peer.process: peer for peer in peers if peer.socket}
        self._idle: dict[str, queue.LifoQueue[socket.socket]] = {
            name: queue.LifoQueue(MAX_IDLE_CONNECTIONS) for name in self._peers
        }

    def cross(self, message: Crossing[Any], *, seconds: float, to: str | None = None) -> Any:
        """Send ``message`` to its receiver (``to`` names the process where a zone has several).

        Raises as ``sekisho.transport.cross`` and ``NotPermitted``."""
        kind = type(message)
        if not may_send(self._zone, kind):
            raise NotPermitted(f"{self._zone} has no permit for {kind.__name__}")
        peer = self._peers.get(to or kind.receiver)
        if peer is None:
            raise CrossingUnavailable(f"{to or kind.receiver} is not known here")
        return self._read(
            kind, peer, self._exchange(peer, msgspec.msgpack.encode(message), seconds)
        )

    def _exchange(self, peer: Peer, body: bytes, seconds: float) -> bytes:
        idle = self._idle[peer.process]
        while True:
            kept = True
            try:
                connection = idle.get_nowait()
            except queue.Empty:
                connection, kept = self._connect(peer), False
            try:
                connection.settimeout(seconds)
                send_frame(connection, body)
                answer = receive_frame(connection)
            except (OSError, EOFError, FrameBroken) as error:
                connection.close()
                # A kept connection may have died with an earlier life of the receiver: receivers
                # are idempotent, so the message may be said once more on a fresh one.
                if kept and not isinstance(error, TimeoutError):
                    continue
                raise CrossingUnavailable(f"{peer.process} did not answer") from None
            try:
                idle.put_nowait(connection)
            except queue.Full:
                connection.close()
            return answer

    def _connect(self, peer: Peer) -> socket.socket:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.settimeout(5.0)
            connection.connect(peer.socket or "")
            introduce(connection, self._process, self._key, peer)
        except (OSError, HandshakeFailed, EOFError) as error:
            connection.close()
            raise CrossingUnavailable(f"{peer.process} can't be reached: {error}") from None
        return connection

    def _read(self, kind: type[Crossing[Any]], peer: Peer, body: bytes) -> Any:
        try:
            answer = decode(body)
            if isinstance(answer, Answered):
                return msgspec.msgpack.decode(answer.body, type=kind.reply)
        except msgspec.MsgspecError:
            raise CrossingFailed(f"{peer.process} gave an answer that can't be read") from None
        if isinstance(answer, Failed):
            raise CrossingFailed(f"{peer.process} broke on {kind.__name__}, mark {answer.mark}")
        if answer.code == "busy":
            raise CrossingUnavailable(f"{peer.process} is busy")
        raise Refusal(answer.code, answer.detail, answer.field)

    def close(self) -> None:
        """Close the kept connections."""
        for idle in self._idle.values():
            with contextlib.suppress(queue.Empty):
                while True:
                    idle.get_nowait().close()
