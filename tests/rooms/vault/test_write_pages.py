"""Pages that are kept hold nothing of a payer, and are those that a fresh writing would give."""

from __future__ import annotations

import pytest
from django.test import Client

from sekisho.vault.card_form import write_pages
from tests.rooms.vault.neighbours import SITES, Neighbours

SITE = SITES["metropolitan_tax"]
OTHER_SITE = SITES["group_life_premium"]


@pytest.fixture(autouse=True)
def nothing_kept() -> None:
    write_pages._untouched_form.cache_clear()
    write_pages._closed.cache_clear()


def page_of(path: str) -> str:
    content: str = Client().get(path).content.decode()
    return content


def test_each_payer_goes_back_to_the_own_payment(place: Neighbours) -> None:
    for number in ("one", "two"):
        path = place.open_form(return_url=f"{SITE}/pay/{number}?a=1&b=2")
        answer = place.enter(path).content.decode()
        assert f'href="{SITE}/pay/{number}?a=1&amp;b=2"' in answer
        assert "return-url-of" not in answer
    assert write_pages._closed.cache_info().hits == 1


def test_what_one_payer_typed_is_on_no_page_of_another(place: Neighbours) -> None:
    wrong = place.enter(place.open_form(), number="4111", name="HANAKO MIHON")
    assert wrong.status_code == 422
    assert "HANAKO MIHON" in wrong.content.decode()
    first, second = page_of(place.open_form()), page_of(place.open_form())
    assert first == second
    assert "HANAKO" not in first
    assert "error-summary" not in first
    assert write_pages._untouched_form.cache_info().hits == 1


def test_a_page_is_kept_for_its_own_site_language_and_brands_alone(place: Neighbours) -> None:
    of_other_site = {
        "site": "group_life_premium",
        "parent_origin": OTHER_SITE,
        "return_url": f"{OTHER_SITE}/pay",
    }
    paths = [
        place.open_form(),
        place.open_form().replace("lang=ja", "lang=en"),
        place.open_form(accepted_brands=["visa"]),
        place.open_form(**of_other_site),
    ]
    kept = [page_of(path) for path in paths]
    assert len(set(kept)) == len(kept)
    write_pages._untouched_form.cache_clear()
    assert [page_of(path) for path in paths] == kept


def test_no_more_pages_are_kept_than_the_limit() -> None:
    for kept in (write_pages._untouched_form, write_pages._closed):
        assert kept.cache_info().maxsize == write_pages.MAX_PAGES_KEPT
