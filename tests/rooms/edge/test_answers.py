"""Refusal pages and security headers."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from sekisho.edge import OUTAGE, STRICT_CSP, Edge
from sekisho.edge.refuse import choose_language, wants_json
from sekisho.edge.stand_before import new_reference
from tests.rooms.edge.knock import FakeZone, environ_of, knock, knock_with, log_lines


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "ja"),
        ("ja", "ja"),
        ("en", "en"),
        ("en-GB,en;q=0.9", "en"),
        ("ja,en;q=0.9", "ja"),
        ("en;q=0.5, ja;q=0.4", "en"),
        ("fr, de", "ja"),
        ("en;q=nonsense", "ja"),
        ("en," * 5000, "en"),
    ],
)
def test_language(header: str, language: str) -> None:
    assert choose_language(header) == language


@pytest.mark.parametrize(
    ("header", "machine"),
    [
        ("", False),
        ("*/*", False),
        ("text/html,application/xhtml+xml,*/*;q=0.8", False),
        ("application/json", True),
        ("application/problem+json", True),
        ("application/json, text/html;q=0.5", True),
        ("application/json;q=0.2, text/html", False),
    ],
)
def test_who_asks(header: str, machine: bool) -> None:
    assert wants_json(header) is machine


def test_a_person_gets_a_page_in_their_language(edge: Edge) -> None:
    japanese = knock(edge, path="/nowhere")
    english = knock(edge, path="/nowhere", headers={"Accept-Language": "en"})
    assert '<html lang="ja">' in japanese.text
    assert "お問い合わせ番号" in japanese.text
    assert '<html lang="en">' in english.text
    assert "Reference number" in english.text
    assert english.headers["Content-Language"] == "en"
    assert "<script" not in english.text
    assert "style=" not in english.text


def test_a_machine_gets_a_problem(edge: Edge) -> None:
    answer = knock(edge, path="/nowhere", headers={"Accept": "application/json"})
    problem = json.loads(answer.text)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert problem["status"] == answer.status == 404
    assert problem["reference"] == answer.headers["X-Request-Id"]
    assert problem["instance"].endswith(problem["reference"])


def test_head_gets_no_body(edge: Edge) -> None:
    answer = knock(edge, "HEAD", "/nowhere")
    assert answer.status == 404
    assert answer.body == b""
    assert int(answer.headers["Content-Length"]) > 0


def test_a_method_that_is_not_there_names_those_that_are(edge: Edge) -> None:
    answer = knock(edge, "DELETE", "/find")
    assert answer.status == 405
    assert answer.headers["Allow"] == "GET, HEAD, POST"


@pytest.mark.parametrize("path", ["/", "/nowhere"])
def test_every_answer_is_strict(edge: Edge, path: str) -> None:
    headers = knock(edge, path=path).headers
    assert headers["Content-Security-Policy"] == STRICT_CSP
    assert "frame-ancestors 'none'" in STRICT_CSP
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]
    assert "Strict-Transport-Security" not in headers


def test_https_only_is_said_over_https(make_edge: Callable[..., Edge]) -> None:
    headers = knock(make_edge(https=True)).headers
    assert headers["Strict-Transport-Security"].startswith("max-age=31536000")


def test_the_zones_own_policy_stays(edge: Edge, zone: FakeZone) -> None:
    own = "default-src 'none'; frame-ancestors http://localhost:7001"
    zone.headers.append(("content-security-policy", own))
    begun: list[list[tuple[str, str]]] = []
    environ = environ_of()
    edge(environ, lambda status, headers, exc_info=None: begun.append(headers))
    policies = [value for name, value in begun[0] if name.lower() == "content-security-policy"]
    assert policies == [own]


def test_the_zone_knows_the_reference_and_the_client(edge: Edge, zone: FakeZone) -> None:
    answer = knock(edge, client="192.0.2.44")
    environ = zone.environs[0]
    assert environ["sekisho.reference"] == answer.headers["X-Request-Id"]
    assert environ["sekisho.client_address"] == "192.0.2.44"


def test_a_client_can_not_choose_its_reference(edge: Edge, zone: FakeZone) -> None:
    environ = environ_of(headers={"X-Request-Id": "AAAAA-AAAAA"})
    environ["sekisho.reference"] = "AAAAA-AAAAA"
    assert knock_with(edge, environ).headers["X-Request-Id"] != "AAAAA-AAAAA"


def test_references_differ_and_can_be_read_aloud() -> None:
    made = {new_reference() for _ in range(1000)}
    assert len(made) == 1000
    assert not any(set(reference) & set("ILOU") for reference in made)


def test_a_fault_in_the_waf_lets_nothing_through(
    edge: Edge, zone: FakeZone, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: object) -> None:
        raise MemoryError("4111111111111111")

    monkeypatch.setattr(edge._inspector, "inspect", broken)
    answer = knock(edge)
    assert answer.status == 500
    assert zone.environs == []
    line = log_lines(folder)[-1]
    assert line["fault"] == "MemoryError"
    assert "4111" not in json.dumps(line)


@pytest.mark.parametrize(("outage", "status", "again"), [(False, 500, None), (True, 503, "2")])
def test_a_zone_that_broke_shows_our_page(
    edge: Edge, zone: FakeZone, outage: bool, status: int, again: str | None
) -> None:
    """Never the bare page of the framework; during an outage it says when to come again."""
    zone.status = "500 Internal Server Error"
    environ = environ_of(path="/")
    if outage:
        environ[OUTAGE] = True
    answer = knock_with(edge, environ)
    assert answer.status == status
    assert answer.headers.get("Retry-After") == again
    assert "お問い合わせ番号" in answer.text
    assert edge.health()["in_flight"] == 0
