"""Limits: rate, requests in flight, heavy bodies, memory; and who the client is."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import pytest

from sekisho.edge import Edge, EdgeLimits
from sekisho.edge.client_address import client_address, rate_key, read_networks
from sekisho.edge.limit_rates import Rates, Slots
from sekisho.edge.read_request import read_request
from sekisho.edge.stand_before import REQUESTS_WAITING
from tests.rooms.edge.conftest import UNHURRIED
from tests.rooms.edge.knock import FakeZone, environ_of, knock, knock_with, post


class Clock:
    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


def test_a_bucket_empties_and_fills_again() -> None:
    clock = Clock()
    rates = Rates(EdgeLimits(rate_per_second=2, rate_burst=3), clock)
    assert [rates.allow("a") for _ in range(4)] == [True, True, True, False]
    assert rates.allow("b")
    clock.seconds += 0.5
    assert [rates.allow("a") for _ in range(2)] == [True, False]
    clock.seconds += 1000
    assert [rates.allow("a") for _ in range(4)] == [True, True, True, False]


def test_clients_remembered_are_bounded() -> None:
    rates = Rates(EdgeLimits(clients_remembered=5), Clock())
    for number in range(100):
        rates.allow(f"192.0.2.{number}")
    assert len(rates) == 5


def test_too_many_requests_are_refused_and_told_when_to_come_back(
    make_edge: Callable[..., Edge], zone: FakeZone
) -> None:
    edge = make_edge(limits=EdgeLimits(rate_per_second=0.001, rate_burst=2))
    answers = [knock(edge) for _ in range(3)]
    assert [answer.status for answer in answers] == [200, 200, 429]
    assert int(answers[2].headers["Retry-After"]) > 0
    assert knock(edge, client="198.51.100.1").status == 200
    assert len(zone.environs) == 3


def test_requests_in_flight_are_bounded(make_edge: Callable[..., Edge]) -> None:
    inside, go_on = threading.Event(), threading.Event()

    def slow(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        inside.set()
        go_on.wait()
        start_response("200 OK", [])
        return [b""]

    edge = make_edge(app=slow, limits=replace(UNHURRIED, in_flight=1))
    statuses: list[int] = []
    first = threading.Thread(target=lambda: statuses.append(knock(edge).status))
    first.start()
    inside.wait()
    busy = knock(edge)
    assert busy.status == 503
    assert int(busy.headers["Retry-After"]) > 0
    go_on.set()
    first.join()
    assert statuses == [200]
    assert knock(edge).status == 200
    assert edge.health()["in_flight"] == 0


def test_past_so_many_that_wait_for_a_thread_a_request_is_told_to_come_again(
    make_edge: Callable[..., Edge], zone: FakeZone
) -> None:
    edge = make_edge(limits=replace(UNHURRIED, waiting=3))
    statuses = []
    for waiting in (3, 4):
        answer = knock_with(edge, environ_of() | {REQUESTS_WAITING: waiting})
        statuses.append(answer.status)
    assert statuses == [200, 503]
    assert int(answer.headers["Retry-After"]) > 0
    assert "混み合って" in answer.text or "busy" in answer.text
    assert len(zone.environs) == 1
    assert edge.health()["in_flight"] == 0


def test_a_slot_is_given_back_when_the_zone_fails(make_edge: Callable[..., Edge]) -> None:
    def broken(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        raise RuntimeError("4111111111111111")

    edge = make_edge(app=broken, limits=replace(UNHURRIED, in_flight=1))
    assert [knock(edge).status for _ in range(3)] == [500, 500, 500]
    assert edge.health()["in_flight"] == 0


def test_heavy_bodies_are_inspected_a_few_at_once(make_edge: Callable[..., Edge]) -> None:
    limits = replace(UNHURRIED, heavy_inspections=0, heavy_wait_seconds=0.0)
    edge = make_edge(limits=limits)
    heavy = {"a": "あ" * 1000, "b": "い" * 1000}
    assert post(edge, "/free", heavy).status == 503
    assert post(edge, "/free", {"a": "あ"}).status == 200


def test_slots_count() -> None:
    slots = Slots(1)
    with slots.one(0) as first, slots.one(0) as second:
        assert (first, second, slots.taken) == (True, False, 1)
    assert slots.taken == 0


@pytest.mark.parametrize(
    ("peer", "forwarded", "trusted", "client"),
    [
        ("192.0.2.1", None, [], "192.0.2.1"),
        ("192.0.2.1", "198.51.100.9", [], "192.0.2.1"),
        ("10.0.0.1", "198.51.100.9", ["10.0.0.0/8"], "198.51.100.9"),
        ("10.0.0.1", "203.0.113.5, 198.51.100.9", ["10.0.0.0/8"], "198.51.100.9"),
        ("10.0.0.1", "203.0.113.5, 10.0.0.2", ["10.0.0.0/8"], "203.0.113.5"),
        ("10.0.0.1", "<script>, nonsense", ["10.0.0.0/8"], "10.0.0.1"),
        ("10.0.0.1", "10.0.0.3", ["10.0.0.0/8"], "10.0.0.3"),
        ("::ffff:192.0.2.1", None, [], "192.0.2.1"),
        ("2001:db8::1", "198.51.100.9", ["2001:db8::/32"], "198.51.100.9"),
        ("", "198.51.100.9", ["10.0.0.0/8"], "0.0.0.0"),
    ],
)
def test_the_client_is_whom_a_trusted_proxy_names(
    peer: str, forwarded: str | None, trusted: list[str], client: str
) -> None:
    environ = environ_of(client=peer, headers={"X-Forwarded-For": forwarded})
    assert client_address(environ, read_networks(trusted)) == client


def test_one_ipv6_line_is_one_client() -> None:
    assert rate_key("2001:db8:1:2:3::4") == rate_key("2001:db8:1:2:ffff::9")
    assert rate_key("2001:db8:1:2::1") != rate_key("2001:db8:1:3::1")
    assert rate_key("192.0.2.1") != rate_key("192.0.2.2")


def test_server_settings_hold_a_body_in_memory() -> None:
    given = EdgeLimits().for_waitress(largest_body_bytes=500_000)
    assert given["inbuf_overflow"] > given["max_request_body_size"] > 500_000


def test_a_request_can_be_read_from_nothing() -> None:
    assert read_request({}).method == ""
