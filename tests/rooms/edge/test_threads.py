"""The engine's work holds no other request up: order is asserted, never time."""

from __future__ import annotations

import threading
from urllib.parse import urlencode

from sekisho.edge import FORM, Edge
from sekisho.edge.modsecurity import RequestParts, shared_engine
from tests.rooms.edge.knock import FakeZone, knock, post

# A pattern that tries everything, with a limit high enough for some seconds of work.
_SLOW_RULES = """
SecRuleEngine On
SecRequestBodyAccess On
SecPcreMatchLimit 40000000
SecPcreMatchLimitRecursion 40000000
SecRule ARGS "@rx ^(?:a+)+$" "id:1,phase:2,deny,status:403"
"""
QUICK_REQUESTS = 20
WORST_UNITS = ("</", "<", "{", "-", "${", "|")


def test_a_slow_inspection_lets_other_requests_finish(edge: Edge) -> None:
    """If the engine held the interpreter lock, `ended` would be set before the quick ones are
    through (seen when the slow call was made with `ctypes.PyDLL`)."""
    rules = shared_engine().read_rules(text=_SLOW_RULES)
    body = b"x=" + b"a" * 40 + b"!"
    headers = [(b"Content-Type", FORM.encode()), (b"Content-Length", str(len(body)).encode())]
    begun, ended = threading.Event(), threading.Event()

    def slow() -> None:
        begun.set()
        rules.inspect(RequestParts(b"POST", b"/", b"1.1", headers, body))
        ended.set()

    thread = threading.Thread(target=slow)
    thread.start()
    begun.wait()
    statuses = [post(edge, "/find", {"note": "こんにちは"}).status for _ in range(QUICK_REQUESTS)]
    was_still_running = not ended.is_set()
    thread.join()
    assert statuses == [200] * QUICK_REQUESTS
    assert was_still_running


def test_worst_bodies_on_every_thread_end_and_leave_the_edge_whole(
    edge: Edge, zone: FakeZone
) -> None:
    bodies = [
        urlencode({f"f{n}": (unit * 2048)[:2048] for n in range(4)}).encode()
        for unit in WORST_UNITS
    ]
    statuses: list[int] = []

    def send(body: bytes) -> None:
        statuses.append(
            knock(edge, "POST", "/free", body=body, headers={"Content-Type": FORM}).status
        )

    threads = [threading.Thread(target=send, args=(body,)) for body in bodies]
    for thread in threads:
        thread.start()
    assert post(edge, "/find", {"note": "こんにちは"}).status == 200
    for thread in threads:
        thread.join()
    assert set(statuses) <= {200, 403, 503}
    assert edge.health()["in_flight"] == 0
    del zone
