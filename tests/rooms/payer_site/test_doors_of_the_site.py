"""Headers, cookies, methods, and what the edge is told of each page."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.test import Client
from django.urls import get_resolver

from sekisho.edge.page_rules import find_page
from sekisho.payer_site.page_rules import page_rules
from sekisho.payer_site.read_notices import read_notices
from sekisho.vocabulary.clock import now
from tests.rooms.open_room import Room
from tests.rooms.payer_site.fake_payments import FakePayments
from tests.rooms.payer_site.walk import at, forms_of, send, text, to_card, to_premium_card


def test_each_page_is_strict(tax: FakePayments, browser: Client) -> None:
    card = to_card(browser)
    for address in ("/", "/bill", "/status", "/about", card, at(card, "bill"), "/nowhere"):
        response = browser.get(address)
        policy = response.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy and "http://localhost:7001" not in policy
        assert response.headers["Cache-Control"] == "no-store"
        frames = "frame-src http://localhost:7003;" if address == card else "frame-src 'none';"
        assert frames in policy


def test_pages_have_no_inline_style_or_script(tax: FakePayments, browser: Client) -> None:
    card = to_card(browser)
    tax.enter_card()
    for address in ("/", "/bill", at(card, "bill"), at(card, "confirm")):
        body = browser.get(address).content.decode()
        assert " style=" not in body and "<style" not in body and " onclick" not in body
        assert "http://" not in body.replace("http://localhost:7003", "") and "https://" not in body
        for tag in body.split("<script")[1:]:
            assert ' src="/site/' in tag.split(">")[0] and "integrity=" in tag.split(">")[0]


def test_cookies_are_the_sites_own_and_closed(tax: FakePayments, browser: Client) -> None:
    to_card(browser)
    browser.get("/?lang=en")
    assert set(browser.cookies) == {
        "sekisho_metropolitan_tax",
        "sekisho_metropolitan_tax_csrf",
        "sekisho_metropolitan_tax_lang",
    }
    for cookie in browser.cookies.values():
        assert cookie["httponly"] and cookie["samesite"] == "Lax"


def test_a_form_from_elsewhere_is_refused(tax: FakePayments, browser: Client) -> None:
    card = to_card(browser)
    tax.enter_card()
    for page in ("confirm", "cancel", "extend", "card/another", "bill"):
        response = browser.post(at(card, page), {"turn": "1"})
        assert response.status_code == 403 and "受け付けられませんでした" in text(response)
    assert tax.only().status == "card_entered"


def test_a_button_is_no_link(tax: FakePayments, browser: Client) -> None:
    card = to_card(browser)
    for page in ("cancel", "extend", "card/another"):
        assert browser.get(at(card, page)).status_code == 405


def test_pages_of_the_other_kind_are_not_there(tax: FakePayments, browser: Client) -> None:
    assert browser.get("/policy").status_code == 404
    assert browser.get("/admin").status_code == 404


@pytest.mark.parametrize("kind", ["bills", "policies"])
def test_every_address_has_a_rule_and_every_rule_an_address(tax: FakePayments, kind: str) -> None:
    rules = page_rules(kind)
    resolver = get_resolver(f"sekisho.payer_site.pages.urls_{kind}")
    handle = "A" * 43
    addresses = {
        "/"
        + str(pattern.pattern)
        .replace("<handle:handle>", handle)
        .replace("<link_token:token>", token)
        for pattern in resolver.url_patterns
        for token in (handle, f"test_{handle}")
    }
    assert len(addresses) > 14
    for address in addresses:
        assert find_page(rules, address) is not None, address
    pages = [rule for rule in rules if not rule.path.startswith(("/look/", "/site/"))]
    for rule in pages:
        assert any(rule.match(address) for address in addresses), rule.path


def test_every_field_that_a_page_sends_is_in_its_rule(
    premium: FakePayments, browser: Client
) -> None:
    rules = page_rules("policies")
    card = to_premium_card(browser)
    pages = [
        browser.get(at(card, "person") + "?again=1"),
        browser.get(card),
        browser.get("/policy"),
    ]
    premium.enter_card()
    pages += [browser.get(at(card, "confirm")), browser.get("/status")]
    seen = 0
    for page in pages:
        for form in forms_of(page):
            rule = find_page(rules, form.action)
            if form.method != "post" or rule is None:
                continue
            for name, value in form.fields.items():
                field = rule.body_field(name)
                assert field is not None, (form.action, name)
                assert field.closes(value) or not field.strict, (name, value)
                seen += 1
    assert seen > 25


def test_a_notice_comes_from_a_file_and_never_breaks_the_page(
    tax: FakePayments, browser: Client, room: Room
) -> None:
    file = room.own_folder / "notice.toml"
    file.write_text(
        '[[notice]]\nlevel = "warn"\ntitle_ja = "お知らせ"\ntitle_en = "Notice"\n'
        'ja = "年末は<b>休み</b>です。"\nen = "Closed."\n'
        '[[notice]]\nlevel = "info"\nja = "済"\nen = "over"\nuntil = 2020-01-01T00:00:00\n',
        encoding="utf-8",
    )
    try:
        page = browser.get("/")
        assert "年末は&lt;b&gt;休み&lt;/b&gt;です。" in page.content.decode()
        assert "済" not in text(page).replace("お支払い済みの方", "")
        file.write_text("[[notice]\n", encoding="utf-8")
        assert browser.get("/").status_code == 200 and "年末" not in text(browser.get("/"))
        file.write_bytes(b"#" * 20_000)
        assert read_notices(file, now()) == []
    finally:
        file.unlink()


def test_the_state_of_a_payment_is_found_again(tax: FakePayments, browser: Client) -> None:
    to_card(browser)
    typed = {"reference": tax.only().reference.lower().replace("-", " "),
             "number": "0000 1234 5678 9012 3456"}  # fmt: skip
    other = Client(enforce_csrf_checks=True)
    waiting = send(other, other.get("/status"), "/status", **typed)
    assert "カードの入力を待っています" in text(waiting)
    tax.succeed()
    done = send(other, other.get("/status"), "/status", **typed)
    assert "お支払いが完了しました" in text(done) and "45,607円" in text(done)
    wrong = send(other, other.get("/status"), "/status", **{**typed, "number": "1" * 20})
    assert wrong.status_code == 422 and "見つかりません" in text(wrong)
    mistyped = send(other, other.get("/status"), "/status", **{**typed, "reference": "AAAA"})
    assert "受付番号が正しくありません" in text(mistyped)


def test_a_fault_says_nothing_of_itself(
    tax: FakePayments, browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("4111111111111111")

    monkeypatch.setattr("sekisho.payer_site.pages.entry.read_notices", broken)
    browser.raise_request_exception = False
    response = browser.get("/")
    assert response.status_code == 500 and "4111" not in response.content.decode()
    assert "エラーが起きました" in text(response)


def test_the_folder_of_scripts_is_what_pages_use() -> None:
    import sekisho.payer_site as zone

    folder = Path(zone.__file__).parent
    scripts = {path.name for path in (folder / "scripts").iterdir()}
    named = "".join(path.read_text() for path in (folder / "templates").rglob("*.html"))
    assert all(f"{{% script '{name}' %}}" in named for name in scripts)
