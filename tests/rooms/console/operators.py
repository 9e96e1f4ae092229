"""Operators with a browser each: invited, registered, signed in with both factors."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from django.test import Client

from sekisho.console.doors import make_doors
from sekisho.console.pages.console import open_console
from sekisho.console.records.models import Person
from sekisho.crossings.console import InviteOperator
from sekisho.sign_in.second_factor import code_at
from sekisho.transport import Caller
from sekisho.vocabulary.clock import now
from tests.rooms.console.conftest import room

ADDRESS = "http://localhost:7005"
PASSWORD = "quiet 17 harbour"
TERMINAL = Caller("terminal", "terminal", None)
console = open_console(room.own_folder, address=ADDRESS)


def browser() -> Client:
    return Client(headers={"host": "localhost:7005"})


def invite(*roles: Any, name: str = "sora") -> str:
    """The path of a fresh invitation, as the terminal gets it."""
    message = InviteOperator(name=name, roles=list(roles))
    answer: Any = make_doors(console).answer(TERMINAL, message)
    found = re.search(rb"http://localhost:7005(/invitation/[\w-]+)", bytes(answer.body))
    assert found
    return found[1].decode()


def signed_in(*roles: Any, name: str = "sora") -> Client:
    link, visitor = invite(*roles, name=name), browser()
    visitor.post(link, {"password": PASSWORD, "again": PASSWORD})
    earlier = datetime.fromtimestamp(now().timestamp() - 30, UTC)
    assert visitor.post(link + "/code", {"code": code_of(name, earlier)}).status_code == 302
    return signed_in_again(name, visitor)


def signed_in_again(name: str, visitor: Client | None = None, at: datetime | None = None) -> Client:
    """A further browser of somebody who is registered."""
    visitor = visitor or browser()
    assert visitor.post("/sign-in", {"name": name, "password": PASSWORD}).status_code == 302
    answer = visitor.post("/sign-in/code", {"code": code_of(name, at or now())})
    assert answer.headers["Location"] == "/"
    return visitor


def code_of(name: str, at: datetime) -> str:
    """What the person's authenticator app shows at ``at``."""
    person = Person.objects.get(name=name)
    secret = console.sign_in.gate.keeper.open(bytes(person.factor_sealed or b""), person.person_id)
    return code_at(secret, at)
