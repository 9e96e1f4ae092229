"""Applications on paper at the desk: what is typed is sealed at once, two persons are needed, and
no card number comes near."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import msgspec
import pytest
from django.test import Client

from sekisho.client_desk.pages import desk as desk_module
from sekisho.client_desk.pages.page_rules import page_rules
from sekisho.crossings import payments as p
from sekisho.crossings.message import Refusal
from sekisho.crossings.sealing import items_purpose, open_sealed
from tests.rooms.bill_files.files import VAULT_KEY
from tests.rooms.client_desk.conftest import room
from tests.rooms.client_desk.fake_enrolments import PAPER, PAPER_ID, VAULT, FakeEnrolments
from tests.rooms.client_desk.staff import answered_by, desk, signed_in

pytestmark = pytest.mark.usefixtures("clean")

BODY = "mihon_kiko"
TYPED = {
    "key": "k" * 43,
    "policy_number": "２００１-０００１",
    "applied_on": "令和8年11月16日",
    "name": "髙橋　花子",
    "kana": "たかはし ﾊﾅｺ",
    "date_of_birth": "S55.3.1",
    "postal_code": "〒163-0000",
    "address": "見本県見本市一丁目２番３号",
    "phone": "03-1234-5678",
    "email": "",
}


@pytest.fixture
def payments(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeEnrolments]:
    monkeypatch.setattr(desk_module, "_desk", replace(desk, vault_origin=VAULT))
    fake = FakeEnrolments()
    with answered_by(fake):
        yield fake


def clerk(name: str = "hanako", **more: Any) -> Client:
    return signed_in(name, BODY, **more)


def opened(box: bytes) -> dict[str, str]:
    found: dict[str, str] = open_sealed(
        VAULT_KEY, box, purpose=items_purpose(BODY), as_type=dict[str, str]
    )
    return found


def test_what_is_typed_is_read_sealed_and_gone(payments: FakeEnrolments) -> None:
    answer = clerk().post("/papers/new", TYPED)
    assert answer.status_code == 200, answer.content.decode()
    said = payments.last(p.StartPaper)
    assert (said.client_body, said.policy_number, said.by) == (BODY, "20010001", "hanako")
    assert said.applied_on == date(2026, 11, 16) and said.key == TYPED["key"]
    assert said.return_url == "http://localhost:7004/papers/{application_id}"
    assert opened(said.box) == {
        "name": "髙橋 花子",
        "kana": "タカハシ ハナコ",
        "date_of_birth": "1980-03-01",
        "postal_code": "1630000",
        "address": "見本県見本市一丁目２番３号",
        "phone": "0312345678",
    }
    page = answer.content.decode()
    assert f'src="{VAULT}/card/token' in page
    assert answer["Content-Security-Policy"].endswith(f"frame-src {VAULT}")
    assert "花子" not in page
    for table in tables():
        assert "髙橋" not in str(room.cluster.execute_sql(f"SELECT t::text FROM {table} t"))


def tables() -> list[str]:
    rows = room.cluster.execute_sql(
        "SELECT schemaname || '.' || tablename FROM pg_tables"
        " WHERE schemaname IN ('client_desk', 'evidence')"
    )
    return [name for (name,) in rows]


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"name": ""}, "入力してください"),
        ({"name": "12345"}, "文字だけ"),
        ({"kana": "takahashi"}, "かなで入力"),
        ({"date_of_birth": "昭和55年2月30日"}, "暦"),
        ({"applied_on": "平成40年1月1日"}, "平成"),
        ({"applied_on": "きのう"}, "日付"),
        ({"postal_code": "123"}, "7桁"),
        ({"phone": "12345"}, "0から始まる"),
        ({"policy_number": "12"}, "6桁から12桁"),
        ({"address": "見本県\u202e見本市"}, "目に見えない文字"),
    ],
)
def test_each_wrong_field_is_named_and_nothing_is_asked(
    payments: FakeEnrolments, typed: dict[str, str], words: str
) -> None:
    answer = clerk().post("/papers/new", {**TYPED, **typed})
    page = answer.content.decode()
    (field,) = typed
    assert answer.status_code == 422 and words in page
    assert f'href="#{field}"' in page and f'id="{field}_error"' in page
    assert payments.said == []


@pytest.mark.parametrize(
    ("refusal", "field"),
    [
        (Refusal("policy_unknown", "", "policy_number"), "policy_number"),
        (Refusal("birth_differs", "", "date_of_birth"), "date_of_birth"),
        (Refusal("date_wrong", "", "applied_on"), "applied_on"),
        (Refusal("item_invalid", "", "kana"), "kana"),
    ],
)
def test_what_others_refuse_stands_beside_its_field(
    payments: FakeEnrolments, refusal: Refusal, field: str
) -> None:
    payments.refuse[p.StartPaper] = refusal
    answer = clerk().post("/papers/new", TYPED)
    assert answer.status_code == 422 and f'id="{field}_error"' in answer.content.decode()


def test_the_first_person_is_offered_no_second_entry(payments: FakeEnrolments) -> None:
    payments.paper = msgspec.structs.replace(
        PAPER, status="check_awaited", card_brand="visa", card_last_four="1111"
    )
    mine = clerk().get(f"/papers/{PAPER_ID}").content.decode()
    assert f"/papers/{PAPER_ID}/again" not in mine and "別の職員の入力" in mine
    other = clerk("taro").get(f"/papers/{PAPER_ID}").content.decode()
    assert f"/papers/{PAPER_ID}/again" in other and "**** 1111" in other


def test_who_entered_the_items_again_goes_on_with_the_card(payments: FakeEnrolments) -> None:
    payments.paper = msgspec.structs.replace(
        PAPER, status="differs", differs=["card_number"], second_by="client_desk:taro"
    )
    page = clerk("taro").get(f"/papers/{PAPER_ID}").content.decode()
    assert f'action="/papers/{PAPER_ID}/card"' in page and "/again" not in page
    page = clerk("jiro").get(f"/papers/{PAPER_ID}").content.decode()
    assert f'action="/papers/{PAPER_ID}/card"' not in page and "/again" in page


def test_the_second_entry_begins_empty_and_names_what_differs(payments: FakeEnrolments) -> None:
    payments.paper = msgspec.structs.replace(PAPER, status="check_awaited")
    taro = clerk("taro")
    page = taro.get(f"/papers/{PAPER_ID}/again").content.decode()
    assert re.search(r'id="name" name="name" value=""', page) and "policy_number" not in page
    payments.paper = msgspec.structs.replace(PAPER, status="differs", differs=["kana", "phone"])
    answer = taro.post(f"/papers/{PAPER_ID}/again", TYPED)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert 'id="kana_error"' in page and 'id="phone_error"' in page
    assert 'id="name_error"' not in page
    assert payments.last(p.EnterPaperAgain).by == "taro"
    payments.paper = msgspec.structs.replace(PAPER, status="check_awaited", differs=[])
    answer = taro.post(f"/papers/{PAPER_ID}/again", TYPED)
    assert answer.status_code == 200 and "2人目" in answer.content.decode()
    assert VAULT in answer["Content-Security-Policy"]


def test_a_look_wants_a_fresh_second_factor(payments: FakeEnrolments) -> None:
    payments.paper = msgspec.structs.replace(PAPER, status="check_awaited", check="second_person")
    taro = clerk("taro")
    assert "確認した" in taro.get(f"/papers/{PAPER_ID}").content.decode()
    answer = taro.post(f"/papers/{PAPER_ID}/check", {"code": "000000"})
    assert answer.status_code == 403
    assert not [m for m in payments.said if isinstance(m, p.CheckPaper)]


def test_a_viewer_enters_nothing(payments: FakeEnrolments) -> None:
    viewer = clerk(roles=("viewer",))
    assert viewer.get("/papers").status_code == 200
    for method, path in (
        ("get", "/papers/new"),
        ("post", "/papers/new"),
        ("post", f"/papers/{PAPER_ID}/card"),
        ("post", f"/papers/{PAPER_ID}/check"),
        ("post", f"/papers/{PAPER_ID}/withdraw"),
    ):
        assert getattr(viewer, method)(path, TYPED).status_code == 403, path


def test_another_bodys_application_is_none(payments: FakeEnrolments) -> None:
    assert signed_in().get(f"/papers/{PAPER_ID}").status_code == 404


def test_a_paper_is_withdrawn_with_a_reason(payments: FakeEnrolments) -> None:
    visitor = clerk()
    assert visitor.post(f"/papers/{PAPER_ID}/withdraw", {}).status_code == 400
    answer = visitor.post(f"/papers/{PAPER_ID}/withdraw", {"reason": "別の様式"})
    assert answer.status_code == 302
    assert payments.last(p.WithdrawPaper).reason == "別の様式"


def test_the_edge_knows_every_page(payments: FakeEnrolments) -> None:
    rules = [rule for rule in page_rules(desk) if "paper" in str(rule.path)]
    assert len(rules) >= 7
