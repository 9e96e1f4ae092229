"""The edge behind waitress: chunked bodies, raw bytes and its own limits."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from waitress.server import create_server

from sekisho.edge import Edge, EdgeLimits
from tests.rooms.edge.knock import FakeZone, log_lines

ANSWER_BYTES = 1 << 20


@dataclass
class Served:
    port: int

    def send(self, raw: bytes) -> tuple[int, bytes]:
        """Send bytes on a new connection and read to its end."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=30) as line:
            line.sendall(raw)
            got = b""
            while len(got) < ANSWER_BYTES and (piece := line.recv(65536)):
                got += piece
        return int(got.split(b" ", 2)[1]), got


@pytest.fixture
def served(make_edge: Callable[..., Edge]) -> Iterator[Served]:
    edge = make_edge()
    server = create_server(
        edge, host="127.0.0.1", port=0, threads=2, **EdgeLimits().for_waitress(100_000)
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    yield Served(server.effective_port)
    server.close()
    server.asyncore.close_all(server._map)
    thread.join()


def _chunked(body: bytes, path: bytes = b"/find") -> bytes:
    chunks = b"".join(
        b"%x\r\n%s\r\n" % (len(body[at : at + 7]), body[at : at + 7])
        for at in range(0, len(body), 7)
    )
    return (
        b"POST " + path + b" HTTP/1.1\r\nHost: localhost\r\nUser-Agent: test\r\nAccept: */*\r\n"
        b"Content-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n"
        b"Connection: close\r\n\r\n" + chunks + b"0\r\n\r\n"
    )


def test_a_chunked_form_passes_and_reaches_the_zone(served: Served, zone: FakeZone) -> None:
    body = "note=見本".encode()
    status, _ = served.send(_chunked(body))
    assert status == 200
    assert zone.bodies == [body]


def test_an_attack_in_chunks_is_refused(served: Served, zone: FakeZone) -> None:
    status, answer = served.send(_chunked(b"note=<script>alert(1)</script>"))
    assert status == 403
    assert b"X-Request-Id: " in answer
    assert zone.bodies == []


def test_a_chunked_body_that_is_too_large_gets_our_page(served: Served) -> None:
    status, answer = served.send(_chunked(b"note=" + b"a" * 70_000))
    assert status == 413
    assert "お問い合わせ番号".encode() in answer


@pytest.mark.parametrize(
    ("target", "status"),
    [
        (b"/", 200),
        (b"/..%2f..%2f..%2fetc/passwd", 403),
        (b"/%2e%2e/%2e%2e/etc/passwd", 403),
        (b"http://localhost/../../etc/passwd", 403),
        (b"/find?q=%27%20or%201=1--%20", 403),
        (b"/card/" + b"a" * 32, 200),
    ],
)
def test_targets_as_they_come_on_the_wire(
    served: Served, folder: Path, target: bytes, status: int
) -> None:
    head = b"GET " + target + b" HTTP/1.1\r\nHost: localhost\r\nUser-Agent: t\r\nAccept: */*\r\n"
    assert served.send(head + b"Connection: close\r\n\r\n")[0] == status
    assert log_lines(folder)[-1]["status"] == status


def test_the_server_does_not_name_itself(served: Served) -> None:
    head = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    assert b"waitress" not in served.send(head)[1]
