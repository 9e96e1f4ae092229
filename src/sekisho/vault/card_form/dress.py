"""What the card form's pages are dressed in: words, stylesheets, headers."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any, Final

from django.http import HttpResponse

from sekisho.edge.look import LOOK, Shelf, accent_address
from sekisho.edge.look.words import LANGUAGES, Catalogue
from sekisho.vault.brands import BRAND_NAMES
from sekisho.vault.card_form.fields import CardFields
from sekisho.vault.opened import the_vault
from sekisho.vault.records.models import CardForm
from sekisho.vocabulary.twins import live_of

HERE: Final = Path(__file__).parent
WORDS: Final = Catalogue(HERE)
SHELF: Final = Shelf("/card-form/", HERE / "shelf")
"""Scripts and pictures of the card form (PCI DSS 6.4.3: this folder is the whole list of scripts
that a browser runs beside card fields; each is pinned by its digest)."""

_SCRIPTED = ("brand.seen", "sending")


def content_security_policy(*parent_origins: str) -> str:
    """Return the policy of a card form's page: nothing from elsewhere, nothing inline, framed by
    ``parent_origins`` alone, and what was typed is sent nowhere but here."""
    parents = " ".join(filter(None, parent_origins)) or "'none'"
    return (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; font-src 'self';"
        f" form-action 'self'; base-uri 'none'; frame-ancestors {parents}"
    )


def with_headers(response: HttpResponse, *parent_origins: str) -> HttpResponse:
    """Return ``response`` with the headers of a page that holds card fields."""
    response["Content-Security-Policy"] = content_security_policy(*parent_origins)
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = "same-origin"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cross-Origin-Resource-Policy"] = "same-site"
    return response


def accent_of(form: CardForm) -> str | None:
    """Return the colour of the form's site, or nothing."""
    return the_vault().accents.get(live_of(form.site))


def _dress(language: str, accent: str | None, parent_origin: str) -> dict[str, Any]:
    keys = WORDS.keys()
    return {
        "language": language,
        "say": {key.replace(".", "_"): _plain(key, language) for key in keys},
        "other_languages": [one for one in LANGUAGES if one != language],
        "style": LOOK.address("sekisho.css"),
        "style_integrity": LOOK.integrity("sekisho.css"),
        "form_style": SHELF.address("card_form.css"),
        "form_style_integrity": SHELF.integrity("card_form.css"),
        "accent": accent_address(accent) if accent else None,
        "parent_origin": parent_origin,
    }


def _plain(key: str, language: str) -> str:
    """Return a text whose facts are put in elsewhere with its braces as they are."""
    return WORDS.say(key, language, brand="{brand}", brands="{brands}")


def form_context(
    language: str,
    accent: str | None,
    parent_origin: str,
    accepted_brands: Collection[str],
    typed: CardFields | None,
    *,
    unavailable: bool = False,
) -> dict[str, Any]:
    """Return what the form's template shows."""
    faults = typed.faults() if typed else {}
    brands = [name for brand, name in BRAND_NAMES.items() if brand in accepted_brands]
    errors = {
        name: WORDS.say(f"{name}.{word}", language, brands=", ".join(brands))
        for name, word in faults.items()
    }
    return {
        **_dress(language, accent, parent_origin),
        "brands": brands,
        "errors": errors,
        "values": typed.shown_again() if typed else {},
        "unavailable": unavailable,
        "script": SHELF.address("card_form.js"),
        "script_integrity": SHELF.integrity("card_form.js"),
        "picture": SHELF.address("where_the_code_is.svg"),
        "scripted": {key.replace(".", "_"): _plain(key, language) for key in _SCRIPTED},
    }


def closed_context(
    language: str, state: str, accent: str | None, parent_origin: str, return_url: str | None
) -> dict[str, Any]:
    """Return what the template of a form that takes no card shows."""
    done = state == "accepted"
    place = "done" if done else state
    return {
        **_dress(language, accent, parent_origin),
        "done": done,
        "title": WORDS.say(f"{place}.title", language),
        "text": WORDS.say(f"{place}.text", language),
        "link": WORDS.say("done.link" if done else "closed.link", language),
        "return_url": return_url,
        "script": SHELF.address("card_done.js"),
        "script_integrity": SHELF.integrity("card_done.js"),
    }
