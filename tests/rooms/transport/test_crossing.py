"""A crossing reaches its door, and only its door."""

from __future__ import annotations

import os
import socket
import threading
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sekisho.crossings import vault
from sekisho.crossings.message import Refusal, Taken
from sekisho.transport import Caller, CrossingFailed, CrossingUnavailable, Doors
from sekisho.transport import doors as doors_module
from sekisho.transport.errors import NotPermitted
from tests.rooms.transport.two_ends import public, say, two_ends

FORGET = vault.ForgetSecurityCode(payment_id="pay_1")


def test_a_message_is_answered_and_the_caller_is_the_proven_one(tmp_path: Path) -> None:
    seen: list[Caller] = []

    def remember(caller: Caller, message: Any) -> Taken:
        seen.append(caller)
        return Taken()

    with two_ends(tmp_path, ForgetSecurityCode=remember) as ends:
        assert say(ends.sender(), FORGET) == Taken()
    assert seen == [Caller("payments", "payments", None)]


def test_a_refusal_crosses_whole(tmp_path: Path) -> None:
    def refuse(caller: Caller, message: Any) -> Taken:
        raise Refusal("token_unknown", "no such token", "card_token")

    with (
        two_ends(tmp_path, ForgetSecurityCode=refuse) as ends,
        pytest.raises(Refusal) as caught,
    ):
        say(ends.sender(), FORGET)
    assert (caught.value.code, caught.value.field) == ("token_unknown", "card_token")


def test_a_broken_handler_tells_the_caller_a_mark_and_nothing_else(tmp_path: Path) -> None:
    def break_down(caller: Caller, message: Any) -> Taken:
        raise RuntimeError("secret detail")

    with two_ends(tmp_path, ForgetSecurityCode=break_down) as ends:
        with pytest.raises(CrossingFailed) as caught:
            say(ends.sender(), FORGET)
        assert "secret" not in str(caught.value)
        assert "fault_" in str(caught.value)


def test_a_receiver_that_restarted_is_reached_again_on_a_kept_connection(tmp_path: Path) -> None:
    with two_ends(tmp_path) as ends:
        sender = ends.sender()
        say(sender, FORGET)
        ends.reopen()
        assert say(sender, FORGET) == Taken()


def test_a_receiver_that_is_gone_is_unavailable(tmp_path: Path) -> None:
    with two_ends(tmp_path) as ends:
        sender = ends.sender()
    with pytest.raises(CrossingUnavailable):
        say(sender, FORGET)


def test_doors_do_not_open_while_a_promised_message_has_no_handler(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="ForgetCard"):
        Doors("vault").open(
            socket.socket(socket.AF_UNIX),
            process="vault",
            key=Ed25519PrivateKey.generate(),
            callers={},
        )


def test_past_its_limit_a_door_says_busy_instead_of_queueing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doors_module, "MAX_WAITING", 1)
    inside, go_on = threading.Event(), threading.Event()

    def wait(caller: Caller, message: Any) -> Taken:
        inside.set()
        go_on.wait(10)
        return Taken()

    with two_ends(tmp_path, ForgetSecurityCode=wait) as ends:
        sender = ends.sender()
        slow = threading.Thread(target=say, args=(sender, FORGET))
        slow.start()
        assert inside.wait(10)
        with pytest.raises(CrossingUnavailable, match="busy"):
            say(sender, FORGET)
        go_on.set()
        slow.join()


class TestAttacker:
    """Code runs in some process of the machine and knows every path."""

    def test_it_has_no_key_that_the_door_knows(self, tmp_path: Path) -> None:
        told: list[tuple[str, str]] = []
        with two_ends(tmp_path) as ends:
            ends.doors.on_forbidden(lambda who, what: told.append((who, what)))
            stranger = ends.sender(key=Ed25519PrivateKey.generate())
            with pytest.raises(CrossingUnavailable):
                say(stranger, FORGET)
        assert told
        assert told[0][0] == "?"

    def test_it_calls_itself_by_a_name_that_is_not_known(self, tmp_path: Path) -> None:
        with two_ends(tmp_path) as ends, pytest.raises(CrossingUnavailable):
            say(ends.sender(process="console"), FORGET)

    def test_it_stands_behind_the_vaults_socket_itself(self, tmp_path: Path) -> None:
        with two_ends(tmp_path) as ends:
            other = public(Ed25519PrivateKey.generate())
            with pytest.raises(CrossingUnavailable, match="prove"):
                say(ends.sender(peers=[ends.vault_peer(other)]), FORGET)

    def test_its_zone_has_no_permit_and_its_own_end_says_so(self, tmp_path: Path) -> None:
        with two_ends(tmp_path) as ends, pytest.raises(NotPermitted):
            say(ends.sender(zone="payer_site"), FORGET)

    def test_it_skips_its_own_check_and_the_door_refuses_and_tells(self, tmp_path: Path) -> None:
        told: list[tuple[str, str]] = []
        with two_ends(tmp_path) as ends:
            ends.known["payments"] = ends.known["payments"].__class__(
                process="payments",
                zone="payer_site",
                name="metropolitan_tax",
                crossing_key=public(ends.payments_key),
            )
            ends.doors.on_forbidden(lambda who, what: told.append((who, what)))
            with pytest.raises(Refusal) as caught:
                say(ends.sender(), FORGET)
        assert caught.value.code == "not_permitted"
        assert told == [("payments", "ForgetSecurityCode")]

    def test_it_replays_a_claim_that_it_overheard(self, tmp_path: Path) -> None:
        """The claim of one connection is worth nothing on the next: the nonce is another."""
        with two_ends(tmp_path) as ends:
            claim = _overhear_claim(ends)
            with socket.socket(socket.AF_UNIX) as line:
                line.settimeout(5)
                line.connect(ends.path)
                size = int.from_bytes(line.recv(4), "big")
                line.recv(size)
                line.sendall(len(claim).to_bytes(4, "big") + claim)
                assert line.recv(4) == b""

    @settings(
        max_examples=50,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(garbage=st.binary(max_size=200))
    def test_it_sends_garbage_and_the_door_stays_open(self, tmp_path: Path, garbage: bytes) -> None:
        folder = tmp_path / os.urandom(4).hex()
        folder.mkdir()
        with two_ends(folder) as ends:
            with socket.socket(socket.AF_UNIX) as line:
                line.connect(ends.path)
                line.sendall(garbage)
            assert say(ends.sender(), FORGET) == Taken()


def _overhear_claim(ends: Any) -> bytes:
    """Record the caller's claim by standing in the middle of one connection."""
    heard: list[bytes] = []
    middle = socket.socket(socket.AF_UNIX)
    path = ends.path + ".middle"
    middle.bind(path)
    middle.listen()

    def relay() -> None:
        caller, _ = middle.accept()
        real = socket.socket(socket.AF_UNIX)
        real.connect(ends.path)
        for source, sink in ((real, caller), (caller, real), (real, caller)):
            head = source.recv(4)
            body = source.recv(int.from_bytes(head, "big"))
            if source is caller:
                heard.append(body)
            sink.sendall(head + body)
        caller.close()
        real.close()

    thread = threading.Thread(target=relay)
    thread.start()
    peer = ends.vault_peer()
    lured = peer.__class__(
        process="vault", zone="vault", name=None, crossing_key=peer.crossing_key, socket=path
    )
    with pytest.raises(CrossingUnavailable):
        say(ends.sender(peers=[lured]), FORGET)
    thread.join()
    middle.close()
    return heard[0]
