"""Release a card on a permit. The order is the protection:

1. is the permit what payments signed, for us, now, for this receiver;
2. does it fit what the vault itself recorded when the card was entered;
3. spend it, count it, write the evidence line, and COMMIT;
4. only then open the card and seal it to card_network.

A crash after 3 loses a permit, never a line of evidence. Whoever runs code in card_network has
nothing without permits; whoever runs code in payments can sign permits, but what they release goes
to card_network's key alone, counted, and each is on the evidence.
"""

from __future__ import annotations

import contextlib
import hashlib
from datetime import datetime, timedelta

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.db import connection

from sekisho import evidence
from sekisho.crossings.message import Refusal
from sekisho.crossings.sealing import release_purpose, seal
from sekisho.crossings.vault import (
    Release,
    Released,
    ReleasedCard,
    ReleasePermit,
    SignedPermit,
)
from sekisho.vault.errors import KeyMissing, VaultError
from sekisho.vault.identifiers import identifier
from sekisho.vault.keyring import SubjectKey
from sekisho.vault.limits import CLOCK_SKEW_SECONDS, PERMIT_SECONDS
from sekisho.vault.opened import Vault
from sekisho.vault.recorded_card import RecordedCard, recorded_card
from sekisho.vault.records.visibility import visible_to
from sekisho.vault.refusals import tell_refusal
from sekisho.vault.sealed_items import card_binding, open_item
from sekisho.vault.security_codes import CodeOut

RECEIVER = "card_network"
ALL_BODIES = "*"


def release_card(vault: Vault, caller: str, message: Release, now: datetime) -> Released:
    """Spend the permit and return the card sealed to card_network's key.

    Raises ``Refusal`` ``permit_forged``, ``permit_foreign``, ``permit_expired``,
    ``token_unknown``, ``permit_spent``, ``budget_spent``, ``code_gone``; each is a line of
    evidence, and nothing was opened."""
    permit = message.signed_permit.permit
    proven = False
    try:
        _check_signature(vault, message.signed_permit)
        proven = True
        _check_permit(vault, caller, permit, now)
        return _release_checked(vault, permit, now)
    except Refusal as refusal:
        tell_refusal(refusal.code, permit, caller=caller, proven=proven, now=now)
        raise


def _check_signature(vault: Vault, signed: SignedPermit) -> None:
    try:
        key = Ed25519PublicKey.from_public_bytes(vault.permit_key)
        key.verify(signed.signature, signed.permit.signed_bytes())
    except InvalidSignature:
        raise Refusal("permit_forged", "payments did not sign this permit") from None


def _check_permit(vault: Vault, caller: str, permit: ReleasePermit, now: datetime) -> None:
    for field in ("permit_id", "payment_id", "client_body", "card_token"):
        identifier(getattr(permit, field), field)
    if caller != RECEIVER or permit.receiver_key != vault.receiver_key:
        raise Refusal("permit_foreign", "made for another receiver than card_network")
    if permit.issued_at.tzinfo is None or permit.expires_at.tzinfo is None:
        raise Refusal("permit_expired", "its times have no zone")
    if permit.issued_at > now + timedelta(seconds=CLOCK_SKEW_SECONDS) or now >= permit.expires_at:
        raise Refusal("permit_expired", "not valid at this moment")
    if permit.expires_at - permit.issued_at > timedelta(seconds=PERMIT_SECONDS):
        raise Refusal("permit_expired", f"made for longer than {PERMIT_SECONDS} seconds")
    if permit.with_security_code and permit.purpose != "authorise":
        raise Refusal("permit_foreign", "a security code leaves for an authorisation alone")


def _release_checked(vault: Vault, permit: ReleasePermit, now: datetime) -> Released:
    code: CodeOut | None = None
    if permit.with_security_code:
        code = vault.codes.take(permit.payment_id, permit.card_token)
    try:
        with visible_to(permit.client_body):
            card = _fitting_card(permit)
            if permit.with_security_code and code is None:
                raise Refusal("code_gone", "no security code is held for this payment")
            _spend(permit, now)
            _tell_release(permit, card)
            _count(vault, permit.client_body, now)
    except BaseException:
        if code is not None:
            code.put_back()
        raise
    try:
        return _open_and_seal(vault, permit, card, code)
    finally:
        if code is not None:
            code.wipe()
        if permit.purpose == "authorise":
            vault.codes.forget(permit.payment_id)


