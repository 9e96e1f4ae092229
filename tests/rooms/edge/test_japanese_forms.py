"""Japanese names, addresses and notes pass: 3,000 made-up forms, none blocked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

import pytest

from sekisho.edge import Edge, FieldRule, PageRule
from sekisho.edge.check_page import check_pairs
from sekisho.edge.limits import EdgeLimits
from tests.rooms.edge.japanese_forms import FORMS, japanese_forms
from tests.rooms.edge.knock import FakeZone, knock, post

APPLY = PageRule(
    r"/apply",
    methods=("POST",),
    fields=(
        FieldRule("name", "japanese", 100),
        FieldRule("kana", "kana", 100),
        FieldRule("birth_date", "date", 30),
        FieldRule("postal_code", "digits", 20),
        FieldRule("address", "japanese", 200),
        FieldRule("phone", "phone", 30),
        FieldRule("email", "email", 200),
        FieldRule("policy_number", "digits", 30),
        FieldRule("note", max_length=1000),
    ),
)


def test_japanese_forms_pass_with_every_field_inspected(edge: Edge, zone: FakeZone) -> None:
    blocked = [form for form in japanese_forms() if post(edge, "/free", form).status != 200]
    assert blocked == []
    assert len(zone.environs) == FORMS


def test_japanese_forms_pass_a_page_with_closed_kinds(make_edge: Callable[..., Edge]) -> None:
    edge = make_edge(pages=[APPLY])
    forms = list(japanese_forms())[::10]
    assert [form for form in forms if post(edge, "/apply", form).status != 200] == []


def test_closed_kinds_leave_little_to_inspect() -> None:
    left: dict[str, int] = {}
    for form in japanese_forms():
        pairs = list(form.items())
        for name, _ in check_pairs(pairs, APPLY.body_field, APPLY.fields, EdgeLimits()):
            left[name] = left.get(name, 0) + 1
    assert left.pop("note") == FORMS
    # An address with Latin letters in its building's name is looked at; nothing else is.
    assert set(left) == {"address"}
    assert left["address"] < FORMS / 3


def test_the_zone_gets_what_was_typed(edge: Edge, zone: FakeZone) -> None:
    form = next(japanese_forms())
    post(edge, "/free", form)
    assert dict(parse_qsl(zone.bodies[0].decode(), keep_blank_values=True)) == form


@pytest.mark.parametrize(
    "fields",
    [
        {"number": "１２３４ー５６", "kind": "1", "note": "O'Brien & Sons"},
        {"number": "12 34\u3000５６－７８"},
        {"password": "' or 1=1 -- <script>"},
        [("tag", "a"), ("tag", "b")],
        {"note": "月曜〜金曜 9:00-17:00; 土日は休み\r\n担当: 見本"},
        # A slip of the finger goes to the form, which has a message for it.
        {"number": "12a4", "email": "taro(at)example.jp", "name": "Taro"},
    ],
)
def test_harmless_forms_pass(fields: Any, edge: Edge) -> None:
    assert post(edge, "/find", fields).status == 200


def test_return_url_with_an_address_passes(edge: Edge) -> None:
    query = "return_url=http://192.0.2.5:7001/return"
    assert knock(edge, path="/find", query=query).status == 200
    assert knock(edge, path="/find", query=query.replace("return_url", "q")).status == 403


def test_host_may_be_an_address(edge: Edge) -> None:
    """Alone it never refuses; with an empty agent and a missing Accept it did."""
    odd = {"Host": "127.0.0.1:7001", "Accept": None, "User-Agent": ""}
    assert knock(edge, headers=odd).status == 200
