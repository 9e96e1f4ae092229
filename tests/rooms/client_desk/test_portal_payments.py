"""The portal: payments found, looked at, captured; refunds by one and by two; disputes."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.test import Client

from sekisho.client_desk.records.models import Person, Upload
from sekisho.client_desk.records.portal_models import RefundRequest
from sekisho.client_desk.records.scope import enter_body
from sekisho.client_desk.refunds.say_again import say_waiting
from sekisho.crossings import payments as said
from sekisho.sign_in.second_factor import code_at
from sekisho.vocabulary.clock import now
from tests.rooms.client_desk.a_payment import (
    CASE,
    HELD,
    PAYMENT,
    TEST_PAYMENT,
    Payments,
    a_line,
    payments,
)
from tests.rooms.client_desk.staff import evidence_kinds, factor_of, later, signed_in

__all__ = ["payments"]
pytestmark = pytest.mark.usefixtures("clean")


def next_code(name: str, client_body: str = "mihon_to") -> str:
    """The code that the app shows half a minute from now: the last one was used to sign in."""
    return code_at(factor_of(name, client_body), later(1))


def forget_used_codes(client_body: str = "mihon_to") -> None:
    """As if half a minute had gone by since the last code."""
    enter_body(client_body)
    Person.objects.update(factor_step=0)
    enter_body("")


def refund_form(visitor: Client, payment_id: str = PAYMENT, **typed: Any) -> dict[str, Any]:
    """What the page's form would send."""
    page = visitor.get(f"/payments/{payment_id}/refund").content.decode()
    hidden = dict(re.findall(r'type="hidden" name="(key|left_yen)" value="([^"]*)"', page))
    return {"amount_yen": 1_000, "fee_yen": 0, "reason": "二重納付のため", **hidden, **typed}


def ask(visitor: Client, payment_id: str = PAYMENT, **typed: Any) -> Any:
    return visitor.post(f"/payments/{payment_id}/refund", refund_form(visitor, payment_id, **typed))


def requests_of(client_body: str = "mihon_to") -> list[RefundRequest]:
    enter_body(client_body)
    found = list(RefundRequest.objects.order_by("asked_at"))
    enter_body("")
    return found


def decide(visitor: Client, request_id: str, code: str, decision: str = "approve") -> Any:
    return visitor.post(f"/refunds/{request_id}/decide", {"decision": decision, "code": code})


# --- payments -------------------------------------------------------------------------------


def test_a_search_is_its_address_and_goes_on_by_cursor(payments: Payments) -> None:
    visitor = signed_in(roles=("viewer",))
    page = visitor.get("/payments?since=2026-11-01&amount_from=100&brand=visa&lang=en")
    text = page.content.decode()
    assert "7K3M-9QXD-2F4H-T" in text
    assert 'value="2026-11-01"' in text
    asked = payments.heard[-1]
    assert (asked.client_body, asked.amount_from_yen, asked.brand) == ("mihon_to", 100, "visa")
    assert asked.started_from.isoformat() == "2026-11-01T00:00:00+09:00"
    after = re.search(r'href="/payments\?([^"]*cursor[^"]*)"', text)
    assert after
    visitor.get("/payments?" + after[1].replace("&amp;", "&"))
    assert payments.heard[-1].cursor == "bmV4dA"
    assert payments.heard[-1].brand == "visa"


def test_wrong_filters_are_named_beside_their_fields(payments: Payments) -> None:
    visitor = signed_in()
    for name, value in (("since", "yesterday"), ("amount_from", "x"), ("last_four", "12")):
        page = visitor.get(f"/payments?{name}={value}&lang=en")
        assert page.status_code == 400
        assert f'href="#{name}"' in page.content.decode()
    assert not payments.heard


def test_a_download_is_the_whole_search_and_runs_nothing_in_a_spreadsheet(
    payments: Payments,
) -> None:
    payments.lines[PAYMENT] = a_line(item_ja="=HYPERLINK(1)")
    answer = signed_in().get("/payments.csv")
    text = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    lines = text.splitlines()
    assert lines[0].startswith("payment_id,reference,")
    assert len(lines) == 3
    assert ",'=HYPERLINK(1)," in lines[1]
    assert "client_desk.payments_downloaded" in evidence_kinds()


