"""A payer's hands: reads a page's forms and sends them as a browser would."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from django.http import HttpResponse
from django.test import Client

from tests.rooms.payer_site.fake_payments import BILL_NUMBERS, BORN, POLICY_NUMBER

PERSON = {
    "name": "見本 太郎",
    "kana": "みほん たろう",
    "postal_code": "100-0001",
    "town": "東京都千代田区千代田",
    "street": "1-1",
    "building": "",
    "phone": "03-1234-5678",
    "email": "taro@example.jp",
}


@dataclass
class Form:
    action: str
    method: str
    id: str
    fields: dict[str, str] = field(default_factory=dict)


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []

    def handle_starttag(self, tag: str, pairs: list[tuple[str, str | None]]) -> None:
        facts = {name: value or "" for name, value in pairs}
        if tag == "form":
            self.forms.append(
                Form(facts.get("action", ""), facts.get("method", "get"), facts.get("id", ""))
            )
        elif tag == "input" and facts.get("type") != "checkbox" and facts.get("name"):
            self.forms[-1].fields[facts["name"]] = facts.get("value", "")


def forms_of(response: HttpResponse) -> list[Form]:
    parser = _Forms()
    parser.feed(response.content.decode())
    return parser.forms


def send(client: Client, page: HttpResponse, action: str, **typed: str) -> Any:
    """Fill in and send the page's form whose action ends with ``action``; don't follow."""
    form = next(f for f in forms_of(page) if f.action.endswith(action) and f.method == "post")
    return client.post(form.action, {**form.fields, **typed})


def text(response: HttpResponse) -> str:
    """The words of a page."""
    body = response.content.decode()
    body = re.sub(r"<(script|style|title)\b.*?</\1>", " ", body, flags=re.S)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body))


def find_bill(client: Client) -> str:
    """Come to the bill's page; return its address."""
    page = client.get("/bill")
    numbers = dict(
        zip(
            ("payee_number", "payment_number", "confirmation_number", "category_number"),
            BILL_NUMBERS,
            strict=True,
        )
    )
    response = send(client, page, "/bill", **numbers)
    assert response.status_code == 303
    return str(response.headers["Location"])


def to_card(client: Client, **typed: str) -> str:
    """Come to the card's page of a bill; return its address."""
    page = client.get(find_bill(client))
    response = send(client, page, "/bill", agree="on", **typed)
    assert response.status_code == 303, text(response)
    return str(response.headers["Location"])


def find_policy(client: Client) -> str:
    year, month, day = BORN.split("-")
    response = send(
        client,
        client.get("/policy"),
        "/policy",
        policy_number=POLICY_NUMBER,
        birth_era="western",
        birth_year=year,
        birth_month=month,
        birth_day=day,
    )
    assert response.status_code == 303, text(response)
    return str(response.headers["Location"])


def to_person(client: Client) -> str:
    response = send(client, client.get(find_policy(client)), "/terms", agree="on")
    assert response.status_code == 303
    return str(response.headers["Location"])


def to_premium_card(client: Client, **typed: str) -> str:
    response = send(client, client.get(to_person(client)), "/person", **{**PERSON, **typed})
    assert response.status_code == 303, text(response)
    return str(response.headers["Location"])


def at(address: str, page: str) -> str:
    """The address of another page of the same errand."""
    return "/e/" + address.split("/")[2] + "/" + page
