"""A link is opened and paid; whatever is wrong with it is told; a twin's pages say TEST."""

from __future__ import annotations

import msgspec
import pytest
from django.db import connection
from django.test import Client

from sekisho.crossings import payments as p
from sekisho.crossings.message import Refusal
from sekisho.edge.page_rules import KINDS
from sekisho.payer_site.page_rules import page_rules
from sekisho.payer_site.records.models import Errand, Visit
from sekisho.vocabulary.identifiers import new_reference
from tests.rooms.payer_site.fake_payments import BILL, FakePayments
from tests.rooms.payer_site.walk import at, send, text

TOKEN, TEST_TOKEN = "k" * 43, "test_" + "k" * 43
ADDRESS = f"/pay/{TOKEN}"


def linked(fake: FakePayments, token: str = TOKEN, **changed: object) -> p.LinkOpened:
    fields: dict[str, object] = {
        "link_id": "link_1",
        "bill": BILL,
        "test": False,
        "printed": False,
        "payment_number": "ORDER-2026_1",
        "expires_at": BILL.payable_until,
        "return_url": "https://body.example.jp/thanks?n=1",
    }
    fake.links[token] = msgspec.convert({**fields, **changed}, p.LinkOpened)
    return fake.links[token]


def to_bill(browser: Client, address: str = ADDRESS) -> str:
    response = browser.get(address)
    assert response.status_code == 303, text(response)
    return str(response.headers["Location"])


def to_card(browser: Client, address: str = ADDRESS, **typed: str) -> str:
    response = send(browser, browser.get(to_bill(browser, address)), "/bill", agree="on", **typed)
    assert response.status_code == 303, text(response)
    return str(response.headers["Location"])


def test_a_link_leads_to_its_bill_and_from_there_the_way_is_the_same(
    tax: FakePayments, browser: Client
) -> None:
    linked(tax)
    page = browser.get(to_bill(browser))
    words = text(page)
    assert "ORDER-2026_1" in words and "45,607円" in words and "税目" not in words
    assert "TEST" not in words and TOKEN not in page.content.decode()
    card = to_card(browser)
    (asked,) = tax.messages(p.StartPayment)
    assert (asked.link_id, asked.bill_id, asked.total_yen) == ("link_1", "bill_1", 45_607)
    tax.enter_card()
    paid = send(browser, browser.get(at(card, "confirm")), "/confirm")
    assert paid.headers["Location"] == at(card, "progress")
    tax.succeed()
    outcome = browser.get(at(card, "outcome"))
    assert 'href="https://body.example.jp/thanks?n=1"' in outcome.content.decode()
    assert "主税局のサイトへ戻る" in text(outcome) and "納税証明書" not in text(outcome)
    assert browser.get(at(card, "outcome") + "?lang=en").status_code == 200


def test_a_printed_bill_looks_as_by_its_slip(tax: FakePayments, browser: Client) -> None:
    linked(tax, printed=True, payment_number="00001234567890123456", return_url="")
    words = text(browser.get(to_bill(browser)))
    assert "税目" in words and "末尾 3456" in words and "00001234567890123456" not in words


def test_a_site_of_policies_has_link_pages_too(premium: FakePayments, browser: Client) -> None:
    free = msgspec.structs.replace(BILL, fee_yen=0, fee_tax_yen=0, total_yen=BILL.amount_yen)
    linked(premium, bill=free)
    words = text(browser.get(to_bill(browser)))
    assert "45,200円" in words and "システム利用料 0円" not in words
    assert browser.get(to_card(browser)).status_code == 200


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("link_unknown", 404),
        ("link_cancelled", 410),
        ("link_expired", 410),
        ("bill_paid", 409),
        ("bill_in_payment", 409),
        ("bill_withdrawn", 410),
        ("too_many_tries", 429),
    ],
)
def test_a_link_that_opens_nothing_says_why(
    tax: FakePayments, browser: Client, code: str, status: int, language: str
) -> None:
    detail = {"too_many_tries": "2026-11-23T10:00:00+00:00"}.get(code, "7K3M-9QXD-2F4H-T")
    tax.refuse[p.OpenLink] = Refusal(code, detail if not code.startswith("link") else "")
    response = browser.get(f"{ADDRESS}?lang={language}")
    assert response.status_code == status
    assert f'data-code="{code}"' in response.content.decode()
    assert 'href="/bill"' not in response.content.decode()


def test_whoever_tries_tokens_leaves_no_row(tax: FakePayments, browser: Client) -> None:
    for at_ in range(3):
        assert browser.get(f"/pay/{at_:043d}").status_code == 404
    assert Visit.objects.count() == 0 and browser.cookies.get("sekisho_metropolitan_tax") is None
    sessions = {asked.session for asked in tax.messages(p.OpenLink)}
    assert len(sessions) == 3 and len({a.source for a in tax.messages(p.OpenLink)}) == 1


def test_the_site_keeps_no_token(tax: FakePayments, browser: Client) -> None:
    linked(tax)
    to_card(browser, email="taro@example.jp")
    with connection.cursor() as cursor:
        cursor.execute("SELECT e::text FROM errand e")
        kept = str(cursor.fetchall())
    assert "link_1" in kept and TOKEN not in kept


def test_a_twins_pages_say_test_and_seal_to_the_twin(clean: None, browser: Client) -> None:
    from tests.rooms.payer_site.conftest import TAX, opened

    fake = FakePayments("mihon_to_test")
    with opened(TAX, fake):
        linked(fake, TEST_TOKEN, test=True, link_id="tlink_1")
        address = f"/pay/{TEST_TOKEN}"
        assert 'id="test-band"' in browser.get(to_bill(browser, address)).content.decode()
        card = to_card(browser, address, email="taro@example.jp")
        (asked,) = fake.messages(p.StartPayment)
        assert fake.opened(asked.sealed_email or b"") == {"email": "taro@example.jp"}
        assert 'id="test-band"' in browser.get(card).content.decode()
        fake.enter_card()
        assert 'id="test-band"' in browser.get(at(card, "confirm")).content.decode()
        fake.links.clear()
        refused = browser.get(address)
        assert refused.status_code == 404 and 'id="test-band"' in refused.content.decode()


def test_an_ended_payment_of_a_link_may_be_begun_anew(tax: FakePayments, browser: Client) -> None:
    linked(tax)
    card = to_card(browser)
    cancelled = send(browser, browser.get(card), "/cancel")
    outcome = browser.get(cancelled.headers["Location"])
    assert f'href="{at(card, "bill")}"' in outcome.content.decode()
    again = send(browser, browser.get(at(card, "bill")), "/bill", agree="on")
    assert again.status_code == 303
    assert [asked.link_id for asked in tax.messages(p.StartPayment)] == ["link_1"] * 2


def test_a_link_is_for_reading_only_and_shown_hashed_in_the_log() -> None:
    (rule,) = [rule for rule in page_rules("bills") if rule.path.startswith("/pay/")]
    assert "POST" not in rule.methods and "(?P<secret>" in rule.path
    assert Errand._meta.get_field("link_id") is not None


def test_a_bodys_own_reference_finds_its_payment(tax: FakePayments, browser: Client) -> None:
    page = browser.get("/status")
    send(browser, page, "/status", reference=new_reference(), number="ＯＲＤＥＲ-2026_1")
    assert [asked.number for asked in tax.messages(p.FindPayment)] == ["ORDER-2026_1"]
    assert KINDS["reference"].fullmatch("ORDER-2026_1")
    assert not KINDS["reference"].fullmatch("x' or 1=1")
