"""A client body's program: knows the address and a key, and the rest from the published OpenAPI
document alone. And its webhook receiver, which believes no unsigned word."""

from __future__ import annotations

import json
import threading
import urllib.error
import urllib.request
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks import Webhook

ANSWER_LIMIT_SECONDS = 30


class Refused(Exception):
    """A problem detail."""

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        super().__init__(f"{status} {problem}")
        self.status = status
        self.problem = problem


class Machine:
    """Calls operations by their id."""

    def __init__(self, address: str, key: str) -> None:
        self._address = address
        self._key = key
        document = json.loads(_fetch(urllib.request.Request(address + "/api/v1/openapi.json")))
        assert document["openapi"].startswith("3.1")
        self._operations = {
            operation["operationId"]: (method.upper(), path, operation)
            for path, methods in document["paths"].items()
            for method, operation in methods.items()
        }

    def call(
        self,
        name: str,
        body: dict[str, Any] | None = None,
        *,
        idempotency_key: str = "",
        **places: str,
    ) -> Any:
        """Return the answer. Raises ``Refused``."""
        method, path, operation = self._operations[name]
        for place, value in places.items():
            path = path.replace("{" + place + "}", value)
        headers = {"authorization": f"Bearer {self._key}"}
        if any(one["name"] == "Idempotency-Key" for one in operation.get("parameters", ())):
            headers["idempotency-key"] = idempotency_key or str(uuid.uuid4())
        content = None
        if method == "POST":
            content = json.dumps(body or {}).encode() if "requestBody" in operation else b""
            if content:
                headers["content-type"] = "application/json"
        request = urllib.request.Request(
            self._address + path, data=content, headers=headers, method=method
        )
        return json.loads(_fetch(request))


def _fetch(request: urllib.request.Request) -> bytes:
    try:
        with urllib.request.urlopen(request, timeout=ANSWER_LIMIT_SECONDS) as answer:
            body: bytes = answer.read()
            return body
    except urllib.error.HTTPError as error:
        assert error.headers["content-type"] == "application/problem+json", error.read()
        raise Refused(error.code, json.loads(error.read())) from None


class Receiver:
    """Hears webhooks on loopback; keeps those whose signature is right."""

    def __init__(self) -> None:
        self.secret = ""
        self.heard: list[dict[str, Any]] = []
        self.ids: list[str] = []
        self.forged = 0
        self.deaf = False
        """Answers 503, as a receiver that is down for a while."""
        receiver = self

        class Door(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                self.send_response(receiver._take(dict(self.headers), body))
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def address(self) -> str:
        return f"http://localhost:{self._server.server_address[1]}/hooks"

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _take(self, headers: dict[str, str], body: bytes) -> int:
        if self.deaf:
            return 503
        try:
            event = Webhook(self.secret).verify(
                body.decode(), {k.lower(): v for k, v in headers.items()}
            )
        except Exception:
            self.forged += 1
            return 400
        self.heard.append(event)
        self.ids.append(headers.get("Webhook-Id") or headers.get("webhook-id") or "")
        return 204

    def kinds(self) -> list[str]:
        return [event["type"] for event in self.heard]
