"""A bill is found, agreed to, paid; whatever happens on the way is told."""

from __future__ import annotations

import pytest
from django.test import Client

from sekisho.crossings import payments as p
from sekisho.crossings.message import Refusal
from tests.rooms.payer_site.fake_payments import BILL_NUMBERS, FakePayments
from tests.rooms.payer_site.walk import at, find_bill, forms_of, send, text, to_card


def test_the_whole_way_ends_with_a_reference(tax: FakePayments, browser: Client) -> None:
    entry = browser.get("/")
    assert "55円" in text(entry) and "143円" in text(entry)
    card = to_card(browser)
    page = browser.get(card)
    assert page.status_code == 200
    assert f'src="{tax.forms[tax.only().payment_id]}"' in page.content.decode()
    tax.enter_card()
    assert browser.get(at(card, "card/done")).headers["Location"] == at(card, "confirm")
    confirm = browser.get(at(card, "confirm"))
    assert "45,607円を支払う" in text(confirm) and "末尾 1111" in text(confirm)
    paid = send(browser, confirm, "/confirm")
    assert paid.headers["Location"] == at(card, "progress")
    assert "カード会社に確認しています" in text(browser.get(at(card, "progress")))
    assert browser.get(at(card, "state")).json() == {"next": None}
    tax.succeed()
    assert browser.get(at(card, "state")).json() == {"next": at(card, "outcome")}
    outcome = browser.get(at(card, "outcome"))
    assert tax.only().reference in text(outcome) and "領収証書ではありません" in text(outcome)


def test_numbers_are_read_in_any_spacing_and_width(tax: FakePayments, browser: Client) -> None:
    response = send(
        browser,
        browser.get("/bill"),
        "/bill",
        payee_number="１３９９９",
        payment_number="0000 1234-5678 9012　3456",
        confirmation_number=" 123 456 ",
        category_number="108",
    )
    assert response.status_code == 303
    (asked,) = tax.messages(p.FindBill)
    assert (asked.payee_number, asked.payment_number) == BILL_NUMBERS[:2]
    assert (asked.confirmation_number, asked.category_number) == BILL_NUMBERS[2:]


def test_an_el_number_holds_all_four(tax: FakePayments, browser: Client) -> None:
    page = browser.get("/bill")
    el = next(form for form in forms_of(page) if form.id == "el")
    typed = "13999-00001234567890123456-123456-108"
    assert browser.post("/bill", {**el.fields, "el_number": typed}).status_code == 303
    short = browser.post("/bill", {**el.fields, "el_number": "13999"})
    assert short.status_code == 422 and "eL番号は34桁です" in text(short)


def test_each_wrong_field_is_named_beside_it_and_in_the_summary(
    tax: FakePayments, browser: Client
) -> None:
    typed = {"payee_number": "", "payment_number": "12", "confirmation_number": "12345x"}
    response = send(browser, browser.get("/bill"), "/bill", **typed, category_number="1")
    body = response.content.decode()
    assert response.status_code == 422 and not tax.said
    for name, words in {
        "payee_number": "収納機関番号を入力してください",
        "payment_number": "納付番号は14桁から20桁です",
        "confirmation_number": "確認番号は数字だけで入力してください",
    }.items():
        assert body.count(words) == 2
        assert f'href="#{name}"' in body and f'id="{name}-error"' in body
    assert 'value="12345x"' in body and "<title>エラー：" in body


@pytest.mark.parametrize(
    ("code", "detail", "status", "words"),
    [
        ("bill_paid", "7K3M-9QXD-2F4H-T", 409, "すでに支払われています"),
        ("bill_in_payment", "7K3M-9QXD-2F4H-T", 409, "支払い手続きの途中です"),
        ("bill_withdrawn", "", 410, "取り下げられました"),
        ("bill_not_yet", "2026-12-01T00:00:00+00:00", 409, "2026年12月1日（火）9時00分"),
        ("bill_expired", "", 410, "取扱期限を過ぎています"),
        ("bill_over_limit", "", 409, "金額を超えています"),
        ("site_closed", "2026-12-01T00:00:00+00:00", 503, "メンテナンス中"),
        ("too_many_tries", "2026-12-01T00:00:00+00:00", 429, "回数が上限"),
    ],
)
def test_each_refusal_has_its_page(
    tax: FakePayments, browser: Client, code: str, detail: str, status: int, words: str
) -> None:
    tax.refuse[p.FindBill] = Refusal(code, detail)
    response = send(
        browser,
        browser.get("/bill"),
        "/bill",
        **dict(
            zip(
                ("payee_number", "payment_number", "confirmation_number", "category_number"),
                BILL_NUMBERS,
                strict=True,
            )
        ),
    )
    assert response.status_code == status
    assert words in text(response) and "0120-000-000" in text(response)
    if detail.startswith("7K"):
        assert detail in text(response)


