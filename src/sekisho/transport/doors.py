"""Doors: where a process answers crossings.

One thread serves each connection and runs the handlers itself (a pool of workers behind the
readers cost three times the CPU of the crossing); at most ``WORKERS`` handlers run at once, and
past ``MAX_WAITING`` messages the door says that it is busy instead of queueing."""

from __future__ import annotations

import contextlib
import logging
import select
import socket
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeVar, Union

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sekisho.crossings.message import Answer, Crossing, Refusal
from sekisho.crossings.permits import may_send, messages_of
from sekisho.transport.answers import BUSY, FORBIDDEN, Answered, Failed, Refused, encode
from sekisho.transport.briefing import Peer
from sekisho.transport.errors import FrameBroken, HandshakeFailed, OutboxFull
from sekisho.transport.frames import receive_frame, send_frame
from sekisho.transport.handshake import welcome
from sekisho.vocabulary.identifiers import new_id

WORKERS = 6
"""Handlers that run at once in one process."""

MAX_WAITING = 64
"""Messages that wait for a worker before the door says that it is busy."""

MAX_CONNECTIONS = 128

ACCEPT_PAUSE_SECONDS = 0.1
"""Pause after a failing accept (too many open files), so that it does not spin."""

SHUT_SECONDS = 10.0
"""Longest wait for one handler in hand when the doors shut."""

log = logging.getLogger("sekisho.transport")

Message = TypeVar("Message", bound=Crossing[Any])


class Caller(NamedTuple):
    """Who sent a message: proven by the handshake, never taken from the message."""

    process: str
    zone: str
    name: str | None


Handler = Callable[[Caller, Any], Any]


class Doors:
    """The handlers of one zone: ``@doors.on(FindBill)``."""

    def __init__(self, zone: str) -> None:
        self.zone = zone
        self._handlers: dict[type[Crossing[Any]], Handler] = {}
        self._within: contextlib.AbstractContextManager[None] = contextlib.nullcontext()
        self._refused: Callable[[str, str], None] | None = None

    def on(
        self, message: type[Message]
    ) -> Callable[[Callable[[Caller, Message], Any]], Callable[[Caller, Message], Any]]:
        """Register the handler of ``message``; it returns the message's reply or raises
        ``Refusal``. Raises ``ValueError`` for another zone's message or a second handler."""
        if message.receiver not in (self.zone, "*") or message in self._handlers:
            raise ValueError(f"{message.__name__} has no place at the doors of {self.zone}")

        def register(
            handler: Callable[[Caller, Message], Any],
        ) -> Callable[[Caller, Message], Any]:
            self._handlers[message] = handler
            return handler

        return register

    def work_within(self, what: contextlib.AbstractContextManager[None]) -> None:
        """Run each handler within ``what`` (a database connection of its own). It is entered by
        many threads, each leaving it before it enters again."""
        self._within = what

    def on_forbidden(self, tell: Callable[[str, str], None]) -> None:
        """Call ``tell(caller process or "?", what)`` when somebody tries what no permit allows."""
        self._refused = tell

    def missing(self) -> list[str]:
        """Return the names of messages that the table of permits promises and no handler has."""
        return [m.__name__ for m in messages_of(self.zone) if m not in self._handlers]

    def tell_forbidden(self, process: str, what: str) -> None:
        log.warning("forbidden: %s tried %s", process, what)
        if self._refused is not None:
            with contextlib.suppress(Exception), self._within:
                self._refused(process, what)

    def answer(self, caller: Caller, message: Crossing[Any]) -> Answered | Refused | Failed:
        """Run the handler of ``message`` for ``caller`` and return what goes back."""
        kind = type(message)
        if not may_send(caller.zone, kind):
            self.tell_forbidden(caller.process, kind.__name__)
            return FORBIDDEN
        try:
            with self._within:
                reply: Answer = self._handlers[kind](caller, message)
        except Refusal as refusal:
            return Refused(refusal.code, refusal.detail, refusal.field)
        except OutboxFull:
            log.warning("%s from %s: the outbox is full", kind.__name__, caller.process)
            return BUSY
        except Exception:
            mark = new_id("fault")
            log.exception("%s from %s failed, mark %s", kind.__name__, caller.process, mark)
            return Failed(mark)
        return Answered(msgspec.Raw(msgspec.msgpack.encode(reply)))

    def open(
        self,
        listener: socket.socket,
        *,
        process: str,
        key: Ed25519PrivateKey,
        callers: Mapping[str, Peer],
    ) -> OpenDoors:
        """Begin to answer on a listening socket. Raises ``ValueError`` naming messages without a
        handler."""
        if self.missing():
            raise ValueError(f"doors of {self.zone} lack {', '.join(self.missing())}")
        return OpenDoors(self, listener, process, key, callers)


