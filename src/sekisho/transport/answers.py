"""What comes back through a door."""

from __future__ import annotations

import msgspec


class Answered(msgspec.Struct, frozen=True, tag="a"):
    body: msgspec.Raw


class Refused(msgspec.Struct, frozen=True, tag="r"):
    code: str
    detail: str
    field: str | None


class Failed(msgspec.Struct, frozen=True, tag="f"):
    mark: str


FORBIDDEN = Refused("not_permitted", "this caller has no permit for this message", None)
BUSY = Refused("busy", "too much work waits; try again", None)

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Answered | Refused | Failed)


def encode(answer: Answered | Refused | Failed) -> bytes:
    """Return ``answer`` as a frame's body."""
    return _encoder.encode(answer)


def decode(body: bytes) -> Answered | Refused | Failed:
    """Return the answer in a frame's body. Raises ``msgspec.MsgspecError``."""
    answer: Answered | Refused | Failed = _decoder.decode(body)
    return answer
