"""Two languages on every page, and nothing outside the catalogue."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.test import Client

from sekisho import payer_site
from sekisho.edge.look.words import Catalogue, WordsWrong
from sekisho.payer_site.this_site import WORDS
from tests.rooms.payer_site.fake_payments import FakePayments
from tests.rooms.payer_site.walk import at, send, text, to_card, to_premium_card

FOLDER = Path(payer_site.__file__).parent
TEMPLATES = sorted((FOLDER / "templates").rglob("*.html"))
JAPANESE = re.compile(r"[ぁ-んァ-ヶ一-龠]")
SHOWN_ATTRIBUTES = re.compile(
    r'\b(?:alt|title|aria-label|placeholder|value|data-(?!charged)\w+)="([^"]*)"'
)


def _bare(template: str) -> str:
    """Letters of a template that are neither tags nor markup."""
    left = re.sub(r"{% block (?:width|robots) %}.*?{% endblock %}", "", template)
    left = re.sub(r"{#.*?#}|{%.*?%}|{{.*?}}", "", left, flags=re.S)
    left = re.sub(r"<!doctype html>|<!--.*?-->", "", left, flags=re.S)
    attributes = " ".join(SHOWN_ATTRIBUTES.findall(left))
    words = re.sub(r"<[^>]*>", " ", left)
    allowed = {"four", "el", "on", "1", "A", "B", "C", "D", "180"}
    found = re.findall(r"[^\W\d_]+", words) + re.findall(r"[^\W\d_]{2,}", attributes)
    return " ".join(word for word in found if word not in allowed)


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_no_template_speaks_for_itself(template: Path) -> None:
    assert _bare(template.read_text(encoding="utf-8")) == ""


def test_the_finder_of_bare_words_finds_them() -> None:
    assert _bare("<p>Hello</p>") == "Hello"
    assert _bare('<img alt="図">{% say "x" %}') == "" or _bare('<img alt="図表">') == "図表"


def test_every_key_named_in_a_template_is_in_the_catalogue() -> None:
    named = set()
    for template in TEMPLATES:
        source = template.read_text(encoding="utf-8")
        named |= set(re.findall(r"{% say(?:_lines|_if)? [\"']([\w.]+)[\"']", source))
    assert len(named) > 150
    assert {key for key in named if key not in WORDS} == set()


def test_every_key_named_in_code_is_in_the_catalogue() -> None:
    named = set()
    for module in FOLDER.rglob("*.py"):
        for key in re.findall(r'"(field\.[a-z_]+\.[a-z_]+)"', module.read_text(encoding="utf-8")):
            named.add(key)
    for name in ("payee_number", "payment_number", "confirmation_number", "category_number"):
        named |= {f"field.{name}.{rest}" for rest in ("missing", "not_digits", "length", "wrong")}
    assert len(named) > 30
    assert {key for key in named if key not in WORDS} == set()


def test_every_refusal_and_outcome_has_words() -> None:
    from sekisho.crossings.payments import PublicStatus
    from sekisho.payer_site.pages.show import REFUSED, WITH_MOMENT
    from sekisho.payer_site.pages.way import PAGE_OF_STATUS
    from sekisho.payer_site.tell_outcome import REASONS

    keys = [f"refused.{code}.{part}" for code in REFUSED for part in ("title", "text")]
    keys += [f"refused.{code}.moment" for code in WITH_MOMENT]
    keys += [f"outcome.reason.{reason}" for reason in REASONS]
    for status in PublicStatus.__args__:
        over = PAGE_OF_STATUS[status] == "outcome"
        if over:
            keys += [
                f"outcome.{status}.{purpose}.{part}"
                for purpose in ("payment", "enrolment")
                for part in ("title", "money")
            ]
        else:
            keys += [f"status.of.{status}", f"status.text.{status}"]
    assert [key for key in keys if key not in WORDS] == []


def test_the_english_side_is_english() -> None:
    may_show_japanese = {
        "frame.japanese", "era.reiwa", "era.heisei", "era.showa", "era.taisho", "slip.caption",
        "field.kana.hint", "field.payee_number.hint", "field.payment_number.hint",
        "field.confirmation_number.hint", "field.category_number.hint",
    }  # fmt: skip
    wrong = [
        key
        for key in sorted(WORDS.keys())
        if key not in may_show_japanese
        and JAPANESE.search(
            " ".join(WORDS._told[key]["en"])
            if isinstance(WORDS._told[key]["en"], list)
            else WORDS._told[key]["en"]
        )
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("toml", "words"),
    [
        ('[a]\nja = "x"', "nothing is said in 'en'"),
        ('[a]\nja = "{x}"\nen = "y"', "different facts"),
        ('[a]\nja = ["x"]\nen = "y"', "list"),
        ('[a]\nja = "x"\nen = "y"\nfr = "z"', "fr is no language"),
        ('a = "x"', "expected a table"),
        ("[a", "words.toml"),
    ],
)
def test_a_catalogue_that_is_not_whole_is_refused(tmp_path: Path, toml: str, words: str) -> None:
    (tmp_path / "words.toml").write_text(toml, encoding="utf-8")
    with pytest.raises(WordsWrong, match=words):
        Catalogue(tmp_path)


def test_the_language_is_switched_without_losing_the_step(
    tax: FakePayments, browser: Client
) -> None:
    card = to_card(browser)
    assert "カード情報の入力" in text(browser.get(card))
    english = browser.get(card + "?lang=en")
    body = english.content.decode()
    assert '<html lang="en">' in body and "Enter your card" in text(english)
    assert english.headers["Content-Language"] == "en" and "lang=en" in body
    assert f'{tax.forms[tax.only().payment_id].replace("lang=ja", "lang=en")}"' in body
    tax.enter_card()
    confirm = browser.get(at(card, "confirm"))
    assert "Pay ¥45,607" in text(confirm)
    assert '<html lang="ja">' in browser.get(at(card, "confirm") + "?lang=ja").content.decode()


def test_a_reader_who_prefers_english_gets_it(tax: FakePayments) -> None:
    assert "Skip to main content" in text(Client(headers={"Accept-Language": "en-GB"}).get("/"))
    assert "本文へ" in text(Client(headers={"Accept-Language": "fr"}).get("/"))
    assert "本文へ" in text(Client().get("/?lang=xx"))


def test_mails_are_ordered_in_the_language_of_the_page(tax: FakePayments, browser: Client) -> None:
    from sekisho.crossings import payments as p

    browser.get("/?lang=en")
    to_card(browser, email="taro@example.jp")
    (started,) = tax.messages(p.StartPayment)
    assert started.language == "en"


def test_every_page_of_both_ways_in_english(premium: FakePayments, browser: Client) -> None:
    browser.get("/?lang=en")
    card = to_premium_card(browser)
    premium.enter_card()
    pages = ["/", "/about", "/status", "/policy", at(card, "terms"), at(card, "person"),
             at(card, "person") + "?again=1", at(card, "confirm"), "/nowhere"]  # fmt: skip
    for address in pages:
        said = text(browser.get(address))
        left = said.replace("日本語", "").replace("ミホン タロウ", "")
        for era in ("令和", "平成", "昭和", "大正"):
            left = left.replace(era, "")
        assert not JAPANESE.search(left), (address, JAPANESE.findall(left))
    send(browser, browser.get(at(card, "confirm")), "/confirm")
    premium.succeed()
    outcome = text(browser.get(at(card, "outcome")))
    assert "Application complete" in outcome and "June 2027" in outcome
