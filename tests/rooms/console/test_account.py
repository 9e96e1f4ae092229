"""An operator's own account: where they are signed in, and a passkey that decides."""

from __future__ import annotations

import html
import re

import pytest

from sekisho.console.records.models import Passkey, Person
from sekisho.vocabulary.clock import now
from tests.rooms.console.operators import ADDRESS, code_of, signed_in
from tests.rooms.sign_in.authenticator import Device

pytestmark = pytest.mark.usefixtures("clean")


def test_an_operator_adds_a_passkey_and_signs_in_with_it() -> None:
    visitor, device = signed_in("responder"), Device(ADDRESS)
    page = visitor.get("/account?lang=en").content.decode()
    assert "this page" in page
    found = re.search(r'data-options="([^"]*)"', page)
    assert found
    Person.objects.update(factor_step=0)
    typed = {"passkey_name": "key", "code": code_of("sora", now())}
    typed["made"] = device.make(html.unescape(found[1]))
    assert visitor.post("/account/passkeys", typed).status_code == 302
    assert Passkey.objects.get().client_body == ""
    visitor.post("/sign-out")
    visitor.post("/sign-in", {"name": "sora", "password": "quiet 17 harbour"})
    asked = re.search(r'data-passkey="([^"]*)"', visitor.get("/sign-in/code").content.decode())
    assert asked
    proof = device.prove(html.unescape(asked[1]))
    answer = visitor.post("/sign-in/code", {"code": "", "assertion": proof})
    assert answer.headers["Location"] == "/"
