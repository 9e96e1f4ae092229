"""Frames: four bytes of length (big-endian) and that many bytes of msgpack."""

from __future__ import annotations

import socket

from sekisho.transport.errors import FrameBroken

MAX_FRAME_BYTES = 4 * 1024 * 1024
"""Largest frame, in bytes: 1,000 rows of a file fit, a flood does not."""


def send_frame(connection: socket.socket, body: bytes) -> None:
    """Send one frame. Raises ``FrameBroken`` when it is too large, ``OSError`` when cut off."""
    if len(body) > MAX_FRAME_BYTES:
        raise FrameBroken(f"a frame may hold {MAX_FRAME_BYTES} bytes, not {len(body)}")
    connection.sendall(len(body).to_bytes(4, "big") + body)


def _receive_exactly(connection: socket.socket, size: int) -> bytes:
    parts = []
    while size:
        part = connection.recv(min(size, 262_144))
        if not part:
            raise EOFError
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def receive_frame(connection: socket.socket, limit_bytes: int = MAX_FRAME_BYTES) -> bytes:
    """Return the next frame's body. Raises ``EOFError`` at the end, ``FrameBroken`` when its
    length is over ``limit_bytes``, ``OSError`` on a time-out or a cut line."""
    size = int.from_bytes(_receive_exactly(connection, 4), "big")
    if size > limit_bytes:
        raise FrameBroken(f"a frame of {size} bytes is over the limit of {limit_bytes}")
    return _receive_exactly(connection, size)
