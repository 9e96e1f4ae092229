"""Plant honey cards: each a card that nobody typed, laid down as the card form would have.

What is ordered is planted one by one at random moments (``within``), as cards come in; each takes
after a card form of its client body, with the same rows in the same tables."""

from __future__ import annotations

import random
import re
from datetime import datetime, timedelta
from typing import ClassVar

from sekisho import evidence
from sekisho.crossings.message import Crossing, Refusal, Taken
from sekisho.crossings.vault import MarkHoneyCard, PlantHoneyCards
from sekisho.transport import outbox
from sekisho.vault.answered import answered, digest_of, remember
from sekisho.vault.errors import VaultError
from sekisho.vault.identifiers import idempotency_key, identifier
from sekisho.vault.keyring import KEPT, ONE_OFF
from sekisho.vault.limits import (
    HONEY_CARDS_PER_ORDER,
    HONEY_LOOKS_BACK_FORMS,
    MAX_HONEY_HOURS,
)
from sekisho.vault.open_card_form import token_digest
from sekisho.vault.opened import Vault
from sekisho.vault.records.models import Card, CardForm, Item, SpentPermit
from sekisho.vault.records.visibility import visible_to
from sekisho.vault.sealed_items import card_binding, open_item
from sekisho.vault.take_card import ClearCard, card_facts, sealed_card
from sekisho.vocabulary.digits import passes_luhn
from sekisho.vocabulary.identifiers import new_id, new_token

_ERRAND = re.compile(r"[A-Za-z0-9_-]{30,}")
"""The random part of a return address."""

_FAMILY = ("ABE", "AOKI", "FUJITA", "HARA", "ISHII", "KATO", "MORI", "OGAWA", "TANAKA", "WADA")
_GIVEN = ("AKIRA", "CHIE", "EMI", "HIROSHI", "KEIKO", "MAKOTO", "NAOMI", "RIE", "SATORU", "YUKI")

_draw = random.SystemRandom()


class PlantOne(Crossing[Taken], frozen=True, kw_only=True):
    """Plant one honey card of ``client_body`` now; a message of the vault to itself."""

    receiver: ClassVar[str] = "vault"
    reply = Taken
    client_body: str


def order_honey(vault: Vault, message: PlantHoneyCards, now: datetime) -> Taken:
    """Write down that honey cards are to be planted. Said again with the same key it changes
    nothing. Raises ``Refusal`` ``message_invalid`` naming the field, ``nothing_to_resemble`` while
    the client body has no card of its own, ``key_reused``."""
    body, by = identifier(message.client_body, "client_body"), identifier(message.by, "by")
    key = idempotency_key(message.key)
    if not 1 <= message.number <= HONEY_CARDS_PER_ORDER:
        raise Refusal("message_invalid", f"takes 1 to {HONEY_CARDS_PER_ORDER}", "number")
    if not 0 <= message.within_hours <= MAX_HONEY_HOURS:
        raise Refusal("message_invalid", f"takes 0 to {MAX_HONEY_HOURS}", "within_hours")
    asked = digest_of(body, str(message.number), str(message.within_hours))
    with visible_to(body):
        earlier = answered(body, "honey", key, asked, Taken)
        if earlier is not None:
            return earlier
        _form_to_resemble()
        for _ in range(message.number):
            seconds = _draw.uniform(0, message.within_hours * 3600)
            outbox.post(PlantOne(client_body=body), due_in=timedelta(seconds=seconds))
        _tell_order(body, message.number, by)
        remember(body, "honey", key, asked, Taken(), now)
    return Taken()


