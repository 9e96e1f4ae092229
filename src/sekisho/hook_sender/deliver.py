"""Sends one delivery: to the checked address, following no redirect, within bounds as a whole."""

from __future__ import annotations

import contextlib
import http.client
import io
import socket
import ssl
import time
from typing import Any, NamedTuple

from sekisho.crossings.hook_sender import MAX_SAID_CHARACTERS, Delivery, Why
from sekisho.hook_sender.addresses import Target
from sekisho.hook_sender.limits import MAX_ANSWER_BYTES, SAID_SECONDS, WHOLE_SECONDS

USER_AGENT = "sekisho-webhooks/1"


class Delivered(NamedTuple):
    """``status`` 0: no answer came, ``why`` says why. ``said``: the beginning of the answer."""

    status: int
    why: Why
    said: str


class AnswerTooLong(http.client.HTTPException):
    """A head that does not end within ``MAX_ANSWER_BYTES``."""


class _Reader(io.RawIOBase):
    """The incoming bytes until a moment, and so many at most."""

    def __init__(self, line: _Line) -> None:
        super().__init__()
        self._line = line
        self._left = MAX_ANSWER_BYTES

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        view = memoryview(buffer)[: self._left]
        if not view:
            raise AnswerTooLong
        self._line.keep_time()
        count = self._line.plain.recv_into(view)
        self._left -= count
        return count


class _Line:
    """A connection as ``http.client`` wants it, with one deadline for everything that happens on
    it: a socket's own timeout begins anew with every byte."""

    def __init__(self, plain: socket.socket, ends_at: float) -> None:
        self.plain = plain
        self.ends_at = ends_at

    def keep_time(self) -> None:
        """Let the next step last no longer than what is left. Raises ``TimeoutError``."""
        left = self.ends_at - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self.plain.settimeout(left)

    def sendall(self, content: bytes) -> None:
        view = memoryview(content)
        while view:
            self.keep_time()
            view = view[self.plain.send(view) :]

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Reader(self))

    def close(self) -> None:
        """The connection is closed by who opened it."""


def deliver(target: Target, delivery: Delivery, trust: ssl.SSLContext) -> Delivered:
    """POST ``delivery`` to ``target`` and return what came back; raises nothing for what the other
    side does. Redirects are told, not followed: the body's staff must give the new address."""
    ends_at = time.monotonic() + WHOLE_SECONDS
    try:
        with _connect(target, ends_at, trust) as plain:
            return _ask(_Line(plain, ends_at), target, delivery)
    except TimeoutError:
        return Delivered(0, "too_slow", f"no answer within {WHOLE_SECONDS:.0f} seconds")
    except ssl.SSLError as failure:
        return Delivered(0, "tls_failed", _say_tls(failure))
    except http.client.HTTPException as failure:
        return Delivered(0, "answer_broken", type(failure).__name__)
    except OSError as failure:
        return Delivered(0, "no_connection", failure.strerror or type(failure).__name__)


def _connect(target: Target, ends_at: float, trust: ssl.SSLContext) -> socket.socket:
    failed: OSError = ConnectionError("no address was tried")
    for address in target.addresses:
        left = ends_at - time.monotonic()
        if left <= 0:
            raise TimeoutError
        try:
            plain = socket.create_connection((address, target.called.port), timeout=left)
        except OSError as failure:
            failed = failure
            continue
        if target.called.scheme != "https":
            return plain
        try:
            # The handshake in steps of our own: its timeout would begin anew with every byte.
            plain.settimeout(max(0.001, ends_at - time.monotonic()))
            line = trust.wrap_socket(
                plain, server_hostname=target.called.host, do_handshake_on_connect=False
            )
        except BaseException:
            plain.close()
            raise
        try:
            _shake_hands(line, ends_at)
        except BaseException:
            line.close()
            raise
        return line
    raise failed


def _shake_hands(line: ssl.SSLSocket, ends_at: float) -> None:
    import select

    line.setblocking(False)
    while True:
        try:
            line.do_handshake()
            return
        except ssl.SSLWantReadError:
            wanted: tuple[list[Any], list[Any]] = ([line], [])
        except ssl.SSLWantWriteError:
            wanted = ([], [line])
        left = ends_at - time.monotonic()
        if left <= 0:
            raise TimeoutError
        select.select(*wanted, [], left)


def _ask(line: _Line, target: Target, delivery: Delivery) -> Delivered:
    called = target.called
    speaker = http.client.HTTPConnection(called.host, called.port)
    # The port belongs into Host only where it is unusual; http.client knows the plain one alone.
    if called.scheme == "https":
        speaker.default_port = http.client.HTTPS_PORT
    speaker.sock = line
    headers = {
        "user-agent": USER_AGENT,
        "content-type": "application/json",
        "connection": "close",
        "webhook-id": delivery.webhook_id,
        "webhook-timestamp": str(delivery.webhook_timestamp),
        "webhook-signature": delivery.webhook_signature,
    }
    speaker.request("POST", called.path, delivery.body, headers)
    answer = speaker.getresponse()
    line.ends_at = min(line.ends_at, time.monotonic() + SAID_SECONDS)
    return Delivered(answer.status, "", _hear(answer))


def _hear(answer: http.client.HTTPResponse) -> str:
    """The beginning of the answer's body; the status counts, whatever becomes of the rest."""
    heard = b""
    with contextlib.suppress(OSError, http.client.HTTPException, ValueError):
        while len(heard) < MAX_SAID_CHARACTERS * 4:
            part = answer.read1(MAX_SAID_CHARACTERS * 4 - len(heard))
            if not part:
                break
            heard += part
    return _as_text(heard.decode("utf-8", "replace"))


def _as_text(said: str) -> str:
    """Without control and direction characters, which could make a log page say something else."""
    kept = (character if character.isprintable() else " " for character in said)
    return "".join(kept)[:MAX_SAID_CHARACTERS].strip()


def _say_tls(failure: ssl.SSLError) -> str:
    if isinstance(failure, ssl.SSLCertVerificationError):
        return _as_text(f"certificate: {failure.verify_message}")
    return _as_text(failure.reason or type(failure).__name__)
