"""The second entry of a card from paper: compared with the first by keyed fingerprints, and not
kept. Nothing is opened for it."""

from __future__ import annotations

from datetime import datetime

from sekisho import evidence
from sekisho.crossings.message import Refusal
from sekisho.crossings.payments import CardCompared
from sekisho.transport import TransportError, cross
from sekisho.vault import fingerprints
from sekisho.vault.limits import CARD_ENTERED_SECONDS
from sekisho.vault.opened import Vault
from sekisho.vault.records.models import CardForm, Item
from sekisho.vault.records.visibility import visible_to
from sekisho.vault.take_card import CardNotTaken, EnteredCard, FormState, state_of


def compare_card(vault: Vault, form: CardForm, entered: EnteredCard, now: datetime) -> FormState:
    """Compare what was entered with the form's card and tell payments; return the form's new
    state. Payments is told before the commit, as with ``take_card``. Raises ``CardNotTaken``."""
    try:
        with visible_to(form.client_body):
            locked = CardForm.objects.select_for_update().get(pk=form.pk)
            if state_of(locked, now) != "open":
                return state_of(locked, now)
            message = _compared(vault, form, entered, now)
            CardForm.objects.filter(pk=form.pk).update(state="accepted")
            evidence.append(
                kind="vault.card_compared",
                subject=form.compares_with,
                facts={
                    "client_body": form.client_body,
                    "payment": form.payment_id,
                    "number_same": message.number_same,
                    "expiry_same": message.expiry_same,
                },
            )
            cross(message, seconds=CARD_ENTERED_SECONDS)
    except Refusal as refusal:
        raise CardNotTaken(refusal.code) from None
    except TransportError as failure:
        raise CardNotTaken(type(failure).__name__) from None
    return "accepted"


def _compared(vault: Vault, form: CardForm, entered: EnteredCard, now: datetime) -> CardCompared:
    kept = {
        item.kind: item
        for item in Item.objects.filter(
            subject__card__token=form.compares_with, kind__in=("card_number", "card_expiry")
        )
    }
    if len(kept) != 2:
        raise Refusal("payment_over", "the card of the first entry was forgotten")
    number = vault.keyring.card_fingerprint(entered.number.clear_text())
    expiry, _ = vault.keyring.item_fingerprint(
        form.client_body,
        "card_expiry",
        entered.expiry.clear_text(),
        now,
        kept["card_expiry"].fingerprint_key_version,
    )
    return CardCompared(
        payment_id=form.payment_id,
        card_token=form.compares_with,
        number_same=fingerprints.same(number, bytes(kept["card_number"].fingerprint)),
        expiry_same=fingerprints.same(expiry, bytes(kept["card_expiry"].fingerprint)),
    )
