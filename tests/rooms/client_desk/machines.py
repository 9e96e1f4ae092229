"""A client body's machine: a key and what it sends."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.test import Client

from sekisho.client_desk.api import limit_keys
from sekisho.client_desk.keys.hold_keys import make_key
from sekisho.client_desk.keys.rules import SCOPES
from sekisho.client_desk.records.scope import enter_body
from sekisho.vocabulary.clock import now
from tests.rooms.client_desk.paying import PayingBodies
from tests.rooms.client_desk.staff import answered_by

ROOT = "/api/v1"
_numbers = itertools.count(1)

BILL = {
    "payee_number": "13800",
    "payment_number": "40000000000000000017",
    "confirmation_number": "482193",
    "category_number": "1",
    "item_ja": "固定資産税",
    "item_en": "Fixed assets tax",
    "fiscal_year": 2026,
    "term": "3",
    "amount_yen": 34000,
    "first_payable_at": "2026-11-01T00:00:00+09:00",
    "due_date": "2026-12-28",
    "payable_until": "2027-01-31T23:59:59+09:00",
}


def new_key(
    client_body: str = "mihon_to",
    scopes: Any = tuple(SCOPES),
    *,
    live: bool = True,
    days: int = 30,
    moment: datetime | None = None,
) -> tuple[str, str]:
    """Return the secret and the id of a fresh key."""
    enter_body(client_body)
    secret, key = make_key(
        client_body=client_body,
        live=live,
        name=f"books {next(_numbers)}",
        scopes=list(scopes),
        days=days,
        by="hanako",
        now=moment or now(),
    )
    enter_body("")
    return secret, key.key_id


class Machine:
    """Sends requests with one key."""

    def __init__(self, secret: str) -> None:
        self.client = Client(enforce_csrf_checks=True, headers={"host": "localhost:7004"})
        self.client.raise_request_exception = False
        self.headers = {"authorization": f"Bearer {secret}"}

    def get(self, path: str, **query: Any) -> Any:
        """Ask."""
        return self.client.get(ROOT + path, query, headers=self.headers)

    def post(self, path: str, body: Any = None, key: str | None = None) -> Any:
        """Do, with a fresh Idempotency-Key or the one given (``""``: none)."""
        key = f"machine-{next(_numbers)}" if key is None else key
        headers = self.headers | ({"idempotency-key": key} if key else {})
        content = b"" if body is None else json.dumps(body).encode()
        kind = "application/json" if content else ""
        return self.client.generic("POST", ROOT + path, content, kind, headers=headers)


@contextmanager
def at_work(secret: str = "", **asked: Any) -> Iterator[tuple[Machine, PayingBodies]]:
    """A machine with a key for everything, and payments that answers it."""
    limit_keys.buckets.forget()
    payments = PayingBodies()
    with answered_by(payments):
        yield Machine(secret or new_key(**asked)[0]), payments
