"""Charge runs, as a client body's clerk and approver see them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import msgspec
import pytest

from sekisho import transport
from sekisho.crossings import payments as said
from sekisho.crossings.message import Refusal
from sekisho.sign_in.second_factor import code_at
from tests.rooms.client_desk.staff import evidence_kinds, factor_of, later, signed_in

pytestmark = pytest.mark.usefixtures("clean")

RUN = "crun_" + "0" * 26
PAGE = f"/charge-runs/{RUN}"


def a_run(**changes: Any) -> said.ChargeRunShown:
    facts: dict[str, Any] = {
        "run_id": RUN,
        "client_body": "mihon_kiko",
        "month": "2026-12",
        "charge_on": date(2026, 12, 5),
        "notice_on": date(2026, 11, 25),
        "state": "draft",
        "why": "",
        "items": 1_200,
        "total_yen": 57_600_000,
        "done": 0,
        "charged": 0,
        "charged_yen": 0,
        "on_work_list": 0,
        "notices_mailed": 0,
        "notices_printed": 0,
        "notices_due": 1_200,
        "totals": [
            said.ChargeTotal(state="waiting", reason="", items=1_200, total_yen=57_600_000),
            said.ChargeTotal(state="left_out", reason="card_expires", items=3, total_yen=144_000),
        ],
        "planned_by": "client_desk:hanako",
        "planned_at": datetime(2026, 11, 20, tzinfo=UTC),
        "approved_by": "",
        "approved_at": None,
        "begun_at": None,
        "finished_at": None,
        "waits_until": None,
    }
    return said.ChargeRunShown(**{**facts, **changes})


def an_item(**changes: Any) -> said.ChargeItemShown:
    facts: dict[str, Any] = {
        "item": 7,
        "policy_number": "20000007",
        "enrolment_id": "enrol_" + "0" * 26,
        "amount_yen": 48_000,
        "state": "work_list",
        "reason": "declined",
        "note": "",
        "notice": "mailed",
        "tries": 1,
        "response_code": "54",
        "next_try_at": None,
        "payment_id": "pay_" + "0" * 26,
        "reference": "ABCD-EFGH-JKLM",
        "changed_at": datetime(2026, 12, 5, tzinfo=UTC),
    }
    return said.ChargeItemShown(**{**facts, **changes})


class Runs:
    """Payments with one run."""

    def __init__(self) -> None:
        self.run = a_run()
        self.item = an_item()
        self.refuses = ""
        self.heard: list[Any] = []

    def cross(self, message: Any, *, seconds: float) -> Any:
        self.heard.append(message)
        if getattr(message, "client_body", "") != "mihon_kiko":
            raise Refusal("run_unknown")
        match message:
            case said.ListChargeRuns():
                return said.ChargeRunsShown(runs=[self.run], next="")
            case said.ListChargeItems():
                return said.ChargeItemsShown(items=[self.item], next=7)
            case said.ShowChargeRun():
                return self.run
            case said.ListDisputes():
                return said.DisputesShown(disputes=[])
        if self.refuses:
            raise Refusal(self.refuses)
        match message:
            case said.ApproveChargeRun():
                self.run = msgspec.structs.replace(self.run, state="approved")
            case said.StopChargeRun():
                self.run = msgspec.structs.replace(self.run, state="stopped", why="hanako: wait")
            case said.RetryChargeItem() | said.CloseChargeItem():
                return self.item
        return self.run

    def of(self, kind: type[Any]) -> list[Any]:
        return [message for message in self.heard if isinstance(message, kind)]


@pytest.fixture
def runs() -> Iterator[Runs]:
    made = Runs()
    transport.use(made)
    yield made
    transport.use(None)


def clerk() -> Any:
    return signed_in("hanako", "mihon_kiko")


def approver() -> Any:
    return signed_in("taro", "mihon_kiko", ("approver",))


def fresh(name: str) -> str:
    return code_at(factor_of(name, "mihon_kiko"), later(1))


def test_home_tells_the_clerk_of_the_work_list_and_the_approver_of_the_draft(runs: Runs) -> None:
    runs.run = msgspec.structs.replace(runs.run, on_work_list=3)
    assert "対応を待つ請求" in clerk().get("/").content.decode()
    page = approver().get("/").content.decode()
    assert "承認を待つ年次請求" in page and "対応を待つ請求" not in page


def test_a_clerk_plans_and_sees_the_totals(runs: Runs) -> None:
    visitor = clerk()
    page = visitor.get("/charge-runs").content.decode()
    assert "57,600,000" in page and 'name="charge_on"' in page
    key = page.partition('name="key" value="')[2].partition('"')[0]
    answer = visitor.post("/charge-runs/plan", {"charge_on": "2026-12-05", "key": key})
    assert answer.headers["Location"] == PAGE
    (message,) = runs.of(said.PlanChargeRun)
    assert (message.client_body, message.month, message.by) == ("mihon_kiko", "2026-12", "hanako")
    shown = visitor.get(PAGE).content.decode()
    assert "1,200" in shown and "カードの期限切れ" in shown
    assert f'action="{PAGE}/approve"' not in shown, "who planned it does not approve it"
    assert visitor.post("/charge-runs/plan", {"charge_on": "soon", "key": key}).status_code == 400
    runs.refuses = "date_wrong"
    refused = visitor.post("/charge-runs/plan", {"charge_on": "2026-12-05", "key": key})
    assert refused.status_code == 409 and "前もって" in refused.content.decode()


def test_another_person_approves_with_a_fresh_code(runs: Runs) -> None:
    clerk_visit, visitor = clerk(), approver()
    assert "/charge-runs" in visitor.get("/").content.decode()
    seen = {"items": "1200", "total_yen": "57600000"}
    assert clerk_visit.post(PAGE + "/approve", {**seen, "code": "0"}).status_code == 403
    assert visitor.post(PAGE + "/approve", {**seen, "code": "000000"}).status_code == 403
    assert runs.of(said.ApproveChargeRun) == []
    answer = visitor.post(PAGE + "/approve", {**seen, "code": fresh("taro")})
    assert answer.headers["Location"] == PAGE
    (message,) = runs.of(said.ApproveChargeRun)
    assert (message.items, message.total_yen, message.by) == (1_200, 57_600_000, "taro")
    assert "client_desk.charge_run_approved" in evidence_kinds()


def test_a_refused_approval_is_told_in_words(runs: Runs) -> None:
    visitor = approver()
    runs.refuses = "too_late"
    seen = {"items": "1200", "total_yen": "57600000", "code": fresh("taro")}
    answer = visitor.post(PAGE + "/approve", seen)
    assert answer.status_code == 409 and "取りやめて" in answer.content.decode()


def test_a_run_is_stopped_and_resumed(runs: Runs) -> None:
    visitor = approver()
    runs.run = a_run(state="running", done=10, charged=9)
    page = visitor.get(PAGE)
    assert page.headers["Refresh"] and '<progress max="1200" value="10"' in page.content.decode()
    assert visitor.post(PAGE + "/stop", {"reason": ""}).status_code == 400
    assert visitor.post(PAGE + "/stop", {"reason": "wait"}).status_code == 302
    assert runs.of(said.StopChargeRun)[0].for_good is False
    assert "hanako: wait" in visitor.get(PAGE).content.decode()
    assert visitor.post(PAGE + "/resume").status_code == 302
    assert runs.of(said.ResumeChargeRun)[0].by == "taro"


def test_the_work_list_is_worked(runs: Runs) -> None:
    visitor = clerk()
    page = visitor.get(PAGE + "/items?state=work_list").content.decode()
    assert "20000007" in page and "54" in page and "after=7" in page
    assert runs.of(said.ListChargeItems)[-1].state == "work_list"
    told = {"what": "retry", "amount_yen": "48000", "reason": "new card"}
    assert visitor.post(PAGE + "/items/7/decide", told).status_code == 302
    (message,) = runs.of(said.RetryChargeItem)
    assert (message.item, message.amount_yen, message.by) == (7, 48_000, "hanako")
    assert visitor.post(PAGE + "/items/7/decide", {**told, "what": "close"}).status_code == 302
    assert len(runs.of(said.CloseChargeItem)) == 1
    runs.refuses = "item_not_on_work_list"
    assert visitor.post(PAGE + "/items/7/decide", told).status_code == 409


def test_viewers_and_other_bodies_do_nothing(runs: Runs) -> None:
    viewer = signed_in("yuki", "mihon_kiko", ("viewer",))
    assert 'name="charge_on"' not in viewer.get("/charge-runs").content.decode()
    for page, typed in (
        ("/charge-runs/plan", {"charge_on": "2026-12-05", "key": "k" * 43}),
        (PAGE + "/approve", {"items": "1", "total_yen": "1", "code": "1"}),
        (PAGE + "/stop", {"reason": "x"}),
        (PAGE + "/items/7/decide", {"what": "close", "amount_yen": "1", "reason": "x"}),
    ):
        assert viewer.post(page, typed).status_code == 403
    other = signed_in("kai", "mihon_to", ("approver",))
    assert other.get(PAGE).status_code == 404


def test_every_state_and_reason_has_a_word_in_both_languages(runs: Runs) -> None:
    from typing import get_args

    from sekisho.client_desk.pages.desk import the_desk

    for words in the_desk().sign_in.words.values():
        for state in get_args(said.ChargeRunState):
            assert f"charge_run_{state}" in words
        for state in get_args(said.ChargeItemState):
            assert f"charge_{state}" in words
        for reason in filter(None, get_args(said.ChargeItemReason)):
            assert f"charge_why_{reason}" in words