class OpenDoors:
    """Doors that stand open on a socket until ``shut``."""

    def __init__(
        self,
        doors: Doors,
        listener: socket.socket,
        process: str,
        key: Ed25519PrivateKey,
        callers: Mapping[str, Peer],
    ) -> None:
        self._doors = doors
        self._listener = listener
        self._process = process
        self._key = key
        self._callers = callers
        self._decoder = msgspec.msgpack.Decoder(Union[tuple(messages_of(doors.zone))])  # noqa: UP007
        self._workers = threading.BoundedSemaphore(WORKERS)
        self._waiting = threading.BoundedSemaphore(MAX_WAITING)
        self._connections: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._open = True
        self._wake, self._woken = socket.socketpair()
        # Another life of this process may listen on the same socket: one of two may come too late.
        self._listener.setblocking(False)
        self._thread = threading.Thread(target=self._accept, name="doors", daemon=True)
        self._thread.start()

    def shut(self) -> None:
        """Take no more messages, finish those in hand, close every connection."""
        self._open = False
        # Not ``shutdown`` on the listener: the supervisor holds it for this process's next life.
        self._wake.close()
        self._thread.join(SHUT_SECONDS)
        for _ in range(WORKERS):
            self._workers.acquire(timeout=SHUT_SECONDS)
        with self._lock:
            for connection in self._connections:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while self._open:
            ready, _, _ = select.select([self._listener, self._woken], [], [])
            if self._woken in ready:
                return
            try:
                connection, _ = self._listener.accept()
            except BlockingIOError:
                continue
            except OSError:
                log.exception("doors can't accept")
                time.sleep(ACCEPT_PAUSE_SECONDS)
                continue
            with self._lock:
                full = len(self._connections) >= MAX_CONNECTIONS
                if not full:
                    self._connections.add(connection)
            if full:
                connection.close()
                continue
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            peer = welcome(connection, self._process, self._key, self._callers)
            caller = Caller(peer.process, peer.zone, peer.name)
            connection.settimeout(None)
            while self._open:
                body = receive_frame(connection)
                send_frame(connection, encode(self._answer(caller, body)))
        except HandshakeFailed as failure:
            with self._workers:
                self._doors.tell_forbidden("?", str(failure))
        except FrameBroken as failure:
            log.warning("connection dropped: %s", failure)
        except (OSError, EOFError):
            pass
        finally:
            with self._lock:
                self._connections.discard(connection)
            connection.close()

    def _answer(self, caller: Caller, body: bytes) -> Answered | Refused | Failed:
        try:
            message = self._decoder.decode(body)
        except msgspec.MsgspecError as error:
            with self._workers:
                self._doors.tell_forbidden(caller.process, "a message that no door here knows")
            return Refused("message_invalid", _where(error), None)
        if not self._waiting.acquire(blocking=False):
            return BUSY
        try:
            with self._workers:
                return self._doors.answer(caller, message) if self._open else BUSY
        finally:
            self._waiting.release()


def _where(error: msgspec.MsgspecError) -> str:
    """Return the place that msgspec names, without the value (which may be personal)."""
    text = str(error)
    return text[text.rfind("$") :].rstrip("`") if "$" in text else "not a known message"
