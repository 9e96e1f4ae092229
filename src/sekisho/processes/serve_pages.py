"""Serves a process's pages on a socket that the supervisor holds."""

import logging
import socket
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

from waitress import wasyncore
from waitress.server import create_server

PAGE_THREADS = 4
DRAIN_LIMIT_SECONDS = 5.0
"""How long a stop waits for the requests in hand."""
LOOP_SECONDS = 1.0
CHANNEL_LIMIT_SECONDS = 30
MAX_CONNECTIONS = 200
BACKLOG_CONNECTIONS = 512

WsgiApp = Callable[[dict[str, Any], Any], Iterable[bytes]]


class PageServer:
    """Waitress on one held socket; stops without cutting an answer short."""

    def __init__(self, app: WsgiApp, listener: socket.socket, **options: Any) -> None:
        self._map: dict[int, Any] = {}
        defaults: dict[str, Any] = {
            "threads": PAGE_THREADS,
            "channel_timeout": CHANNEL_LIMIT_SECONDS,
            "connection_limit": MAX_CONNECTIONS,
            "backlog": BACKLOG_CONNECTIONS,
            "asyncore_use_poll": True,
            "ident": None,
            "expose_tracebacks": False,
            "clear_untrusted_proxy_headers": True,
        }
        self._app = app
        self._server: Any = create_server(
            self._tell_waiting, map=self._map, sockets=[listener], **(defaults | options)
        )
        # It would write a line for each request that waits, at the moment of most work.
        logging.getLogger("waitress.queue").setLevel(logging.ERROR)

    def _tell_waiting(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Let the edge know how many wait: it sheds load (RFC 9110, 15.6.4)."""
        environ["sekisho.requests_waiting"] = len(self._server.task_dispatcher.queue)
        return self._app(environ, start_response)

    def wake(self) -> None:
        """Make `serve` look at its stop event now; safe from a signal handler."""
        self._server.trigger.pull_trigger()

    def serve(self, stop: threading.Event) -> None:
        """Answer until `stop`, then finish what is in hand; other processes may go on listening."""
        while not stop.is_set():
            self._loop_once(LOOP_SECONDS)
        self._server.accepting = False
        deadline = time.monotonic() + DRAIN_LIMIT_SECONDS
        while self._busy() and time.monotonic() < deadline:
            self._loop_once(0.05)
        self._server.task_dispatcher.shutdown()
        wasyncore.close_all(self._map)

    def _loop_once(self, seconds: float) -> None:
        wasyncore.loop(timeout=seconds, use_poll=True, map=self._map, count=1)

    def _busy(self) -> bool:
        channels = self._server.active_channels.values()
        return any(channel.requests or channel.total_outbufs_len for channel in channels)
