"""Enrolments at the desk: list, history, end, return, another card."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client

from sekisho.client_desk.pages import desk as desk_module
from sekisho.crossings import payments as p
from sekisho.crossings.message import Refusal
from tests.rooms.client_desk.fake_enrolments import ENROLMENT_ID, VAULT, FakeEnrolments
from tests.rooms.client_desk.staff import answered_by, desk, signed_in

pytestmark = pytest.mark.usefixtures("clean")
PAGE = f"/enrolments/{ENROLMENT_ID}"


@pytest.fixture
def payments(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeEnrolments]:
    monkeypatch.setattr(desk_module, "_desk", replace(desk, vault_origin=VAULT))
    fake = FakeEnrolments()
    with answered_by(fake):
        yield fake


def clerk(**more: Any) -> Client:
    return signed_in("hanako", "mihon_kiko", **more)


def test_the_list_is_filtered_and_goes_on(payments: FakeEnrolments) -> None:
    answer = clerk().get("/enrolments?status=active&policy_number=20010001&expiring=on")
    page = answer.content.decode()
    asked = payments.last(p.ListEnrolments)
    assert (asked.client_body, asked.status, asked.policy_number, asked.expiring_only) == (
        "mihon_kiko",
        "active",
        "20010001",
        True,
    )
    assert "VISA **** 1111" in page and "2027-01" in page
    assert "status=active" in page.split("次のページ")[0].rsplit("href=", 1)[1]


def test_one_is_shown_with_its_history(payments: FakeEnrolments) -> None:
    page = clerk().get(PAGE).content.decode()
    assert "申込み" in page and "hanako" in page and "58,400" in page
    assert signed_in("taro", "mihon_to").get(PAGE).status_code == 404


def test_it_is_ended_and_taken_up_again(payments: FakeEnrolments) -> None:
    visitor = clerk()
    assert visitor.post(PAGE + "/end", {"ended_by": "holder"}).status_code == 400
    answer = visitor.post(PAGE + "/end", {"ended_by": "holder", "reason": "本人の申し出"})
    assert answer.headers["Location"] == PAGE + "?done=ended"
    said = payments.last(p.EndEnrolment)
    assert (said.ended_by, said.by, said.client_body) == ("holder", "hanako", "mihon_kiko")
    page = visitor.get(answer.headers["Location"]).content.decode()
    assert "終了しました" in page and "契約者の申し出" in page and "再開する" in page
    answer = visitor.post(PAGE + "/reinstate", {"reason": "誤り"})
    assert answer.headers["Location"] == PAGE + "?done=reinstated"


def test_a_refusal_is_told_in_words(payments: FakeEnrolments) -> None:
    payments.refuse[p.AskCardChange] = Refusal("asked_lately", "2026-11-20")
    answer = clerk().post(PAGE + "/ask-card", {"key": "k" * 43})
    assert answer.status_code == 409 and "10分" in answer.content.decode()


def test_a_card_from_paper_opens_the_vaults_form(payments: FakeEnrolments) -> None:
    answer = clerk().post(PAGE + "/paper-card", {"key": "k" * 43})
    assert f'src="{VAULT}/card/token' in answer.content.decode()
    assert payments.last(p.StartPaperCardChange).enrolment_id == ENROLMENT_ID


def test_a_viewer_only_looks(payments: FakeEnrolments) -> None:
    viewer = clerk(roles=("viewer",))
    page = viewer.get(PAGE).content.decode()
    assert "/end" not in page and "/ask-card" not in page
    for act in ("end", "reinstate", "ask-card", "paper-card"):
        assert viewer.post(f"{PAGE}/{act}", {"reason": "x", "key": "k" * 43}).status_code == 403
