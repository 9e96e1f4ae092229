"""Writes the card form's pages. One that holds nothing of a payer is written once for each site and
language and kept: Django's templates were a third of what a card number cost the vault. What
somebody typed is never part of a page that is kept."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from django.template.loader import render_to_string
from django.utils.html import escape

from sekisho.vault.card_form.dress import accent_of, closed_context, form_context
from sekisho.vault.card_form.fields import CardFields
from sekisho.vault.records.models import CardForm

MAX_PAGES_KEPT: Final = 128
"""Of each of the two kinds: sites x languages x states, with room for brands that change."""

_RETURN_URL: Final = "return-url-of-one-payment"
"""Stands for the address that differs from payment to payment; nothing in it is ever escaped."""

_FORM: Final = "card_form/form.html"
_CLOSED: Final = "card_form/closed.html"


def write_form(
    form: CardForm, language: str, typed: CardFields | None = None, *, unavailable: bool = False
) -> bytes:
    """Return the page with the form; ``typed``: what was sent, with its faults."""
    brands = tuple(form.accepted_brands)
    kind = _kind_of(form)
    if typed is None and not unavailable:
        return _untouched_form(language, accent_of(form), form.parent_origin, brands, kind)
    context = form_context(
        language, accent_of(form), form.parent_origin, brands, typed, unavailable=unavailable
    )
    return render_to_string(_FORM, {**context, "kind": kind}).encode()


def _kind_of(form: CardForm) -> str:
    if not form.paper:
        return "payer"
    return "paper_again" if form.compares_with else "paper"


def write_closed(form: CardForm | None, language: str, state: str) -> bytes:
    """Return the page of a form that takes no card; ``form`` is nothing for an unknown one."""
    if form is None:
        return b"".join(_closed(language, state, None, "", returns=False))
    returns = bool(form.return_url)
    before, after = _closed(language, state, accent_of(form), form.parent_origin, returns=returns)
    return b"".join((before, escape(form.return_url).encode() if returns else b"", after))


@lru_cache(MAX_PAGES_KEPT)
def _untouched_form(
    language: str, accent: str | None, parent_origin: str, brands: tuple[str, ...], kind: str
) -> bytes:
    context = form_context(language, accent, parent_origin, brands, None)
    return render_to_string(_FORM, {**context, "kind": kind}).encode()


@lru_cache(MAX_PAGES_KEPT)
def _closed(
    language: str, state: str, accent: str | None, parent_origin: str, *, returns: bool
) -> tuple[bytes, bytes]:
    """What stands before and behind the address to return to."""
    return_url = _RETURN_URL if returns else None
    page = render_to_string(
        _CLOSED, closed_context(language, state, accent, parent_origin, return_url)
    )
    before, *after = page.split(_RETURN_URL)
    if len(after) != returns:
        raise RuntimeError(f"{_CLOSED} must show return_url once and not {len(after)} times")
    return before.encode(), "".join(after).encode()