def test_an_unknown_bill_keeps_what_was_typed(tax: FakePayments, browser: Client) -> None:
    numbers = ("13999", "00009999999999999999", "123456", "108")
    names = ("payee_number", "payment_number", "confirmation_number", "category_number")
    typed = dict(zip(names, numbers, strict=True))
    response = send(browser, browser.get("/bill"), "/bill", **typed)
    assert response.status_code == 422 and "請求が見つかりません" in text(response)
    assert 'value="00009999999999999999"' in response.content.decode()
    wrong = send(browser, response, "/bill", **{**typed, "payee_number": "10000"})
    assert "このサイトでは扱っていません" in text(wrong)


def test_agreement_is_needed_and_the_mail_is_checked(tax: FakePayments, browser: Client) -> None:
    page = browser.get(find_bill(browser))
    refused = send(browser, page, "/bill", email="taro@")
    assert refused.status_code == 422
    assert "チェックを入れてください" in text(refused) and "taro@example.jp" in text(refused)
    assert not tax.messages(p.StartPayment)


def test_the_mail_address_leaves_in_a_sealed_box(tax: FakePayments, browser: Client) -> None:
    to_card(browser, email="ｔａｒｏ@example.jp")
    (started,) = tax.messages(p.StartPayment)
    assert tax.opened(started.sealed_email) == {"email": "taro@example.jp"}
    assert started.total_yen == 45_607 and started.parent_origin == "http://localhost:7001"


def test_a_double_click_is_one_payment(tax: FakePayments, browser: Client) -> None:
    address = find_bill(browser)
    page = browser.get(address)
    first = send(browser, page, "/bill", agree="on")
    second = send(browser, page, "/bill", agree="on")
    assert first.headers["Location"] == second.headers["Location"] == at(address, "card")
    assert len(tax.payments) == 1


def test_a_start_that_got_lost_is_said_again_with_the_same_key(
    tax: FakePayments, browser: Client
) -> None:
    address = find_bill(browser)
    page = browser.get(address)
    tax.down.add(p.StartPayment)
    lost = send(browser, page, "/bill", agree="on")
    assert lost.status_code == 503 and "代金は引き落とされていません" in text(lost)
    tax.down.clear()
    assert send(browser, browser.get(address), "/bill", agree="on").status_code == 303
    keys = [message.key for message in tax.messages(p.StartPayment)]
    assert len(keys) == 2 and keys[0] == keys[1]


def test_back_to_the_bill_and_on_again_starts_a_payment_that_supersedes(
    tax: FakePayments, browser: Client
) -> None:
    card = to_card(browser)
    again = send(browser, browser.get(at(card, "bill")), "/bill", agree="on", email="a@example.jp")
    assert again.headers["Location"] == card
    assert sorted(shown.status for shown in tax.payments.values()) == ["cancelled", "started"]


def test_two_tabs_are_two_errands(tax: FakePayments, browser: Client) -> None:
    first, second = to_card(browser), to_card(browser)
    assert first != second
    superseded = browser.get(first)
    assert superseded.headers["Location"] == at(first, "outcome")
    assert "別の画面で始められた" in text(browser.get(at(first, "outcome")))
    assert browser.get(second).status_code == 200


@pytest.mark.parametrize("page", ["bill", "card", "card/done", "confirm", "progress", "challenge"])
def test_back_and_reload_after_paying_end_at_the_outcome(
    tax: FakePayments, browser: Client, page: str
) -> None:
    card = to_card(browser)
    tax.enter_card()
    confirm = browser.get(at(card, "confirm"))
    send(browser, confirm, "/confirm")
    tax.succeed()
    response = browser.get(at(card, page))
    assert response.headers["Location"] == at(card, "outcome")
    again = send(browser, confirm, "/confirm")
    assert again.status_code == 303 and len(tax.payments) == 1


def test_a_form_of_an_earlier_turn_pays_nothing(tax: FakePayments, browser: Client) -> None:
    card = to_card(browser)
    tax.enter_card()
    confirm = browser.get(at(card, "confirm"))
    assert send(browser, confirm, "/card/another").headers["Location"] == card
    tax.enter_card()
    assert send(browser, confirm, "/confirm").headers["Location"] == at(card, "confirm")
    assert not tax.messages(p.ConfirmPayment)