def test_one_payment_is_shown_and_looking_is_on_evidence(payments: Payments) -> None:
    text = signed_in().get(f"/payments/{PAYMENT}?lang=en").content.decode()
    for seen in ("120,990", "Visa 1111", "card company", "ECI 05"):
        assert seen in text
    assert evidence_kinds()[-1] == "client_desk.payment_looked_at"


def test_a_switch_of_language_keeps_the_search_and_leads_to_a_page(payments: Payments) -> None:
    visitor = signed_in("kanri", roles=("administrator",))
    text = visitor.get("/payments?brand=visa&lang=ja").content.decode()
    assert 'href="/payments?brand=visa&amp;lang=en"' in text
    refused = visitor.post(f"/payments/{HELD}/void", {"reason": ""}).content.decode()
    assert f'href="/payments/{HELD}?lang=en"' in refused


def test_another_bodys_payment_is_not_there(payments: Payments) -> None:
    visitor = signed_in(client_body="mihon_kiko")
    assert visitor.get(f"/payments/{PAYMENT}").status_code == 404
    assert ask(visitor).status_code == 404
    assert not [one for one in payments.heard if isinstance(one, said.RefundPayment)]


def test_pages_say_that_payments_is_away(payments: Payments) -> None:
    visitor = signed_in(roles=("administrator",))
    payments.away = True
    for page in ("/payments", f"/payments/{PAYMENT}", "/disputes", f"/disputes/{CASE}"):
        answer = visitor.get(page + "?lang=en")
        assert answer.status_code == 503
        assert "could not be reached" in answer.content.decode()
    assert visitor.get("/?lang=en").status_code == 200


def test_a_held_payment_is_captured_or_given_back(payments: Payments) -> None:
    visitor = signed_in()
    assert "/capture" in visitor.get(f"/payments/{HELD}").content.decode()
    assert visitor.post(f"/payments/{HELD}/capture").status_code == 302
    assert (payments.heard[-1].by, payments.heard[-1].client_body) == ("hanako", "mihon_to")
    assert visitor.post(f"/payments/{HELD}/void", {"reason": ""}).status_code == 400
    assert visitor.post(f"/payments/{HELD}/void", {"reason": "納付先の誤り"}).status_code == 302
    payments.refuses = "not_voidable"
    answer = visitor.post(f"/payments/{HELD}/void?lang=en", {"reason": "wrong"})
    assert "be given back now" in answer.content.decode()
    viewer = signed_in("sora", roles=("viewer",))
    assert viewer.post(f"/payments/{HELD}/capture").status_code == 403


def test_test_data_is_seen_only_in_the_test_view(payments: Payments) -> None:
    visitor = signed_in()
    assert visitor.get(f"/payments/{TEST_PAYMENT}").status_code == 404
    visitor.post("/view", {"view": "test"})
    page = visitor.get(f"/payments/{TEST_PAYMENT}?lang=en")
    assert page.status_code == 200
    assert "No real money moves" in page.content.decode()
    assert visitor.get(f"/payments/{PAYMENT}").status_code == 404
    assert ask(visitor, TEST_PAYMENT).status_code == 302
    assert payments.heard[-1].client_body == "mihon_to_test"
    assert not requests_of("mihon_to")
    assert requests_of("mihon_to_test")[0].state == "done"
    visitor.post("/view", {"view": "mihon_kiko"})
    visitor.get("/payments")
    assert payments.heard[-1].client_body == "mihon_to_test"


# --- refunds --------------------------------------------------------------------------------


def test_a_small_refund_goes_at_once(payments: Payments) -> None:
    visitor = signed_in()
    answer = ask(visitor, amount_yen=30_000)
    assert answer.headers["Location"] == f"/payments/{PAYMENT}?done=refunded"
    (message,) = payments.refunds.values()
    assert (message.amount_yen, message.left_yen, message.by) == (30_000, 120_990, "hanako")
    assert [one.state for one in requests_of()] == ["done"]
    assert evidence_kinds()[-2:] == ["client_desk.refund_wanted", "client_desk.refund_ordered"]


def test_a_form_sent_twice_refunds_once(payments: Payments) -> None:
    visitor = signed_in()
    form = refund_form(visitor)
    for _ in range(2):
        assert visitor.post(f"/payments/{PAYMENT}/refund", form).status_code == 302
    assert len(payments.refunds) == len(requests_of()) == 1
    other = visitor.post(f"/payments/{PAYMENT}/refund", form | {"amount_yen": 2_000})
    assert other.status_code == 400
    assert len(payments.refunds) == 1


