"""The sender carries many lines at once, each in order, bounded, and tells every outcome."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable

import msgspec
import pytest

from sekisho.crossings.hook_sender import AddressChecked, CheckAddress, Deliver, TakeOutcomes
from sekisho.hook_sender.carry import Carrier
from sekisho.hook_sender.doors import make_doors
from sekisho.hook_sender.limits import CHECKS_AT_ONCE, DELIVERIES_AT_ONCE, MAX_HELD
from sekisho.hook_sender.reach import Reach, read_reach
from sekisho.transport.answers import Answered, Refused
from sekisho.transport.doors import Caller
from tests.rooms.hook_sender.receiver import OK, Receiver, receiving
from tests.rooms.hook_sender.test_deliver import a_delivery

TRUST = ssl.create_default_context()
DESK = Caller("client_desk", "client_desk", None)
WAIT_SECONDS = 30.0


def wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not true():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.01)


def carrier_to(*receivers: Receiver) -> Carrier:
    reach = Reach(True, True, frozenset(receiver.port for receiver in receivers))
    return Carrier(reach, TRUST, lambda _host, _port: ["127.0.0.1"])


def url_of(receiver: Receiver) -> str:
    return f"http://hooks.example.jp:{receiver.port}/"


def test_an_outcome_is_told_until_it_is_seen() -> None:
    with receiving() as receiver:
        carrier = carrier_to(receiver)
        assert carrier.take([a_delivery(url_of(receiver))]) == ["try_1"]
        wait_until(lambda: not carrier.show_outcomes([]).under_way)
        for _ in range(2):
            (outcome,) = carrier.show_outcomes([]).outcomes
            assert (outcome.try_id, outcome.status, outcome.said) == ("try_1", 200, "ok")
        assert carrier.show_outcomes(["try_1"]).outcomes == []
        assert carrier.show_outcomes(["try_1"]).outcomes == []


def test_deliveries_said_again_are_carried_once() -> None:
    with receiving() as receiver:
        carrier = carrier_to(receiver)
        doors = make_doors(carrier)
        for _ in range(3):
            answer = doors.answer(DESK, Deliver(deliveries=[a_delivery(url_of(receiver))]))
            assert isinstance(answer, Answered)
        wait_until(lambda: not carrier.show_outcomes([]).under_way)
        doors.answer(DESK, Deliver(deliveries=[a_delivery(url_of(receiver))]))
        assert len(receiver.heard) == 1


def test_outcomes_taken_twice_are_forgotten_once() -> None:
    with receiving() as receiver:
        carrier = carrier_to(receiver)
        doors = make_doors(carrier)
        carrier.take([a_delivery(url_of(receiver))])
        wait_until(lambda: not carrier.show_outcomes([]).under_way)
        said = [doors.answer(DESK, TakeOutcomes(seen=["try_1"])) for _ in range(2)]
        assert said[0] == said[1]


def test_a_receiver_that_hangs_holds_nobody_else_up() -> None:
    release = threading.Event()

    def hang(_line: socket.socket) -> None:
        release.wait(WAIT_SECONDS)

    with receiving(hang) as slow, receiving() as quick:
        carrier = carrier_to(slow, quick)
        hanging = [a_delivery(url_of(slow), f"try_s{n}", "hook_slow") for n in range(8)]
        carrier.take(hanging)
        wait_until(lambda: len(slow.heard) == 1)
        brisk = [a_delivery(url_of(quick), f"try_q{n}", f"hook_{n % 4}") for n in range(20)]
        assert len(carrier.take(brisk)) == 20
        wait_until(lambda: len(carrier.show_outcomes([]).outcomes) == 20)
        assert slow.connections == 1
        assert len(carrier.show_outcomes([]).under_way) == 8
        release.set()
        wait_until(lambda: not carrier.show_outcomes([]).under_way)


def test_a_line_goes_one_after_the_other_in_order() -> None:
    at_once: list[int] = []
    open_now = 0
    lock = threading.Lock()

    def count(line: socket.socket) -> None:
        nonlocal open_now
        with lock:
            open_now += 1
            at_once.append(open_now)
        time.sleep(0.01)
        with lock:
            open_now -= 1
        line.sendall(OK)

    with receiving(count) as receiver:
        carrier = carrier_to(receiver)
        for number in range(10):
            carrier.take([a_delivery(url_of(receiver), f"try_{number}")])
        wait_until(lambda: not carrier.show_outcomes([]).under_way)
    assert set(at_once) == {1}
    told = [outcome.try_id for outcome in carrier.show_outcomes([]).outcomes]
    assert told == [f"try_{number}" for number in range(10)]


def test_after_no_answer_the_rest_of_the_line_is_not_tried() -> None:
    with receiving() as receiver:
        pass
    carrier = carrier_to(receiver)
    carrier.take([a_delivery(url_of(receiver), f"try_{n}") for n in range(5)])
    wait_until(lambda: not carrier.show_outcomes([]).under_way)
    whys = [outcome.why for outcome in carrier.show_outcomes([]).outcomes]
    assert whys[0] == "no_connection"
    assert whys.count("not_tried") >= 3


def test_so_many_are_held_and_no_more() -> None:
    release = threading.Event()
    before = threading.active_count()

    def hang(_line: socket.socket) -> None:
        release.wait(WAIT_SECONDS)

    with receiving(hang) as receiver:
        carrier = carrier_to(receiver)
        many = [a_delivery(url_of(receiver), f"try_{n}", f"hook_{n}") for n in range(MAX_HELD + 9)]
        assert len(carrier.take(many)) == MAX_HELD
        assert carrier.show_outcomes([]).room == 0
        wait_until(lambda: receiver.connections == DELIVERIES_AT_ONCE)
        # The receiver's own thread for each connection is among them.
        assert threading.active_count() <= before + 2 * DELIVERIES_AT_ONCE + 1
        release.set()
        wait_until(lambda: not carrier.show_outcomes([]).under_way)


def test_an_address_is_checked_for_people() -> None:
    carrier = Carrier(Reach(), TRUST)
    doors = make_doors(carrier, lambda _host, _port: ["8.8.8.8"])
    answer = doors.answer(DESK, CheckAddress(url="https://Hooks.Example.JP./in"))
    assert isinstance(answer, Answered)
    assert b"https://hooks.example.jp/in" in bytes(answer.body)
    doors = make_doors(carrier, lambda _host, _port: ["10.0.0.1"])
    refused = doors.answer(DESK, CheckAddress(url="https://hooks.example.jp/in"))
    assert isinstance(refused, Answered)
    read = msgspec.msgpack.decode(refused.body, type=AddressChecked)
    assert (read.url, read.wrong) == ("", "not_public")
    assert "10.0.0.1" not in read.detail


def test_names_that_hang_do_not_take_all_the_doors() -> None:
    asked, release = threading.Semaphore(0), threading.Event()

    def hang(_host: str, _port: int) -> list[str]:
        asked.release()
        release.wait(WAIT_SECONDS)
        return []

    doors = make_doors(Carrier(Reach(), TRUST), hang)
    message = CheckAddress(url="https://hooks.example.jp/in")
    threads = [
        threading.Thread(target=doors.answer, args=(DESK, message)) for _ in range(CHECKS_AT_ONCE)
    ]
    for thread in threads:
        thread.start()
        asked.acquire()
    answer = doors.answer(DESK, message)
    assert isinstance(answer, Refused)
    assert answer.code == "busy"
    release.set()
    for thread in threads:
        thread.join()
    assert isinstance(doors.answer(DESK, message), Answered)


@pytest.mark.parametrize("zone", ["payments", "vault", "payer_site", "terminal", "console"])
def test_nobody_but_the_desk_sends(zone: str) -> None:
    doors = make_doors(Carrier(Reach(), TRUST))
    answer = doors.answer(Caller(zone, zone, None), Deliver(deliveries=[]))
    assert isinstance(answer, Refused)
    assert answer.code == "not_permitted"


def test_a_rehearsal_is_said_loudly() -> None:
    assert read_reach({}) == Reach()
    assert Reach().describe() == ""
    said = read_reach({"allow_private": True, "allow_plain": True, "ports": [8080]}).describe()
    assert "REHEARSAL" in said
    assert "8080" in said