@pytest.mark.parametrize(
    ("status", "reason", "words", "retry"),
    [
        ("declined", "declined_by_issuer", "まだ支払われていません", True),
        ("declined", "code_gone", "セキュリティコードの有効時間", True),
        ("failed", "authentication_failed", "本人認証（3Dセキュア）ができませんでした", True),
        ("failed", "authentication_unavailable", "現在ご利用になれません", True),
        ("failed", "network_unavailable", "通信ができませんでした", True),
        ("expired", "time_over", "時間切れになりました", False),
        ("cancelled", "by_payer", "お客様の操作で", False),
        ("cancelled", "by_client_body", "請求の内容が変わったか", False),
        ("expired", "not_asked_for", "利用枠の確保は取り消されました", False),
        ("authorised", "", "請求元が確認したあとに引き落とされます", False),
        ("unknown", "", "二重に引き落とされることはありません", False),
    ],
)
def test_each_outcome_says_what_happened_to_the_money(
    tax: FakePayments, browser: Client, status: str, reason: str, words: str, retry: bool
) -> None:
    card = to_card(browser)
    tax.enter_card()
    send(browser, browser.get(at(card, "confirm")), "/confirm")
    tax.change(tax.only().payment_id, status=status, reason=reason)
    response = browser.get(at(card, "outcome"))
    said = text(response)
    assert words in said and "代金について" in said and tax.only().reference in said
    assert ('id="another-card"' in response.content.decode()) is retry
    if status == "unknown":
        assert "引き落とされていません" not in said


def test_what_was_given_back_is_told(tax: FakePayments, browser: Client) -> None:
    card = to_card(browser)
    tax.enter_card()
    send(browser, browser.get(at(card, "confirm")), "/confirm")
    tax.change(tax.only().payment_id, status="succeeded")
    assert 'id="refunded"' not in browser.get(at(card, "outcome")).content.decode()
    tax.change(tax.only().payment_id, refunded_yen=5_000)
    assert "5,000円は、お支払いに使われたカードに返金しました" in text(
        browser.get(at(card, "outcome"))
    )


def test_a_declined_payment_is_tried_with_another_card(tax: FakePayments, browser: Client) -> None:
    card = to_card(browser)
    tax.enter_card()
    send(browser, browser.get(at(card, "confirm")), "/confirm")
    tax.change(tax.only().payment_id, status="declined", reason="declined_by_issuer")
    response = send(browser, browser.get(at(card, "outcome")), "/card/another")
    assert response.headers["Location"] == card and tax.only().status == "started"
    assert browser.get(card).status_code == 200


def test_when_a_form_can_not_be_reopened_a_new_payment_begins(
    tax: FakePayments, browser: Client
) -> None:
    card = to_card(browser)
    tax.change(tax.only().payment_id, status="failed", reason="network_unavailable")
    page = browser.get(at(card, "outcome"))
    tax.refuse[p.ReopenCardForm] = Refusal("payment_over")
    assert send(browser, page, "/card/another").headers["Location"] == card
    assert len(tax.payments) == 2


def test_a_changed_amount_is_told_and_nothing_started(tax: FakePayments, browser: Client) -> None:
    page = browser.get(find_bill(browser))
    tax.refuse[p.StartPayment] = Refusal("amount_changed")
    response = send(browser, page, "/bill", agree="on")
    assert response.status_code == 409 and "金額が変わりました" in text(response)


def test_a_shut_card_form_is_replaced(tax: FakePayments, browser: Client) -> None:
    card = to_card(browser)
    missing = browser.get(at(card, "card/done"))
    assert missing.status_code == 200 and "まだカードを受け取っていません" in text(missing)
    before = tax.forms[tax.only().payment_id]
    assert send(browser, missing, "/card/another").headers["Location"] == card
    assert tax.forms[tax.only().payment_id] != before


def test_a_card_form_elsewhere_is_never_framed(tax: FakePayments, browser: Client) -> None:
    from sekisho.payer_site.records.models import Errand

    card = to_card(browser)
    Errand.objects.update(card_form_url="http://evil.example/card/x")
    browser.raise_request_exception = False
    response = browser.get(card)
    assert response.status_code == 500 and "evil" not in response.content.decode()


def test_the_payer_gives_up(tax: FakePayments, browser: Client) -> None:
    card = to_card(browser)
    response = send(browser, browser.get(card), "/cancel")
    assert response.headers["Location"] == at(card, "outcome")
    assert "お支払いを取りやめました" in text(browser.get(at(card, "outcome")))


def test_giving_up_too_late_shows_how_far_it_is(tax: FakePayments, browser: Client) -> None:
    card = to_card(browser)
    page = browser.get(card)
    tax.enter_card()
    send(browser, browser.get(at(card, "confirm")), "/confirm")
    assert send(browser, page, "/cancel").headers["Location"] == at(card, "progress")
