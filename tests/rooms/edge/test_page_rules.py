"""The positive model: how rules are made, and which of them contradict themselves."""

from __future__ import annotations

import unicodedata
from typing import Any
from urllib.parse import parse_qsl, quote

import pytest
from django import forms
from hypothesis import given
from hypothesis import strategies as st

from sekisho.edge import FORM, EdgeLimits, FieldRule, PageRule, PageRuleWrong, page_from_form
from sekisho.edge.check_page import read_pairs, utf16_units
from sekisho.edge.page_rules import KINDS
from tests.rooms.edge.attacks import ATTACKS


class ApplyForm(forms.Form):
    name = forms.CharField(max_length=60)
    birth_date = forms.DateField()
    email = forms.EmailField(required=False)
    agree = forms.BooleanField()
    plan = forms.ChoiceField(choices=[("a", "A"), ("Group", [("b1", "B1")])])
    months = forms.MultipleChoiceField(choices=[("1", "1"), ("2", "2")])
    ticket = forms.UUIDField(widget=forms.HiddenInput)
    password = forms.CharField(max_length=128, widget=forms.PasswordInput)


def test_page_from_form_takes_the_forms_fields_and_no_other() -> None:
    page = page_from_form("/apply", ApplyForm, kinds={"name": "japanese"})
    found = {rule.name: rule for rule in page.fields or ()}
    assert set(found) == {"csrfmiddlewaretoken", *ApplyForm.base_fields}
    kinds = {name: rule.kind for name, rule in found.items()}
    assert kinds["name"] == "japanese"
    assert kinds["birth_date"] == "date"
    assert kinds["email"] == "email"
    assert kinds["agree"] == "flag"
    assert kinds["password"] == "opaque"
    assert found["plan"].choices == ("a", "b1")
    assert found["plan"].strict
    assert found["ticket"].strict
    assert found["months"].many
    assert found["name"].max_length == 60
    assert not found["email"].required


def test_page_from_form_refuses_a_kind_for_no_field() -> None:
    with pytest.raises(PageRuleWrong, match="no field nmae"):
        page_from_form("/apply", ApplyForm, kinds={"nmae": "japanese"})


def test_page_from_form_uses_the_prefix() -> None:
    class Prefixed(ApplyForm):
        prefix = "payer"

    names = [rule.name for rule in page_from_form("/apply", Prefixed).fields or ()]
    assert "payer-name" in names


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: FieldRule("a", "digit"), "no kind 'digit'"),
        (lambda: FieldRule("a", max_length=0), "max_length"),
        (lambda: FieldRule("a", pattern=".*"), "lets '<script>' through"),
        (lambda: PageRule("("), "not a regular expression"),
        (lambda: PageRule("/a", fields=(FieldRule("a"), FieldRule("a"))), "named twice"),
        (lambda: PageRule("/a", body="stream", content_types=("text/csv",)), "needs max_body"),
        (lambda: PageRule("/a", body="stream", max_body_bytes=9), "never streamed"),
        (lambda: PageRule("/a", max_body_bytes=9_000_000), "must be streamed"),
    ],
)
def test_a_rule_that_contradicts_itself_is_refused(make: Any, said: str) -> None:
    with pytest.raises(PageRuleWrong, match=said):
        make()


@given(st.text(alphabet="ab=&+%;あ é\x00\U00020bb7?#/", max_size=40), st.booleans())
def test_a_form_is_read_as_the_application_reads_it(text: str, escaped: bool) -> None:
    raw = (quote(text, safe="=&+") if escaped else text.replace("%", "%25")).encode()
    expected = parse_qsl(raw.decode(), keep_blank_values=True, errors="strict")
    assert read_pairs(raw, EdgeLimits()) == expected


def _payloads() -> list[str]:
    found = []
    for status, request in ATTACKS.values():
        if status == 403:
            sent = request.get("query", "")
            if request.get("headers", {}).get("Content-Type") == FORM:
                sent += "&" + request["body"].decode("latin-1")
            found.extend(value for _, value in parse_qsl(sent) if len(value) > 6)
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_no_closed_kind_closes_an_attack(kind: str) -> None:
    rule = FieldRule("a", kind)
    payloads = _payloads()
    assert len(payloads) > 20
    assert [p for p in payloads if rule.closes(unicodedata.normalize("NFKC", p))] == []


@given(st.sampled_from(sorted(KINDS)), st.text(alphabet="<>'\"`;|&$\\{}%#!?^~[]*@", min_size=1))
def test_no_closed_kind_holds_two_signs_that_mean_something(kind: str, signs: str) -> None:
    assert len(signs) == 1 or not FieldRule("a", kind).closes("1" + signs)


@pytest.mark.parametrize(
    ("value", "units"), [("abc", 3), ("あ", 1), ("𠮷", 2), ("a\r\nb", 3), ("", 0)]
)
def test_length_is_counted_as_a_browser_does(value: str, units: int) -> None:
    assert utf16_units(value) == units
