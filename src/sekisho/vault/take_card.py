"""Take the card that a payer typed: seal it, tell payments, keep the code in memory."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from sekisho import evidence
from sekisho.card_secrets import CardExpiry, CardNumber, SecurityCode
from sekisho.crossings.message import Refusal
from sekisho.crossings.payments import CardEntered
from sekisho.transport import TransportError, cross
from sekisho.vault.keyring import KEPT, ONE_OFF, SubjectKey
from sekisho.vault.limits import CARD_ENTERED_SECONDS, FORM_TRIES
from sekisho.vault.opened import Vault
from sekisho.vault.records.models import CardForm, Item
from sekisho.vault.records.raw import run_inside, run_raw
from sekisho.vault.records.visibility import visible_to
from sekisho.vault.sealed_items import card_binding, sealed_item
from sekisho.vault.security_codes import CodesFull

_FIND_SQL: Final = (
    "SELECT id, token_digest, payment_id, client_body, site, kept, language, parent_origin,"
    " return_url, accepted_brands::text, card_token, state, tries, opened_at, expires_at, paper,"
    " compares_with"
    " FROM find_card_form(%s, %s, %s, %s)"
)
"""The columns of ``CardForm`` in their order."""

_FORM_COLUMNS: Final = [field.attname for field in CardForm._meta.concrete_fields]
_BRANDS_COLUMN: Final = _FORM_COLUMNS.index("accepted_brands")

_STORE_SQL: Final = (
    "SELECT store_card(%s, %s, %s, %s, %s, %s, %s::text[], %s::text[], %s::bytea[], %s::bytea[],"
    " %s::int[], %s)"
)

FormState = Literal["open", "accepted", "shut", "locked", "expired"]


class CardNotTaken(Exception):
    """Nothing was kept; the payer may send the form again."""


@dataclass(frozen=True, slots=True, repr=False)
class ClearCard:
    """The items of a card, about to be sealed."""

    number: str
    expiry_yymm: str
    cardholder_name: str


@dataclass(frozen=True, slots=True, repr=False)
class EnteredCard:
    """A card as it was read from the form."""

    number: CardNumber
    expiry: CardExpiry
    code: SecurityCode | None
    """Nothing from paper."""
    cardholder_name: str
    """Empty from paper."""

    def wipe(self) -> None:
        """Overwrite number and expiry; the code is the holder's to wipe."""
        self.number.wipe()
        self.expiry.wipe()

    def wipe_code(self) -> None:
        """Overwrite the code, if there is one."""
        if self.code is not None:
            self.code.wipe()


def state_of(form: CardForm, now: datetime) -> FormState:
    """Return what may be done with the form at ``now``."""
    if form.state == "open" and now >= form.expires_at:
        return "expired"
    state: FormState = form.state  # type: ignore[assignment]  # one of them by constraint
    return state


def find_form(digest: bytes, now: datetime, *, counted: bool) -> CardForm | None:
    """Return the form of a token's digest, or nothing. ``counted``: it is being sent, which counts
    as a try; past ``FORM_TRIES`` it is locked."""
    row = run_raw(_FIND_SQL, [digest, counted, FORM_TRIES, now])
    if row is None:
        return None
    brands = json.loads(row[_BRANDS_COLUMN])
    values = [*row[:_BRANDS_COLUMN], brands, *row[_BRANDS_COLUMN + 1 :]]
    return CardForm.from_db("default", _FORM_COLUMNS, values)


def take_card(vault: Vault, form: CardForm, entered: EnteredCard, now: datetime) -> FormState:
    """Keep the card for the form's payment and tell payments; return the form's new state.

    Payments is told before the commit, with the token that the form was given when it was opened:
    whichever of the two steps is cut off, sending the form again puts it right. Raises
    ``CardNotTaken`` when payments can't be reached or too many codes are held."""
    try:
        with visible_to(form.client_body):
            state, message = _store(vault, form, entered, now)
            if state != "open":
                entered.wipe_code()
                return state
            if entered.code is not None:
                vault.codes.hold(form.payment_id, form.card_token, entered.code)
            cross(message, seconds=CARD_ENTERED_SECONDS)
    except BaseException as failure:
        vault.codes.forget(form.payment_id)
        entered.wipe_code()
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


def _store(
    vault: Vault, form: CardForm, entered: EnteredCard, now: datetime
) -> tuple[FormState, CardEntered]:
    """Write the card down in the current transaction, and return the state in which the form was
    found; when that is not ``open``, nothing was written."""
    use = KEPT if form.kept else ONE_OFF
    row, subject = vault.keyring.made_subject(form.client_body, use, now)
    clear = ClearCard(
        number=entered.number.clear_text(),
        expiry_yymm=entered.expiry.clear_text(),
        cardholder_name=entered.cardholder_name,
    )
    items = sealed_card(vault, form, subject, clear, now)
    found = run_inside(
        _STORE_SQL,
        [
            form.pk,
            now,
            row.token,
            row.use,
            row.data_key_version,
            row.wrapped_key,
            [item.token for item in items],
            [item.kind for item in items],
            [item.sealed for item in items],
            [item.fingerprint for item in items],
            [item.fingerprint_key_version for item in items],
            evidence.facts_text(card_facts(form, subject)),
        ],
    )
    if found is None:
        raise RuntimeError("store_card gave no row")
    return found[0], CardEntered(
        payment_id=form.payment_id,
        card_token=form.card_token,
        subject=row.token,
        brand=entered.number.brand,
        last_four=entered.number.last_four,
        issuer_bin=entered.number.issuer_bin,
        fingerprint=bytes(items[0].fingerprint),
    )


def card_facts(form: CardForm, subject: SubjectKey) -> dict[str, str | bool]:
    """Return what the evidence says of a card that was taken."""
    return {
        "client_body": form.client_body,
        "payment": form.payment_id,
        "site": form.site,
        "person": subject.row.token,
        "kept": form.kept,
    }


def sealed_card(
    vault: Vault, form: CardForm, subject: SubjectKey, clear: ClearCard, now: datetime
) -> list[Item]:
    """Return the card's unsaved items, its number first, bound to the form's payment."""
    bound_to = card_binding(form.payment_id, kept=form.kept)
    number_print = vault.keyring.card_fingerprint(clear.number)
    items = []
    for kind, value in (
        ("card_number", clear.number),
        ("card_expiry", clear.expiry_yymm),
        ("cardholder_name", clear.cardholder_name),
    ):
        if not value:
            continue
        print_, version = number_print, 1
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
