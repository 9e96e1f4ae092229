"""A delivery reaches its receiver as it should, and no receiver can do harm by its answer."""

from __future__ import annotations

import socket
import ssl
import time
from pathlib import Path

import pytest

from sekisho.crossings.hook_sender import MAX_SAID_CHARACTERS, Delivery
from sekisho.hook_sender import addresses
from sekisho.hook_sender import deliver as deliver_module
from sekisho.hook_sender.addresses import Called, Target, find_target
from sekisho.hook_sender.carry import Carrier, make_trust
from sekisho.hook_sender.deliver import Delivered, deliver
from sekisho.hook_sender.reach import Reach
from tests.rooms.hook_sender.receiver import Receiver, make_certificate, receiving

TRUST = ssl.create_default_context()
BODY = b'{"type":"payment.captured","data":{"id":"pay_1"}}'


def a_delivery(url: str = "", try_id: str = "try_1", line: str = "hook_1") -> Delivery:
    return Delivery(
        try_id=try_id,
        line=line,
        url=url,
        webhook_id="event_1",
        webhook_timestamp=1_795_000_000,
        webhook_signature="v1,c2lnbmF0dXJl",
        body=BODY,
    )


def send_to(receiver: Receiver, path: str = "/in?a=b") -> Delivered:
    called = Called("http", "hooks.example.jp", receiver.port, path)
    return deliver(Target(called, ("127.0.0.1",)), a_delivery(), TRUST)


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same bounds in a tenth of the time."""
    monkeypatch.setattr(deliver_module, "WHOLE_SECONDS", 1.5)
    monkeypatch.setattr(deliver_module, "SAID_SECONDS", 0.2)


def test_a_delivery_arrives_whole() -> None:
    with receiving() as receiver:
        assert send_to(receiver) == Delivered(200, "", "ok")
    (heard,) = receiver.heard
    assert heard.line == "POST /in?a=b HTTP/1.1"
    assert heard.body == BODY
    assert heard.headers["host"] == f"hooks.example.jp:{receiver.port}"
    assert heard.headers["content-type"] == "application/json"
    assert heard.headers["webhook-id"] == "event_1"
    assert heard.headers["webhook-timestamp"] == "1795000000"
    assert heard.headers["webhook-signature"] == "v1,c2lnbmF0dXJl"
    assert heard.headers["user-agent"].startswith("sekisho")
    assert not {"cookie", "authorization", "referer"} & heard.headers.keys()


@pytest.mark.parametrize("status", [200, 202, 204, 400, 404, 410, 429, 500, 503])
def test_the_status_is_told(status: int) -> None:
    with receiving(f"HTTP/1.1 {status} Said\r\n\r\nwhy".encode()) as receiver:
        assert send_to(receiver).status == status


def test_a_redirect_is_told_and_not_followed() -> None:
    with receiving() as inner:
        to = f"HTTP/1.1 307 Go\r\nlocation: http://127.0.0.1:{inner.port}/\r\n\r\n".encode()
        with receiving(to) as receiver:
            assert send_to(receiver).status == 307
        assert inner.connections == 0


def test_nobody_listens() -> None:
    with receiving() as receiver:
        pass
    done = send_to(receiver)
    assert (done.status, done.why) == (0, "no_connection")


def _drip(line: socket.socket) -> None:
    for byte in b"HTTP/1.1 200 OK\r\n" + b"x-slow: 1\r\n" * 50:
        line.sendall(bytes([byte]))
        time.sleep(0.1)


def _never(line: socket.socket) -> None:
    line.recv(1)


def _drip_body(line: socket.socket) -> None:
    line.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n")
    for _ in range(200):
        line.sendall(b"slow ")
        time.sleep(0.05)


@pytest.mark.parametrize("answer", [_drip, _never])
@pytest.mark.usefixtures("hurried")
def test_a_slow_answer_ends_at_the_bound_however_it_drips(answer: object) -> None:
    with receiving(answer) as receiver:  # type: ignore[arg-type]
        done = send_to(receiver)
    assert (done.status, done.why) == (0, "too_slow")


@pytest.mark.usefixtures("hurried")
def test_a_body_that_drips_does_not_undo_the_status() -> None:
    with receiving(_drip_body) as receiver:
        done = send_to(receiver)
    assert done.status == 200
    assert done.said.startswith("slow")


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\x00\x01\x02",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"x: " + b"a" * 200_000,
        b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 200 + b"\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" * 10_000,
    ],
)
def test_an_answer_that_is_none_is_told_so(answer: bytes) -> None:
    with receiving(answer) as receiver:
        done = send_to(receiver)
    assert done.status == 0
    assert done.why in ("answer_broken", "no_connection")


def test_of_a_large_answer_only_the_beginning_is_read() -> None:
    sent = []

    def flood(line: socket.socket) -> None:
        line.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        for _ in range(10_000):
            sent.append(line.send(b"a" * 10_000))

    with receiving(flood) as receiver:
        done = send_to(receiver)
    assert done == Delivered(200, "", "a" * MAX_SAID_CHARACTERS)
    assert len(sent) < 10_000


def test_what_the_receiver_said_is_harmless_text() -> None:
    said = "ok\r\n\x1b[31m<script>alert(1)</script>\u202etxt\x00".encode()
    with receiving(b"HTTP/1.1 200 OK\r\n\r\n" + said + b"\xff\xfe") as receiver:
        done = send_to(receiver)
    assert all(character.isprintable() for character in done.said)
    assert "<script>" in done.said


# --- TLS ------------------------------------------------------------------------------------------


def over_tls(tmp_path: Path, certified: str, host: str, *, trusted: bool) -> Delivered:
    context, pem = make_certificate(tmp_path, certified)
    trust = make_trust(Reach(trust_pem=pem if trusted else ""))
    with receiving(context=context) as receiver:
        called = Called("https", host, receiver.port, "/in")
        return deliver(Target(called, ("127.0.0.1",)), a_delivery(), trust)


def test_over_tls_the_name_is_checked_and_the_address_is_the_checked_one(tmp_path: Path) -> None:
    done = over_tls(tmp_path, "hooks.example.jp", "hooks.example.jp", trusted=True)
    assert done == Delivered(200, "", "ok")


def test_another_name_in_the_certificate_is_refused(tmp_path: Path) -> None:
    done = over_tls(tmp_path, "other.example.jp", "hooks.example.jp", trusted=True)
    assert (done.status, done.why) == (0, "tls_failed")
    assert "certificate" in done.said


def test_an_authority_that_nobody_knows_is_refused(tmp_path: Path) -> None:
    done = over_tls(tmp_path, "hooks.example.jp", "hooks.example.jp", trusted=False)
    assert (done.status, done.why) == (0, "tls_failed")


@pytest.mark.usefixtures("hurried")
def test_a_handshake_that_hangs_ends_at_the_bound() -> None:
    with receiving(_never) as receiver:
        called = Called("https", "hooks.example.jp", receiver.port, "/in")
        done = deliver(Target(called, ("127.0.0.1",)), a_delivery(), TRUST)
    assert (done.status, done.why) in ((0, "too_slow"), (0, "no_connection"), (0, "tls_failed"))


# --- the name server ------------------------------------------------------------------------------


def test_a_name_that_changes_its_answer_gets_no_second_question(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """DNS rebinding: public at the check, ours at the connection."""
    answers = [["93.184.216.34"], ["127.0.0.1"]]
    connected = []

    def connect(address: tuple[str, int], timeout: float) -> socket.socket:
        connected.append(address[0])
        raise ConnectionRefusedError

    monkeypatch.setattr(addresses.socket, "getaddrinfo", lambda *_a, **_k: pytest.fail("asked"))
    monkeypatch.setattr(deliver_module.socket, "create_connection", connect)
    carrier = Carrier(Reach(), TRUST, lambda _host, _port: answers.pop(0))
    outcome = carrier.carry(a_delivery("https://hooks.example.jp/"))
    assert connected == ["93.184.216.34"]
    assert (outcome.status, outcome.why, len(answers)) == (0, "no_connection", 1)


def test_a_name_that_is_ours_by_now_is_refused_at_the_delivery() -> None:
    with receiving() as receiver:
        reach = Reach(allow_plain=True, ports=frozenset({receiver.port}))
        carrier = Carrier(reach, TRUST, lambda _host, _port: ["127.0.0.1"])
        outcome = carrier.carry(a_delivery(f"http://hooks.example.jp:{receiver.port}/"))
    assert (outcome.status, outcome.why, receiver.connections) == (0, "address_refused", 0)


def test_the_next_address_is_tried_when_the_first_is_dead() -> None:
    reach = Reach(allow_private=True, allow_plain=True)
    with receiving() as receiver:
        rehearsal = Reach(True, True, frozenset({receiver.port}))
        target = find_target(
            f"http://hooks.example.jp:{receiver.port}/",
            rehearsal,
            lambda _host, _port: ["127.0.0.2", "127.0.0.1"],
        )
        assert deliver(target, a_delivery(), TRUST).status == 200
    assert reach.is_rehearsal
