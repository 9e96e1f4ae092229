"""The API behind its edge: exactly what its document says passes; every refusal is a problem."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from django.core.handlers.wsgi import WSGIHandler

from sekisho.client_desk.api import problems
from sekisho.client_desk.api.frame import document
from sekisho.client_desk.keys.rules import new_secret
from sekisho.client_desk.pages.page_rules import page_rules
from sekisho.crossings.message import Refusal
from sekisho.edge import Edge, EdgeLimits, default_crs_dir, refuse, stand_before
from tests.rooms.client_desk.machines import BILL, at_work, new_key
from tests.rooms.client_desk.staff import desk
from tests.rooms.client_desk.test_api_keys import PLACES

pytestmark = pytest.mark.usefixtures("clean")

JSON = "application/json"


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    content: bytes

    @property
    def problem(self) -> Any:
        assert self.headers["Content-Type"] == "application/problem+json", self
        return json.loads(self.content)


class Front(NamedTuple):
    edge: Edge
    log_folder: Path

    def logged(self) -> list[dict[str, Any]]:
        lines: list[dict[str, Any]] = []
        for file in self.log_folder.glob("*.jsonl"):
            lines += [json.loads(line) for line in file.read_text().splitlines()]
        return lines

    def send(
        self,
        method: str,
        path: str,
        body: Any = b"",
        *,
        kind: str = JSON,
        secret: str = "",
        **headers: str,
    ) -> Answer:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        address, _, query = path.partition("?")
        environ: dict[str, Any] = {
            "REQUEST_METHOD": method,
            "SCRIPT_NAME": "",
            "PATH_INFO": address,
            "QUERY_STRING": query,
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "7004",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "HTTP_HOST": "localhost:7004",
            "HTTP_USER_AGENT": "mihon-books/1.0",
            "HTTP_ACCEPT": "*/*",
            "REMOTE_ADDR": "127.0.0.1",
            "CONTENT_TYPE": kind if content else "",
            "CONTENT_LENGTH": str(len(content)) if content else "",
            "wsgi.input": io.BytesIO(content),
            "wsgi.url_scheme": "http",
            "wsgi.errors": io.StringIO(),
            "wsgi.version": (1, 0),
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        } | headers
        if secret:
            environ["HTTP_AUTHORIZATION"] = f"Bearer {secret}"
        said: list[Any] = []
        chunks = self.edge(environ, lambda status, found, exc=None: said.append((status, found)))
        whole = b"".join(chunks)
        if hasattr(chunks, "close"):
            chunks.close()
        status, found = said[-1]
        return Answer(int(status.split()[0]), dict(found), whole)


def _front(folder: Path, **more: Any) -> Front:
    edge = stand_before(
        WSGIHandler(),
        process="client_desk",
        log_dir=folder,
        pages=page_rules(desk),
        crs_dir=default_crs_dir(),
        **more,
    )
    return Front(edge, folder)


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Any:
    front = _front(tmp_path_factory.mktemp("log"))
    yield front
    front.edge.close()


def test_a_bill_passes_and_the_key_is_in_no_log(front: Front) -> None:
    secret, _ = new_key()
    with at_work(secret):
        answer = front.send("POST", "/api/v1/bills", BILL, secret=secret, HTTP_IDEMPOTENCY_KEY="1")
    assert answer.status == 200, answer
    line = front.logged()[-1]
    assert line["verdict"] == "pass"
    assert line["headers"]["authorization"].startswith("Bearer ~")
    everything = "".join(file.read_text() for file in front.log_folder.iterdir())
    assert secret not in everything
    assert secret[8:30] not in everything


def test_every_operation_of_the_document_passes(front: Front) -> None:
    secret, _ = new_key()
    with at_work(secret) as (_, payments):
        payments.away = Refusal("bill_paid")
        for path, methods in document()["paths"].items():
            for method in methods:
                filled = path
                for name, value in PLACES.items():
                    filled = filled.replace("{" + name + "}", value)
                body = {} if method == "post" and "requestBody" in methods[method] else b""
                front.send(method.upper(), filled, body, secret=secret, HTTP_IDEMPOTENCY_KEY=filled)
                line = front.logged()[-1]
                assert line["verdict"] == "pass", (filled, line["reason"])


@pytest.mark.parametrize(
    ("method", "path", "body", "kind", "status", "code"),
    [
        ("GET", "/api/v1/nothing", b"", JSON, 404, "path_unknown"),
        ("GET", "/api/v2/bills", b"", JSON, 404, "path_unknown"),
        ("GET", "/api/v1/bills/bill_x", b"", JSON, 404, "path_unknown"),
        ("GET", "/api/v1/bills?nothing=1", b"", JSON, 400, "malformed"),
        ("GET", "/api/v1/bills?limit=1&limit=2", b"", JSON, 400, "malformed"),
        ("GET", "/api/v1/bills", b"{}", JSON, 400, "malformed"),
        ("PUT", "/api/v1/bills", b"{}", JSON, 405, "method_not_allowed"),
        ("POST", "/api/v1/bills", b"{", JSON, 400, "malformed"),
        ("POST", "/api/v1/bills", b'{"term":"1","term":"2"}', JSON, 400, "malformed"),
        ("POST", "/api/v1/bills", b'{"more":1}', JSON, 400, "malformed"),
        ("POST", "/api/v1/bills", b'"' + b"x" * 20_000 + b'"', JSON, 413, "body_too_large"),
        ("POST", "/api/v1/bills", b"a=b", "text/plain", 415, "content_type_wrong"),
        ("GET", "/api/v1/bills?payment_number=" + "1" * 5_000, b"", JSON, 414, "address_too_long"),
        (
            "POST",
            "/api/v1/bills",
            b'{"item_ja":"\' UNION SELECT password FROM users--"}',
            JSON,
            403,
            "not_accepted",
        ),
    ],
)
def test_what_the_edge_refuses_is_a_problem_with_a_code(
    front: Front, method: str, path: str, body: bytes, kind: str, status: int, code: str
) -> None:
    answer = front.send(method, path, body, kind=kind, HTTP_ACCEPT="text/html")
    assert (answer.status, answer.problem["code"]) == (status, code)
    assert answer.problem["reference"] == answer.headers["X-Request-Id"]


def test_one_address_that_asks_too_much_is_told_when_to_come_again(tmp_path: Path) -> None:
    front = _front(tmp_path, limits=EdgeLimits(rate_burst=1, rate_per_second=0.001))
    try:
        front.send("GET", "/api/v1/openapi.json")
        answer = front.send("GET", "/api/v1/openapi.json")
        assert (answer.status, answer.problem["code"]) == (429, "too_many_requests")
        assert answer.headers["Retry-After"]
    finally:
        front.edge.close()


def test_a_fault_is_a_problem_without_its_cause(front: Front) -> None:
    secret, _ = new_key()
    with at_work(secret) as (_, payments):
        payments.away = RuntimeError("4111111111111111")
        answer = front.send("GET", "/api/v1/bills", secret=secret)
    assert (answer.status, answer.problem["code"]) == (500, "fault")
    assert b"4111" not in answer.content


def test_every_word_of_the_edge_stands_in_the_table_with_its_status() -> None:
    for status, code in refuse.CODES.items():
        assert problems.PROBLEMS[code].status == status
    assert refuse.CODES == problems.BY_STATUS


def test_no_key_looks_like_an_attack(front: Front) -> None:
    for _ in range(50):
        secret = new_secret(live=True)
        assert front.send("GET", "/api/v1/bills", secret=secret).problem["code"] == "key_not_good"


def test_the_document_is_served_to_anybody(front: Front) -> None:
    answer = front.send("GET", "/api/v1/openapi.json")
    assert answer.status == 200
    assert json.loads(answer.content)["openapi"].startswith("3.1")