def test_many_small_refunds_are_not_a_way_round_the_second_person(payments: Payments) -> None:
    visitor = signed_in()
    ask(visitor, amount_yen=30_000)
    answer = ask(visitor, amount_yen=1)
    assert answer.headers["Location"].endswith("done=asked")
    # A day's sum: eleven payments of 30,000 yen each.
    for number in range(4, 14):
        one = "pay_" + f"{number:026d}"
        payments.lines[one] = a_line(payment_id=one)
        ask(visitor, one, amount_yen=30_000)
    states = [one.state for one in requests_of()]
    assert states.count("asked") == 2
    assert states[-1] == "asked"


def test_a_large_refund_waits_for_a_second_person_with_a_fresh_code(payments: Payments) -> None:
    asker = signed_in()
    assert ask(asker, amount_yen=50_000).headers["Location"].endswith("done=asked")
    assert not payments.refunds
    (wish,) = requests_of()
    approver = signed_in("taro", roles=("approver",))
    assert "/refunds" in approver.get("/").content.decode()
    used = code_at(factor_of("taro", "mihon_to"), now())
    assert decide(approver, wish.request_id, used).status_code == 403
    assert decide(approver, wish.request_id, "").status_code == 403
    assert not payments.refunds
    fresh = next_code("taro")
    assert decide(approver, wish.request_id, fresh).status_code == 302
    (message,) = payments.refunds.values()
    assert (message.amount_yen, message.by) == (50_000, "hanako + taro")
    assert requests_of()[0].decided_by_name == "taro"
    # The same code once more approves nothing else.
    ask(asker, amount_yen=40_000)
    second = requests_of()[1]
    assert decide(approver, second.request_id, fresh).status_code == 403
    assert requests_of()[1].state == "asked"


def test_nobody_approves_their_own_wish(payments: Payments) -> None:
    visitor = signed_in("kanri", roles=("administrator",))
    ask(visitor, amount_yen=50_000)
    (wish,) = requests_of()
    answer = decide(visitor, wish.request_id, next_code("kanri"))
    assert answer.status_code == 409
    assert requests_of()[0].state == "asked"
    enter_body("mihon_to")
    with pytest.raises(DatabaseError), transaction.atomic():
        RefundRequest.objects.update(state="approved", decided_by=wish.asked_by)
    with pytest.raises(DatabaseError), transaction.atomic():
        RefundRequest.objects.update(amount_yen=1)
    enter_body("")


def test_a_second_self_that_an_administrator_made_approves_nothing_of_theirs(
    payments: Payments,
) -> None:
    asker = signed_in("kanri", roles=("administrator",))
    ask(asker, amount_yen=50_000)
    (wish,) = requests_of()
    second = signed_in("kanri2", roles=("approver",))
    enter_body("mihon_to")
    Person.objects.filter(name="kanri2").update(roles_given_by=wish.asked_by)
    enter_body("")
    assert decide(second, wish.request_id, next_code("kanri2")).status_code == 409
    assert not payments.refunds


def test_a_clerk_and_a_viewer_decide_nothing(payments: Payments) -> None:
    ask(signed_in(), amount_yen=50_000)
    (wish,) = requests_of()
    for name, role in (("jiro", "clerk"), ("sora", "viewer")):
        visitor = signed_in(name, roles=(role,))
        assert decide(visitor, wish.request_id, next_code(name)).status_code == 403
    viewer = signed_in("mira", roles=("viewer",))
    assert viewer.get(f"/payments/{PAYMENT}/refund").status_code == 403
    assert not payments.refunds


def test_another_body_sees_and_decides_nothing(payments: Payments) -> None:
    ask(signed_in(), amount_yen=50_000)
    (wish,) = requests_of()
    other = signed_in("taro", "mihon_kiko", roles=("approver",))
    assert other.get(f"/refunds/{wish.request_id}").status_code == 404
    code = next_code("taro", "mihon_kiko")
    assert decide(other, wish.request_id, code).status_code == 404
    assert requests_of()[0].state == "asked"


