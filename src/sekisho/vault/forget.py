"""Forgetting: a card after settlement, a code after the answer. A subject is forgotten by
destroying its key; the items go with it (PCI DSS 3.2.1)."""

from __future__ import annotations

from datetime import datetime

from sekisho import evidence
from sekisho.crossings.message import Refusal, Taken
from sekisho.crossings.vault import ForgetCard, ForgetSecurityCode
from sekisho.vault.identifiers import identifier
from sekisho.vault.opened import Vault
from sekisho.vault.records.models import Card, CardForm, Item, Subject
from sekisho.vault.records.visibility import body_of_payment, visible_to


def forget_card(vault: Vault, message: ForgetCard, now: datetime) -> Taken:
    """Forget one card of a payment, or (no token) all that was entered for it.

    A card that is kept for an enrolment does not go because a payment was ``settled``. Said again
    it changes nothing. Raises ``Refusal`` ``token_unknown`` for a card of another payment."""
    payment = identifier(message.payment_id, "payment_id")
    token = message.card_token and identifier(message.card_token, "card_token")
    # A card that was replaced must not take the new card's code with it.
    vault.codes.forget(payment, token)
    body = body_of_payment(payment)
    if body is None:
        if token:
            raise Refusal("token_unknown", "no such card of this payment", "card_token")
        return Taken()
    with visible_to(body):
        forms = CardForm.objects.filter(payment_id=payment)
        cards = Card.objects.filter(payment_id=payment)
        if token:
            forms, cards = forms.filter(card_token=token), cards.filter(token=token)
            if not forms.exists():
                raise Refusal("token_unknown", "no such card of this payment", "card_token")
        else:
            forms.filter(state="open").update(state="shut")
        if message.reason == "settled":
            cards = cards.filter(kept=False)
        for card in cards.filter(forgotten_at=None).select_for_update():
            _forget(card, message.reason, now)
    return Taken()


def _forget(card: Card, reason: str, now: datetime) -> None:
    forget_subject(card.subject_id, now)
    card.forgotten_at = now
    card.save(update_fields=["forgotten_at"])
    evidence.append(
        kind="vault.card_forgotten",
        subject=card.token,
        facts={
            "client_body": card.client_body,
            "payment": card.payment_id,
            "person": card.subject_id,
            "reason": reason,
        },
    )


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
