"""Erase a subject because somebody asked for it: the key is destroyed, the items go, and no copy of
the database opens them again once the keys above are gone too (docs/how-to/erase-a-subject.md).

Source: PCI DSS 3.2.1 (keep nothing that isn't needed); the Act on the Protection of Personal
Information, article 35 (a person may ask that use stop and data be erased)."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from django.db.models import Q

from sekisho import evidence
from sekisho.crossings.message import Refusal
from sekisho.crossings.vault import EraseSubject, SubjectErased
from sekisho.vault.allow_more import read_reason
from sekisho.vault.forget import forget_subject
from sekisho.vault.identifiers import identifier
from sekisho.vault.opened import Vault
from sekisho.vault.records.models import Card, CardForm, Item, MailOutgoing, Subject
from sekisho.vault.records.visibility import visible_to
from sekisho.vault.write_mail import REQUIRED_FACTS


def erase_subject(vault: Vault, message: EraseSubject, now: datetime) -> SubjectErased:
    """Erase the subject, or (``dry_run``) say what would go.

    A card that is kept for yearly charges, and a card whose payment is not over, are needed: that
    is refused unless the operator says ``even_if_needed``. Raises ``Refusal`` ``token_unknown``,
    ``several_subjects`` (the detail names them), ``subject_needed`` (the detail says by what),
    ``message_invalid``."""
    body, by = identifier(message.client_body, "client_body"), identifier(message.by, "by")
    token, reason = identifier(message.subject, "subject"), read_reason(message.reason)
    with visible_to(body):
        subject = _find(token)
        found = _what_goes(vault, subject, dry_run=message.dry_run)
        if message.dry_run or found.erased_before is not None:
            return found
        if found.needed_by and not message.even_if_needed:
            raise Refusal("subject_needed", "; ".join(found.needed_by), "subject")
        _erase(vault, found, now)
        evidence.append(
            kind="vault.subject_erased",
            subject=subject.token,
            facts={
                "client_body": body,
                "by": by,
                "reason": reason,
                "kinds": sorted(found.items),
                "card": found.card_token,
                "payment": found.payment_id,
                "mails_dropped": found.mails_waiting,
                "needed_by": found.needed_by,
            },
        )
    return found


def _find(token: str) -> Subject:
    """Return the subject, locked, that a token leads to: its own, an item's, a card's, a payment's
    (its card, the address of its mails)."""
    led_to = {
        *Subject.objects.filter(token=token).values_list("token", flat=True),
        *Item.objects.filter(token=token).values_list("subject_id", flat=True),
        *Card.objects.filter(Q(token=token) | Q(payment_id=token)).values_list(
            "subject_id", flat=True
        ),
        *_of_mails(token),
    }
    rows = Subject.objects.select_for_update().filter(token__in=led_to).order_by("token")
    subjects = list(rows)
    if len(subjects) > 1:
        living = [subject for subject in subjects if subject.wrapped_key is not None]
        subjects = living or subjects[:1]
    if not subjects:
        raise Refusal("token_unknown", "leads to no subject of this client body", "subject")
    if len(subjects) > 1:
        detail = f"say which: {', '.join(subject.token for subject in subjects)}"
        raise Refusal("several_subjects", detail, "subject")
    return subjects[0]


def _of_mails(payment: str) -> set[str]:
    """Mails of a payment have its id in their key, behind the template's name."""
    keys = [f"{template}:{payment}" for template in REQUIRED_FACTS]
    tokens = MailOutgoing.objects.filter(key__in=keys).values_list("token", flat=True)
    return set(Item.objects.filter(token__in=tokens).values_list("subject_id", flat=True))


def _what_goes(vault: Vault, subject: Subject, *, dry_run: bool) -> SubjectErased:
    items = dict(Item.objects.filter(subject_id=subject.token).values_list("token", "kind"))
    card = Card.objects.filter(subject_id=subject.token).first()
    mails = MailOutgoing.objects.filter(token__in=items, state="waiting").count()
    living = subject.wrapped_key is not None
    return SubjectErased(
        subject=subject.token,
        items=dict(sorted(Counter(items.values()).items())),
        card_token=card.token if card else "",
        payment_id=card.payment_id if card else "",
        mails_waiting=mails,
        needed_by=_needed_by(vault, card, mails) if living else [],
        made_at=subject.made_at,
        erased_before=subject.forgotten_at,
        dry_run=dry_run,
    )


def _needed_by(vault: Vault, card: Card | None, mails: int) -> list[str]:
    needed = []
    if card is not None and card.kept:
        needed.append(
            f"card kept for the charges of enrolment payment {card.payment_id}: end the enrolment"
            " first, or its next charge fails"
        )
    elif card is not None:
        needed.append(
            f"card of payment {card.payment_id} that payments has not settled or ended yet:"
            " a refund or an unfinished authorisation fails without it"
        )
    if mails:
        needed.append(f"{mails} mails that are being delivered")
    return needed


def _erase(vault: Vault, found: SubjectErased, now: datetime) -> None:
    tokens = list(Item.objects.filter(subject_id=found.subject).values_list("token", flat=True))
    waiting = MailOutgoing.objects.filter(token__in=tokens, state="waiting")
    waiting.update(state="failed", ended_at=now)
    forget_subject(found.subject, now)
    if found.card_token:
        vault.codes.forget(found.payment_id, found.card_token)
        Card.objects.filter(token=found.card_token).update(forgotten_at=now)
        open_forms = CardForm.objects.filter(payment_id=found.payment_id, state="open")
        open_forms.update(state="shut")
