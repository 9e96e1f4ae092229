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
from functools import cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

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
from sekisho.evidence.alarm import log_alarm
from sekisho.vault.count_releases import trip
from sekisho.vault.errors import KeyMissing, VaultError
from sekisho.vault.identifiers import identifier
from sekisho.vault.keyring import SubjectKey
from sekisho.vault.limits import CLOCK_SKEW_SECONDS, PERMIT_SECONDS
from sekisho.vault.opened import Vault
from sekisho.vault.recorded_card import RecordedCard, begin_release
from sekisho.vault.records.visibility import visible_to
from sekisho.vault.refusals import tell_honey, tell_refusal
from sekisho.vault.sealed_items import card_binding, open_item
from sekisho.vault.security_codes import CodeOut

RECEIVER = "card_network"

_WITHOUT_NAME = ("card_number", "card_expiry")
_WITH_NAME = (*_WITHOUT_NAME, "cardholder_name")


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
        tell_honey(vault, refusal.code, permit, caller=caller, proven=proven, now=now)
        raise


def _check_signature(vault: Vault, signed: SignedPermit) -> None:
    try:
        _public_key(vault.permit_key).verify(signed.signature, signed.permit.signed_bytes())
    except InvalidSignature:
        raise Refusal("permit_forged", "payments did not sign this permit") from None


@cache
def _public_key(raw: bytes) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(raw)


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
        card = _spend(vault, permit, code, now)
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


def _spend(
    vault: Vault, permit: ReleasePermit, code: CodeOut | None, now: datetime
) -> RecordedCard:
    """Steps 2 and 3, committed. A release that is refused is not counted."""
    facts = _facts_of(permit)
    alarm = None
    if vault.honey.rings(permit.card_token, now):
        alarm = evidence.facts_text({**facts, "answer": "released: its number buys nothing"})
    budgets = vault.budgets_of(permit.client_body)
    counted = vault.counter.take(permit.client_body, budgets, now)
    try:
        card = begin_release(
            permit,
            _kinds_of(permit),
            facts=evidence.facts_text(facts),
            alarm=alarm,
            code_there=code is not None,
            counted=counted,
            now=now,
        )
    except BaseException as failure:
        if counted:
            vault.counter.give_back(permit.client_body, now)
        elif isinstance(failure, Refusal) and failure.code == "budget_spent":
            trip(permit.client_body, budgets, now)
        raise
    if alarm is not None:
        vault.honey.told(permit.card_token, now)
        log_alarm("alarm.vault.honey_released", permit.card_token, alarm)
    return card


def _kinds_of(permit: ReleasePermit) -> tuple[str, ...]:
    """Return what leaves: the cardholder's name only for 3-D Secure, which asks for it."""
    return _WITH_NAME if permit.purpose == "authenticate" else _WITHOUT_NAME


def _facts_of(permit: ReleasePermit) -> dict[str, object]:
    """Return what the permit tells the evidence; the rest is the recorded card's."""
    return {
        "permit": permit.permit_id,
        "payment": permit.payment_id,
        "client_body": permit.client_body,
        "purpose": permit.purpose,
        "receiver": RECEIVER,
        "receiver_key": _key_digest(permit.receiver_key),
        "with_security_code": permit.with_security_code,
    }


@cache
def _key_digest(receiver_key: bytes) -> str:
    return hashlib.sha256(receiver_key).hexdigest()[:16]


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