def mark_honey(vault: Vault, message: MarkHoneyCard, now: datetime) -> Taken:
    """Make honey of a card that came in by the form: one's own enrolment with a test number, which
    then lies in payments too. Again changes nothing. Raises ``Refusal`` ``token_unknown`` for a
    payment without a card, ``card_real`` for a number outside of the test ranges: a honey card is
    released like any other, so it must buy nothing."""
    body, by = identifier(message.client_body, "client_body"), identifier(message.by, "by")
    payment = identifier(message.payment_id, "payment_id")
    with visible_to(body):
        cards = Card.objects.select_related("subject").filter(payment_id=payment)
        card = cards.filter(forgotten_at=None).first()
        if card is None:
            raise Refusal("token_unknown", "this payment has no card here", "payment_id")
        item = Item.objects.get(subject_id=card.subject_id, kind="card_number")
        try:
            key = vault.keyring.open_subject(card.subject)
            number = open_item(item, key, bound_to=card_binding(payment, kept=card.kept))
        except VaultError as broken:
            raise Refusal("token_unknown", type(broken).__name__, "payment_id") from None
        if number[:6] not in vault.honey_ranges:
            raise Refusal("card_real", "its number is in no test range", "payment_id")
        if not vault.honey.holds(card.token):
            _tell_order(body, 1, by)
            vault.honey.add(card.token)
    return Taken()


def plant_one(vault: Vault, job: PlantOne, now: datetime) -> None:
    """Lay one honey card down. The mark comes first: a card without a mark would be a card, a mark
    without a card is nothing."""
    card_token, payment = new_id("card"), new_id("pay")
    vault.honey.add(card_token)
    with visible_to(job.client_body):
        form = _form_to_resemble()
        form.pk, form.card_token, form.payment_id = None, card_token, payment
        form.token_digest = token_digest(new_token())
        form.return_url = _ERRAND.sub(lambda found: _like(found[0]), form.return_url)
        form.state, form.tries = "accepted", 1
        form.opened_at, life = now - timedelta(seconds=75), form.expires_at - form.opened_at
        form.expires_at = form.opened_at + life
        form.save(force_insert=True)
        subject = vault.keyring.new_subject(job.client_body, KEPT if form.kept else ONE_OFF, now)
        Item.objects.bulk_create(sealed_card(vault, form, subject, _made_up(vault, now), now))
        Card.objects.create(
            token=card_token,
            subject_id=subject.row.token,
            client_body=job.client_body,
            payment_id=payment,
            site=form.site,
            kept=form.kept,
            entered_at=now,
        )
        SpentPermit.objects.bulk_create(
            SpentPermit(
                permit_id=new_id("permit"),
                client_body=job.client_body,
                payment_id=payment,
                card_token=card_token,
                purpose=purpose,
                spent_at=now,
            )
            for purpose in ("authenticate", "authorise")
        )
        evidence.append(
            kind="vault.card_taken", subject=card_token, facts=card_facts(form, subject)
        )


def _form_to_resemble() -> CardForm:
    forms = CardForm.objects.filter(state="accepted").order_by("-kept", "-id")
    found = list(forms[:HONEY_LOOKS_BACK_FORMS])
    if not found:
        detail = "no card of this client body came in yet; pay one bill with a test card first"
        raise Refusal("nothing_to_resemble", detail, "client_body")
    return _draw.choice(found)


def _like(errand: str) -> str:
    return new_token()[: len(errand)].ljust(len(errand), "A")


def _made_up(vault: Vault, now: datetime) -> ClearCard:
    """A person and a number that are nobody's: the number is in a test range."""
    prefix = _draw.choice(sorted(vault.honey_ranges))
    digits = prefix + "".join(_draw.choices("0123456789", k=9))
    number = next(digits + last for last in "0123456789" if passes_luhn(digits + last))
    return ClearCard(
        number=number,
        expiry_yymm=f"{(now.year + _draw.randint(1, 5)) % 100:02d}{_draw.randint(1, 12):02d}",
        cardholder_name=f"{_draw.choice(_GIVEN)} {_draw.choice(_FAMILY)}",
    )


def _tell_order(client_body: str, number: int, by: str) -> None:
    """How many, for whom and by whom; never which."""
    evidence.append(
        kind="vault.honey_ordered", subject=client_body, facts={"number": number, "by": by}
    )