def test_a_second_person_says_no_and_an_asker_takes_it_back(payments: Payments) -> None:
    asker = signed_in()
    ask(asker, amount_yen=50_000)
    ask(asker, amount_yen=60_000)
    first, second = requests_of()
    approver = signed_in("taro", roles=("approver",))
    assert decide(approver, first.request_id, next_code("taro"), "refuse").status_code == 302
    assert approver.post(f"/refunds/{second.request_id}/take-back").status_code == 403
    assert asker.post(f"/refunds/{second.request_id}/take-back").status_code == 302
    assert [one.state for one in requests_of()] == ["refused", "refused"]
    forget_used_codes()
    code = code_at(factor_of("taro", "mihon_to"), now())
    assert decide(approver, first.request_id, code).status_code == 409
    assert not payments.refunds


def test_a_refusal_of_payments_is_told_in_words(payments: Payments) -> None:
    visitor = signed_in()
    payments.refuses = "in_dispute"
    page = ask(visitor).headers["Location"]
    assert "disputes this payment" in visitor.get(page + "?lang=en").content.decode()
    assert requests_of()[0].state == "refused"


def test_what_is_left_changed_meanwhile(payments: Payments) -> None:
    visitor = signed_in()
    form = refund_form(visitor)
    ask(visitor)
    answer = visitor.post(f"/payments/{PAYMENT}/refund?lang=en", form)
    assert answer.status_code == 409
    assert "less is left now" in answer.content.decode()


def test_an_approved_refund_is_said_again_until_payments_hears_it(
    payments: Payments, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor = signed_in()
    form = refund_form(visitor)
    cross = payments.cross

    def deaf(message: Any, *, seconds: float = 10.0) -> Any:
        payments.away = isinstance(message, said.RefundPayment)
        return cross(message)

    payments.cross = deaf  # type: ignore[method-assign]
    visitor.post(f"/payments/{PAYMENT}/refund", form)
    payments.cross, payments.away = cross, False  # type: ignore[method-assign]
    assert requests_of()[0].state == "approved"
    assert say_waiting() == 0
    monkeypatch.setattr("sekisho.client_desk.refunds.say_again.LEFT_ALONE_SECONDS", -1)
    assert say_waiting() == 1
    assert say_waiting() == 0
    assert requests_of()[0].state == "done"
    assert len(payments.refunds) == 1


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"amount_yen": 0, "fee_yen": 0}, "amount_yen"),
        ({"amount_yen": "x"}, "amount_yen"),
        ({"amount_yen": -5}, "amount_yen"),
        ({"amount_yen": 120_991}, "amount_yen"),
        ({"reason": " a "}, "reason"),
    ],
)
def test_a_wrong_refund_is_refused_beside_its_field(
    payments: Payments, typed: dict[str, Any], field: str
) -> None:
    answer = ask(signed_in(), **typed)
    assert answer.status_code == 400
    assert f'href="#{field}"' in answer.content.decode()
    assert not requests_of()
    assert not payments.refunds


# --- disputes -------------------------------------------------------------------------------


def test_a_dispute_is_answered_with_a_fresh_code_by_somebody_who_decides(
    payments: Payments,
) -> None:
    clerk = signed_in()
    assert "CB0001" in clerk.get("/disputes").content.decode()
    typed = {"answer": "contest", "grounds": "本人認証済み"}
    page = f"/disputes/{CASE}/answer"
    assert clerk.post(page, typed | {"code": next_code("hanako")}).status_code == 403
    approver = signed_in("taro", roles=("approver",))
    assert approver.post(page, typed | {"code": "000000"}).status_code == 403
    assert [one.status for one in payments.disputes] == ["open"]
    assert approver.post(page, typed | {"code": next_code("taro")}).status_code == 302
    assert [one.status for one in payments.disputes] == ["contested"]
    assert evidence_kinds()[-1] == "client_desk.dispute_answered"


def test_another_bodys_dispute_is_not_there(payments: Payments) -> None:
    visitor = signed_in("taro", "mihon_kiko", roles=("approver",))
    assert visitor.get(f"/disputes/{CASE}").status_code == 404


def test_a_file_handed_in_while_looking_at_test_data_is_the_twins(payments: Payments) -> None:
    visitor = signed_in()
    visitor.post("/view", {"view": "test"})
    facts = {"kind": "bills", "encoding": "", "file_name": "try.csv", "size": 10}
    page = visitor.post("/files/begin", facts).json()["address"]
    assert visitor.get(page).status_code == 200
    assert "try.csv" in visitor.get("/").content.decode()
    visitor.post("/view", {"view": "live"})
    assert visitor.get(page).status_code == 404
    enter_body("mihon_to_test")
    assert Upload.objects.get().client_body == "mihon_to_test"