def _kinds_of(permit: ReleasePermit) -> frozenset[str]:
    """Return what leaves: the cardholder's name only for 3-D Secure, which asks for it."""
    kinds = {"card_number", "card_expiry"}
    return frozenset(kinds | {"cardholder_name"} if permit.purpose == "authenticate" else kinds)


def _fitting_card(permit: ReleasePermit) -> RecordedCard:
    card = recorded_card(permit.card_token, _kinds_of(permit))
    if card is None:
        raise Refusal("token_unknown", "no such card of this client body")
    own_payment = card.payment_id == permit.payment_id
    later_charge = card.kept and permit.purpose == "authorise" and not permit.with_security_code
    if not (own_payment or later_charge):
        raise Refusal("permit_foreign", "the card was entered for another payment")
    if not {"card_number", "card_expiry"} <= {item.kind for item in card.items}:
        raise Refusal("token_unknown", "the card was forgotten")
    return card


def _spend(permit: ReleasePermit, now: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO spent_permit"
            " (permit_id, client_body, payment_id, card_token, purpose, spent_at)"
            " VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
            [
                permit.permit_id,
                permit.client_body,
                permit.payment_id,
                permit.card_token,
                permit.purpose,
                now,
            ],
        )
        if cursor.rowcount != 1:
            raise Refusal("permit_spent", "this permit was used")


def _count(vault: Vault, client_body: str, now: datetime) -> None:
    """Count the release in both budgets. Last before the commit: every release of the hour waits
    on these two rows. Raises ``Refusal`` ``budget_spent``."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    own, every = vault.budget_of(client_body), vault.all_releases_per_hour
    counted = 0
    if min(own, every) > 0:
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO release_budget AS kept (client_body, hour, released)"
                " VALUES (%s, %s, 1), (%s, %s, 1) ON CONFLICT (client_body, hour) DO UPDATE"
                " SET released = kept.released + 1 WHERE kept.released <"
                " CASE kept.client_body WHEN %s THEN %s ELSE %s END",
                [client_body, hour, ALL_BODIES, hour, ALL_BODIES, every, own],
            )
            counted = cursor.rowcount
    if counted != 2:
        raise Refusal("budget_spent", f"{own} releases an hour, {every} for all client bodies")


def _tell_release(permit: ReleasePermit, card: RecordedCard) -> None:
    evidence.append(
        kind="vault.card_released",
        subject=permit.card_token,
        facts={
            "permit": permit.permit_id,
            "payment": permit.payment_id,
            "client_body": permit.client_body,
            "site": card.site,
            "person": card.subject.token,
            "purpose": permit.purpose,
            "receiver": RECEIVER,
            "receiver_key": hashlib.sha256(permit.receiver_key).hexdigest()[:16],
            "kinds": sorted(item.kind for item in card.items),
            "with_security_code": permit.with_security_code,
        },
    )


def _open_and_seal(
    vault: Vault, permit: ReleasePermit, card: RecordedCard, code: CodeOut | None
) -> Released:
    bound_to = card_binding(card.payment_id, kept=card.kept)
    try:
        subject = _open_subject(vault, card)
        clear = {item.kind: open_item(item, subject, bound_to=bound_to) for item in card.items}
    except VaultError as broken:
        # Somebody re-wrote rows, or the card was forgotten at this moment: either way a person
        # should see it, and card_network learns no more than that there is no card.
        raise Refusal("token_unknown", type(broken).__name__) from None
    content = ReleasedCard(
        number=clear["card_number"],
        expiry_yymm=clear["card_expiry"],
        cardholder_name=clear.get("cardholder_name"),
        security_code=code.clear_text() if code is not None else None,
    )
    return Released(
        box=seal(permit.receiver_key, content, purpose=release_purpose(permit.permit_id))
    )


def _open_subject(vault: Vault, card: RecordedCard) -> SubjectKey:
    """Return the card's key; the database is asked only for a data key that is not at hand."""
    if vault.keyring.at_hand(card.subject):
        with contextlib.suppress(KeyMissing):
            return vault.keyring.open_subject(card.subject)
    with visible_to(card.subject.client_body):
        return vault.keyring.open_subject(card.subject)
