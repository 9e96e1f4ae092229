"""Open a card form for a payment: an address that nobody can guess, good for one card."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import psycopg

from sekisho.crossings.message import Refusal
from sekisho.crossings.vault import CardFormOpened, OpenCardForm, OpenPaperCardForm
from sekisho.vault.brands import BRAND_NAMES
from sekisho.vault.identifiers import identifier
from sekisho.vault.limits import FORM_LOCK_MILLISECONDS, MAX_FORM_SECONDS
from sekisho.vault.opened import Vault
from sekisho.vault.records.raw import as_refusal, run_raw
from sekisho.vocabulary.identifiers import new_id, new_token

BRANDS = frozenset(BRAND_NAMES)

_BEGIN_SQL = "SELECT begin_card_form(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"


def token_digest(token: str) -> bytes:
    """Return what is kept of a form's token: who reads the table can open no form."""
    return hashlib.sha256(token.encode()).digest()


def open_card_form(vault: Vault, message: OpenCardForm, now: datetime) -> CardFormOpened:
    """Return the address of a fresh form; an earlier open form of the payment is shut.

    Raises ``Refusal`` ``message_invalid`` naming the field, ``payment_foreign`` when the payment's
    earlier form was another client body's, ``form_busy`` while a card is being taken. The amount
    is not kept: the site around the form shows it."""
    body = identifier(message.client_body, "client_body")
    payment = identifier(message.payment_id, "payment_id")
    check_place(vault.site_origins.get(message.site), message)
    brands = check_brands(message.accepted_brands)
    if message.expires_at.tzinfo is None or message.expires_at <= now:
        raise Refusal("message_invalid", "is past, or has no zone", "expires_at")
    token = new_token()
    values = [
        payment,
        body,
        token_digest(token),
        identifier(message.site, "site"),
        message.purpose == "enrolment",
        message.language,
        message.parent_origin,
        message.return_url,
        json.dumps(brands),
        new_id("card"),
        now,
        min(message.expires_at, now + timedelta(seconds=MAX_FORM_SECONDS)),
        f"{FORM_LOCK_MILLISECONDS}ms",
    ]
    try:
        run_raw(_BEGIN_SQL, values)
    except psycopg.errors.LockNotAvailable:
        raise Refusal("form_busy", "a card is being taken at this moment; try again") from None
    except psycopg.Error as error:
        raise as_refusal(error, "payment_id") from None
    return CardFormOpened(url=f"{vault.base_url}/card/{token}?lang={message.language}")


def check_brands(accepted: list[str]) -> list[str]:
    """Return the brands once each, in order. Raises ``Refusal`` ``message_invalid``."""
    brands = sorted(set(accepted))
    if not brands or not BRANDS.issuperset(brands):
        raise Refusal("message_invalid", f"takes some of {sorted(BRANDS)}", "accepted_brands")
    return brands


def check_place(origin: str | None, message: OpenCardForm | OpenPaperCardForm) -> None:
    """Only the site's own ``origin`` may frame a form and be returned to, whatever payments says:
    else a taken-over zone could show our form inside a page of its own. Raises ``Refusal``
    ``message_invalid``."""
    if not origin or message.parent_origin != origin:
        raise Refusal("message_invalid", "is not the site's origin", "parent_origin")
    parts = urlsplit(message.return_url)
    plain = message.return_url.isascii() and message.return_url.isprintable()
    if (
        f"{parts.scheme}://{parts.netloc}" != origin
        or not plain
        or len(message.return_url) > 500
        or any(character in message.return_url for character in " \\\"'<>")
    ):
        raise Refusal("message_invalid", "is not an address on the site's origin", "return_url")
