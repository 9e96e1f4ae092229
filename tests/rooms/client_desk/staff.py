"""The desk as its staff use it: a browser without a screen, and payments as it answers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.test import Client

from sekisho import transport
from sekisho.client_desk.doors import make_doors
from sekisho.client_desk.pages.desk import Desk, open_desk
from sekisho.client_desk.records.models import Person
from sekisho.client_desk.records.scope import enter_body
from sekisho.crossings.client_desk import InviteStaff
from sekisho.sign_in.second_factor import STEP_SECONDS, code_at
from sekisho.transport import Caller
from sekisho.vocabulary.clock import now
from tests.rooms.bill_files.files import VAULT_KEY
from tests.rooms.client_desk.conftest import room

ADDRESS = "http://localhost:7004"
PASSWORD = "fern 48 lantern"
TERMINAL = Caller("terminal", "terminal", None)


def open_the_desk() -> Desk:
    """Open a desk as after a start of the process."""
    return open_desk(
        room.own_folder, address=ADDRESS, vault_key=VAULT_KEY.public_key().public_bytes_raw()
    )


desk = open_the_desk()


def browser(*, csrf: bool = False) -> Client:
    """Return a browser; with ``csrf`` Django checks it as in life."""
    return Client(enforce_csrf_checks=csrf, headers={"host": "localhost:7004"})


def invite(
    name: str = "hanako", client_body: str = "mihon_to", roles: tuple[Any, ...] = ("clerk",)
) -> str:
    """Return the path of a fresh invitation."""
    message = InviteStaff(client_body=client_body, name=name, roles=list(roles))
    link = bytes(make_doors(desk).answer(TERMINAL, message).body)  # type: ignore[union-attr]
    found = re.search(rb"http://localhost:7004(/invitation/[\w/-]+)", link)
    assert found
    return found[1].decode()


def factor_of(name: str, client_body: str) -> bytes:
    """Return somebody's second-factor secret, as their app would know it."""
    enter_body(client_body)
    person = Person.objects.get(name=name)
    secret = desk.sign_in.gate.keeper.open(bytes(person.factor_sealed or b""), person.person_id)
    enter_body("")
    return secret


def later(steps: int) -> datetime:
    """Return a moment some code steps away."""
    return datetime.fromtimestamp(now().timestamp() + steps * STEP_SECONDS, now().tzinfo)


def accept(link: str, name: str = "hanako", client_body: str = "mihon_to") -> None:
    """Go through an invitation."""
    visitor = browser()
    answer = visitor.post(link, {"password": PASSWORD, "again": PASSWORD})
    assert answer.status_code == 302, answer.content
    for _ in range(2):
        # A half minute may end between the two clocks' looks; then the next code is right.
        code = code_at(factor_of(name, client_body), later(-1))
        answer = visitor.post(link + "/code", {"code": code})
        if answer.status_code == 302:
            break
    assert answer.status_code == 302, answer.content


def signed_in(
    name: str = "hanako", client_body: str = "mihon_to", roles: tuple[Any, ...] = ("clerk",)
) -> Client:
    """Return the browser of somebody who was invited and has signed in."""
    accept(invite(name, client_body, roles), name, client_body)
    visitor = browser()
    typed = {"client_body": client_body, "name": name, "password": PASSWORD}
    assert visitor.post("/sign-in", typed).headers["Location"] == "/sign-in/code"
    code = code_at(factor_of(name, client_body), now())
    assert visitor.post("/sign-in/code", {"code": code}).headers["Location"] == "/"
    return visitor


@contextmanager
def answered_by(payments: Any) -> Iterator[None]:
    """Let ``payments`` answer the desk's crossings."""
    transport.use(payments)
    try:
        yield
    finally:
        transport.use(None)


def evidence_kinds() -> list[str]:
    """Return the kinds of the evidence lines written, in order."""
    rows = room.cluster.execute_sql("SELECT kind FROM evidence.line ORDER BY id")
    return [row[0] for row in rows]
