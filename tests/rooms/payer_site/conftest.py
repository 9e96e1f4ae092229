"""The payer site's room. Both kinds of site are opened in it, one test after another."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.test import Client, override_settings
from django.urls import clear_url_caches

from sekisho import transport
from sekisho.payer_site.ask_card_entry import forget_card_entry
from sekisho.payer_site.open_site import make_site, page_settings
from sekisho.payer_site.site_settings import load_site
from sekisho.transport.briefing import Briefing
from tests.rooms.open_room import Room, open_room

TAX, PREMIUM = "metropolitan_tax", "group_life_premium"

ROOM = open_room(
    "payer_site", schema="payer_site_metropolitan_tax", **page_settings(load_site(TAX))
)

from tests.rooms.payer_site.fake_payments import VAULT, FakePayments  # noqa: E402


@contextmanager
def opened(site_id: str, payments: FakePayments, **addresses: str) -> Iterator[Any]:
    """Be the site ``site_id`` with ``payments`` behind it."""
    file = load_site(site_id)
    process = f"payer_site.{site_id}"
    briefing = Briefing(
        process=process,
        zone="payer_site",
        name=site_id,
        folder=str(ROOM.own_folder),
        log_folder=str(ROOM.folder / "log"),
        public_keys={"vault.seal": payments.public_key},
        addresses={process: "http://localhost:7001", "vault": VAULT, **addresses},
    )
    site = make_site(briefing, file)
    transport.use(payments)
    forget_card_entry()
    with override_settings(
        SEKISHO_SITE=site, ALLOWED_HOSTS=["testserver", "localhost"], **page_settings(file)
    ):
        clear_url_caches()
        yield site
    clear_url_caches()
    transport.use(None)


@pytest.fixture(scope="session")
def room() -> Room:
    return ROOM


@pytest.fixture
def tax(clean: None) -> Iterator[FakePayments]:
    payments = FakePayments("mihon_to")
    with opened(TAX, payments):
        yield payments


@pytest.fixture
def premium(clean: None) -> Iterator[FakePayments]:
    payments = FakePayments("mihon_kiko")
    with opened(PREMIUM, payments):
        yield payments


@pytest.fixture
def browser() -> Client:
    """A browser that keeps cookies; CSRF is checked as in service."""
    return Client(enforce_csrf_checks=True, headers={"Accept-Language": "ja"})
