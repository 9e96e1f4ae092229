"""Walks through the API with nothing but its published document: a link is made, somebody pays it,
the webhook (or, without one, the list of events) says so, and the money goes back.

    python api_walk.py http://localhost:7004 sk_test_... [--webhook-secret whsec_... --listen 7080]

Needs Python 3.11 and nothing else. Every address, field and header comes out of the document."""

from __future__ import annotations

import argparse
import base64
import hashlib
import hmac
import http.server
import json
import queue
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from typing import Any

DOCUMENT = "/api/v1/openapi.json"
TOLERANCE_SECONDS = 300
ASK_EVERY_SECONDS = 2.0
TRIES = 5


class Refused(Exception):
    """A problem detail; ``code`` says which."""

    def __init__(self, problem: dict[str, Any]) -> None:
        super().__init__(f"{problem['code']}: {problem['detail']}")
        self.code = problem["code"]


class Api:
    """Calls operations by the names that the document gives them."""

    def __init__(self, address: str, key: str) -> None:
        self.address = address.rstrip("/")
        self._key = key
        with urllib.request.urlopen(self.address + DOCUMENT) as answer:  # noqa: S310
            document = json.load(answer)
        self._operations = {
            operation["operationId"]: (method.upper(), path, operation)
            for path, methods in document["paths"].items()
            for method, operation in methods.items()
        }

    def call(self, name: str, body: Any = None, **asked: str) -> Any:
        """Call an operation: its places and filters by name, its body. A POST gets a key of its own
        and is said again under the same key until there is an answer."""
        method, path, operation = self._operations[name]
        filters: dict[str, str] = {}
        headers = {"Authorization": f"Bearer {self._key}", "Accept": "application/json"}
        for parameter in operation["parameters"]:
            said = asked.pop(parameter["name"], None)
            if parameter["in"] == "path":
                path = path.replace("{" + parameter["name"] + "}", urllib.parse.quote(said or ""))
            elif parameter["in"] == "query" and said is not None:
                filters[parameter["name"]] = said
            elif parameter["in"] == "header":
                headers[parameter["name"]] = str(uuid.uuid4())
        if asked:
            raise TypeError(f"{name} knows no {', '.join(asked)}")
        address = self.address + path + ("?" + urllib.parse.urlencode(filters) if filters else "")
        content = None
        if body is not None:
            content = json.dumps(body, ensure_ascii=False).encode()
            headers["Content-Type"] = "application/json"
        return self._say(urllib.request.Request(address, content, headers, method=method))  # noqa: S310

    def _say(self, request: urllib.request.Request) -> Any:
        for number in range(1, TRIES + 1):
            try:
                with urllib.request.urlopen(request) as answer:  # noqa: S310
                    return json.load(answer)
            except urllib.error.HTTPError as error:
                problem = json.load(error)
                again = error.code >= 500 or error.code == 429 or problem["code"] == "in_flight"
                if not again or number == TRIES:
                    raise Refused(problem) from None
                time.sleep(float(error.headers.get("Retry-After", "1")))
            except urllib.error.URLError:
                if number == TRIES:
                    raise
                time.sleep(1.0)
        raise AssertionError("not reached")


def signature_is_right(secret: str, headers: Any, body: bytes) -> bool:
    """Whether a delivery is ours and fresh (Standard Webhooks: HMAC-SHA256 of id.time.body)."""
    stamp = headers.get("webhook-timestamp", "0")
    if not stamp.isdecimal() or abs(time.time() - int(stamp)) > TOLERANCE_SECONDS:
        return False
    key = base64.b64decode(secret.removeprefix("whsec_"))
    said = f"{headers.get('webhook-id', '')}.{stamp}.".encode() + body
    ours = b"v1," + base64.b64encode(hmac.digest(key, said, hashlib.sha256))
    given = headers.get("webhook-signature", "").encode().split(b" ")
    return any(hmac.compare_digest(ours, one) for one in given)


def listen(port: int, secret: str) -> queue.Queue[dict[str, Any]]:
    """Receive webhooks on ``port``; what is signed rightly comes out of the queue."""
    heard: queue.Queue[dict[str, Any]] = queue.Queue()

    class Receiver(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            right = signature_is_right(secret, self.headers, body)
            if right:
                heard.put(json.loads(body))
            self.send_response(204 if right else 401)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return heard


class Watch:
    """Waits for events about one object: by webhook, or by asking for the list."""

    def __init__(self, api: Api, heard: queue.Queue[dict[str, Any]] | None) -> None:
        self._api = api
        self._heard = heard

    def wait_for(self, kind: str, object_id: str, seconds: float) -> dict[str, Any]:
        """Return the data of the event. Raises ``TimeoutError``."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for event in self._new(kind):
                if event["type"] == kind and object_id in event["data"].values():
                    found: dict[str, Any] = event["data"]
                    return found
        raise TimeoutError(f"no {kind} for {object_id} in {seconds:.0f} s")

    def _new(self, kind: str) -> list[dict[str, Any]]:
        if self._heard is None:
            time.sleep(ASK_EVERY_SECONDS)
            events: list[dict[str, Any]] = self._api.call("list_events", type=kind)["data"]
            return events
        try:
            return [self._heard.get(timeout=ASK_EVERY_SECONDS)]
        except queue.Empty:
            return []


def walk(api: Api, watch: Watch, amount_yen: int, seconds: float) -> None:
    """Make a link, wait until it is paid, give the money back, wait until it is back."""
    to_pay = {
        "amount_yen": amount_yen,
        "item_ja": "施設使用料",
        "item_en": "Hall hire",
        "reference": f"WALK-{uuid.uuid4().hex[:12]}",
    }
    link = api.call("create_payment_link", {"to_pay": to_pay})
    print(f"pay here: {link['url']}", flush=True)
    watch.wait_for("payment.captured", link["bill_id"], seconds)
    paid = api.call("show_payment_link", link_id=link["link_id"])
    whole = api.call("show_payment", payment_id=paid["payment_id"])
    line = whole["payment"]
    print(f"paid: {line['total_yen']} yen by {line['brand']} …{line['last_four']}", flush=True)
    refund = api.call(
        "refund_payment",
        {
            "amount_yen": line["amount_yen"],
            "fee_yen": whole["left_fee_yen"],
            "left_yen": whole["left_yen"],
            "reason": "the walk is over",
        },
        payment_id=line["payment_id"],
    )
    watch.wait_for("refund.done", refund["refund_id"], seconds)
    done = api.call("show_refund", refund_id=refund["refund_id"])
    print(f"given back: {done['amount_yen'] + done['fee_yen']} yen, {done['status']}", flush=True)


def main() -> None:
    """Read what was typed, and walk."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("address", help="the desk's address")
    parser.add_argument("key", help="an API key; a test key moves no real money")
    parser.add_argument("--amount", type=int, default=12_000, metavar="YEN")
    parser.add_argument("--webhook-secret", metavar="whsec_…", default="")
    parser.add_argument("--listen", type=int, metavar="PORT", default=0)
    parser.add_argument("--wait", type=float, default=300.0, metavar="SECONDS")
    typed = parser.parse_args()
    api = Api(typed.address, typed.key)
    heard = listen(typed.listen, typed.webhook_secret) if typed.listen else None
    walk(api, Watch(api, heard), typed.amount, typed.wait)


if __name__ == "__main__":
    main()
