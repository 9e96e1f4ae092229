"""Both ends of a connection prove who they are before the first crossing.

Receiver sends a nonce; caller answers with its own nonce and a signature over both and both names;
receiver signs the same. Unix sockets then belong to these two processes until they close: the
kernel lets nobody in between, and the folder of the sockets is writable to the supervisor alone.
Landlock does not govern ``connect`` to a path, so without this a taken-over site could speak to
any door of the machine."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from sekisho.transport.briefing import Peer
from sekisho.transport.errors import FrameBroken, HandshakeFailed
from sekisho.transport.frames import receive_frame, send_frame

NONCE_BYTES = 32
MAX_HANDSHAKE_BYTES = 1_024
HANDSHAKE_SECONDS = 5.0


class _Offer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    process: str
    nonce: bytes


class _Claim(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    process: str
    nonce: bytes
    signature: bytes


class _Proof(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    signature: bytes


def _signed(role: str, offer: _Offer, caller: str, nonce: bytes) -> bytes:
    parts = ["sekisho crossing v1", role, offer.process, caller]
    return "\0".join(parts).encode() + b"\0" + offer.nonce + nonce


def _check(key: bytes, signature: bytes, signed: bytes, who: str) -> None:
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, signed)
    except (InvalidSignature, ValueError):
        raise HandshakeFailed(f"{who} could not prove who it is") from None


def introduce(connection: socket.socket, process: str, key: Ed25519PrivateKey, to: Peer) -> None:
    """As caller ``process``, prove it and see that the receiver is ``to``.

    Raises ``HandshakeFailed``, or ``OSError`` when the line is cut or slow."""
    connection.settimeout(HANDSHAKE_SECONDS)
    try:
        offer = msgspec.msgpack.decode(receive_frame(connection, MAX_HANDSHAKE_BYTES), type=_Offer)
        if offer.process != to.process or len(offer.nonce) != NONCE_BYTES:
            raise HandshakeFailed(f"expected {to.process} behind its socket")
        nonce = os.urandom(NONCE_BYTES)
        claim = _Claim(process, nonce, key.sign(_signed("caller", offer, process, nonce)))
        send_frame(connection, msgspec.msgpack.encode(claim))
        proof = msgspec.msgpack.decode(receive_frame(connection, MAX_HANDSHAKE_BYTES), type=_Proof)
    except (msgspec.MsgspecError, EOFError, FrameBroken):
        raise HandshakeFailed(f"{to.process} refused the connection") from None
    _check(to.crossing_key, proof.signature, _signed("receiver", offer, process, nonce), to.process)


def welcome(
    connection: socket.socket, process: str, key: Ed25519PrivateKey, known: Mapping[str, Peer]
) -> Peer:
    """As receiver ``process``, see who calls and prove who answers. Returns the caller.

    Raises ``HandshakeFailed`` for an unknown caller or a wrong signature."""
    connection.settimeout(HANDSHAKE_SECONDS)
    offer = _Offer(process, os.urandom(NONCE_BYTES))
    send_frame(connection, msgspec.msgpack.encode(offer))
    try:
        claim = msgspec.msgpack.decode(receive_frame(connection, MAX_HANDSHAKE_BYTES), type=_Claim)
    except (msgspec.MsgspecError, EOFError, FrameBroken):
        raise HandshakeFailed("the caller sent no claim") from None
    caller = known.get(claim.process)
    if caller is None or len(claim.nonce) != NONCE_BYTES:
        raise HandshakeFailed("the caller is not known here")
    _check(
        caller.crossing_key,
        claim.signature,
        _signed("caller", offer, claim.process, claim.nonce),
        claim.process,
    )
    signature = key.sign(_signed("receiver", offer, claim.process, claim.nonce))
    send_frame(connection, msgspec.msgpack.encode(_Proof(signature)))
    return caller
