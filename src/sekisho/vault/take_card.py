"""Take the card that a payer typed: seal it, tell payments, keep the code in memory."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sekisho import evidence
from sekisho.card_secrets import CardExpiry, CardNumber, SecurityCode
from sekisho.crossings.message import Refusal
from sekisho.crossings.payments import CardEntered
from sekisho.transport import TransportError, cross
from sekisho.vault.keyring import KEPT, ONE_OFF, SubjectKey
from sekisho.vault.limits import CARD_ENTERED_SECONDS, FORM_TRIES
from sekisho.vault.opened import Vault
from sekisho.vault.records.models import Card, CardForm, Item
from sekisho.vault.records.visibility import visible_to
from sekisho.vault.sealed_items import card_binding, sealed_item
from sekisho.vault.security_codes import CodesFull

FormState = Literal["open", "accepted", "shut", "locked", "expired"]


class CardNotTaken(Exception):
    """Nothing was kept; the payer may send the form again."""


@dataclass(frozen=True, slots=True, repr=False)
class EnteredCard:
    """A card as it was read from the form."""

    number: CardNumber
    expiry: CardExpiry
    code: SecurityCode
    cardholder_name: str

    def wipe(self) -> None:
        """Overwrite number and expiry; the code is the holder's to wipe."""
        self.number.wipe()
        self.expiry.wipe()


def state_of(form: CardForm, now: datetime) -> FormState:
    """Return what may be done with the form at ``now``."""
    if form.state == "open" and now >= form.expires_at:
        return "expired"
    state: FormState = form.state  # type: ignore[assignment]  # one of them by constraint
    return state


def find_form(client_body: str, digest: bytes) -> CardForm:
    """Return the form of a token's digest. Raises ``CardForm.DoesNotExist``."""
    with visible_to(client_body):
        return CardForm.objects.get(token_digest=digest)


def count_try(client_body: str, digest: bytes, now: datetime) -> CardForm:
    """Count one sending of the form and return it; past ``FORM_TRIES`` it is locked."""
    with visible_to(client_body):
        form = CardForm.objects.select_for_update().get(token_digest=digest)
        if state_of(form, now) == "open":
            form.tries += 1
            if form.tries > FORM_TRIES:
                form.state = "locked"
            form.save(update_fields=["tries", "state"])
        return form


def take_card(vault: Vault, form: CardForm, entered: EnteredCard, now: datetime) -> FormState:
    """Keep the card for the form's payment and tell payments; return the form's new state.

    Payments is told before the commit, with the token that the form was given when it was opened:
    whichever of the two steps is cut off, sending the form again puts it right. Raises
    ``CardNotTaken`` when payments can't be reached or too many codes are held."""
    try:
        with visible_to(form.client_body):
            locked = CardForm.objects.select_for_update().get(pk=form.pk)
            if state_of(locked, now) != "open":
                entered.code.wipe()
                return state_of(locked, now)
            message = _store(vault, locked, entered, now)
            vault.codes.hold(locked.payment_id, locked.card_token, entered.code)
            cross(message, seconds=CARD_ENTERED_SECONDS)
    except BaseException as failure:
        vault.codes.forget(form.payment_id)
        entered.code.wipe()
        if isinstance(failure, Refusal):
            raise CardNotTaken(failure.code) from None
        if isinstance(failure, TransportError | CodesFull):
            raise CardNotTaken(type(failure).__name__) from None
        raise
    return "accepted"


def shut_form(form: CardForm) -> None:
    """Shut an open form: its payment is over."""
    with visible_to(form.client_body):
        CardForm.objects.filter(pk=form.pk, state="open").update(state="shut")


def _store(vault: Vault, form: CardForm, entered: EnteredCard, now: datetime) -> CardEntered:
    subject = vault.keyring.new_subject(form.client_body, KEPT if form.kept else ONE_OFF, now)
    number = entered.number.clear_text()
    fingerprint = vault.keyring.card_fingerprint(number)
    Item.objects.bulk_create(_items(vault, form, subject, entered, fingerprint, now))
    Card.objects.create(
        token=form.card_token,
        subject=subject.row,
        client_body=form.client_body,
        payment_id=form.payment_id,
        site=form.site,
        kept=form.kept,
        entered_at=now,
    )
    form.state = "accepted"
    form.save(update_fields=["state"])
    evidence.append(
        kind="vault.card_taken",
        subject=form.card_token,
        facts={
            "client_body": form.client_body,
            "payment": form.payment_id,
            "site": form.site,
            "person": subject.row.token,
            "kept": form.kept,
        },
    )
    return CardEntered(
        payment_id=form.payment_id,
        card_token=form.card_token,
        subject=subject.row.token,
        brand=entered.number.brand,
        last_four=entered.number.last_four,
        issuer_bin=entered.number.issuer_bin,
        fingerprint=fingerprint,
    )


def _items(
    vault: Vault,
    form: CardForm,
    subject: SubjectKey,
    entered: EnteredCard,
    card_fingerprint: bytes,
    now: datetime,
) -> list[Item]:
    bound_to = card_binding(form.payment_id, kept=form.kept)
    clear = {
        "card_number": entered.number.clear_text(),
        "card_expiry": entered.expiry.clear_text(),
        "cardholder_name": entered.cardholder_name,
    }
    items = []
    for kind, value in clear.items():
        print_, version = card_fingerprint, 1
        if kind != "card_number":
            print_, version = vault.keyring.item_fingerprint(form.client_body, kind, value, now)
        items.append(
            sealed_item(
                subject,
                kind,
                value,
                fingerprint=print_,
                fingerprint_key_version=version,
                now=now,
                bound_to=bound_to,
            )
        )
    return items
