"""Open a card form at the desk, for a card that came on paper."""

from __future__ import annotations

from datetime import datetime, timedelta

from sekisho.crossings.message import Refusal
from sekisho.crossings.vault import CardFormOpened, OpenPaperCardForm
from sekisho.vault.identifiers import identifier
from sekisho.vault.limits import MAX_FORM_SECONDS
from sekisho.vault.open_card_form import check_brands, check_place, token_digest
from sekisho.vault.opened import Vault
from sekisho.vault.records.models import Card, CardForm
from sekisho.vault.records.visibility import body_of_payment, visible_to
from sekisho.vocabulary.identifiers import new_id, new_token


def open_paper_form(vault: Vault, message: OpenPaperCardForm, now: datetime) -> CardFormOpened:
    """Return the address of a fresh form that the desk alone may frame; an earlier open form of
    the payment is shut.

    Raises ``Refusal`` ``message_invalid`` naming the field, ``payment_foreign``,
    ``token_unknown`` when there is no such card of the payment to compare with."""
    body = identifier(message.client_body, "client_body")
    payment = identifier(message.payment_id, "payment_id")
    check_place(vault.desk_origin, message)
    brands = check_brands(message.accepted_brands)
    if message.expires_at.tzinfo is None or message.expires_at <= now:
        raise Refusal("message_invalid", "is past, or has no zone", "expires_at")
    compared = message.compare_with and identifier(message.compare_with, "compare_with")
    token = new_token()
    with visible_to(body):
        if body_of_payment(payment) not in (None, body):
            raise Refusal("payment_foreign", "this payment is another client body's", "payment_id")
        if compared and not _kept_card(compared, payment):
            raise Refusal("token_unknown", "no such card of this payment", "compare_with")
        CardForm.objects.filter(payment_id=payment, state="open").update(state="shut")
        CardForm.objects.create(
            token_digest=token_digest(token),
            payment_id=payment,
            client_body=body,
            site=identifier(message.site, "site"),
            kept=True,
            language=message.language,
            parent_origin=message.parent_origin,
            return_url=message.return_url,
            accepted_brands=brands,
            card_token=new_id("card"),
            opened_at=now,
            expires_at=min(message.expires_at, now + timedelta(seconds=MAX_FORM_SECONDS)),
            paper=True,
            compares_with=compared,
        )
    return CardFormOpened(url=f"{vault.base_url}/card/{token}?lang={message.language}")


def _kept_card(token: str, payment: str) -> bool:
    return Card.objects.filter(
        token=token, payment_id=payment, kept=True, forgotten_at=None
    ).exists()
