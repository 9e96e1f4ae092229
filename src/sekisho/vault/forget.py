"""Forgetting: a card after settlement, a code after the answer. A subject is forgotten by
destroying its key; the items go with it (PCI DSS 3.2.1)."""

from __future__ import annotations

from datetime import datetime

import psycopg

from sekisho import evidence
from sekisho.crossings.message import Refusal, Taken
from sekisho.crossings.vault import ForgetCard, ForgetItems, ForgetSecurityCode
from sekisho.vault.identifiers import identifier
from sekisho.vault.opened import Vault
from sekisho.vault.records.models import Card, Item, Subject
from sekisho.vault.records.raw import as_refusal, run_raw
from sekisho.vault.records.visibility import visible_to


def forget_card(vault: Vault, message: ForgetCard, now: datetime) -> Taken:
    """Forget one card of a payment, or (no token) all that was entered for it.

    A card that is kept for an enrolment does not go because a payment was ``settled``. Said again
    it changes nothing. Raises ``Refusal`` ``token_unknown`` for a card of another payment."""
    payment = identifier(message.payment_id, "payment_id")
    token = message.card_token and identifier(message.card_token, "card_token")
    # A card that was replaced must not take the new card's code with it.
    vault.codes.forget(payment, token)
    try:
        run_raw("SELECT forget_cards(%s, %s, %s, %s)", [payment, token, message.reason, now])
    except psycopg.Error as error:
        raise as_refusal(error, "card_token") from None
    return Taken()


def forget_items(message: ForgetItems, now: datetime) -> Taken:
    """Forget what was typed for a payment that ended without money, by its subject's token or one
    of its items'. Said again it changes nothing. Raises ``Refusal`` ``token_unknown`` for the
    subject of a card: that goes with ``forget_card``."""
    body = identifier(message.client_body, "client_body")
    payment = identifier(message.payment_id, "payment_id")
    token = identifier(message.token, "token")
    with visible_to(body):
        item = Item.objects.filter(token=token).values_list("subject_id", flat=True).first()
        found = Subject.objects.select_for_update().filter(token=item or token).first()
        if found is None or found.wrapped_key is None:
            return Taken()
        if Card.objects.filter(subject_id=found.token).exists():
            raise Refusal("token_unknown", "this is the subject of a card", "token")
        forget_subject(found.token, now)
        evidence.append(
            kind="vault.items_forgotten",
            subject=found.token,
            facts={"client_body": body, "payment": payment, "reason": "ended"},
        )
    return Taken()


def forget_subject(token: str, now: datetime) -> None:
    """Destroy a subject's key and remove its items, in the current transaction."""
    Item.objects.filter(subject_id=token).delete()
    Subject.objects.filter(token=token, wrapped_key__isnull=False).update(
        wrapped_key=None, forgotten_at=now
    )


def forget_security_code(vault: Vault, message: ForgetSecurityCode) -> Taken:
    """Wipe the payment's code from memory (PCI DSS 3.3.1). Said again it changes nothing."""
    vault.codes.forget(identifier(message.payment_id, "payment_id"))
    return Taken()
