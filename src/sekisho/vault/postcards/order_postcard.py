"""A postcard is ordered: written down with its facts, printed soon with others of its client body.
And: what became of those that were ordered."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar

from sekisho.crossings.message import Crossing, Refusal, Taken
from sekisho.crossings.vault import (
    MAX_POSTCARDS_LISTED,
    ListPostcards,
    PostcardShown,
    PostcardsListed,
    PrintPostcard,
)
from sekisho.transport import outbox
from sekisho.vault.errors import MailInvalid
from sekisho.vault.identifiers import idempotency_key, identifier
from sekisho.vault.opened import Vault
from sekisho.vault.postcards.limits import BATCH_GRACE_SECONDS, BATCH_WINDOW_SECONDS
from sekisho.vault.postcards.write_postcard import check_facts
from sekisho.vault.records.models import Item, Subject
from sekisho.vault.records.postcard_models import PostcardOutgoing
from sekisho.vault.records.visibility import client_bodies, visible_to

ADDRESS_KINDS = ("name", "postal_code", "address")
"""Kinds of items that a postcard is addressed with."""


class PrintPostcards(Crossing[Taken], frozen=True, kw_only=True):
    """Print a file of what waits for ``client_body``."""

    receiver: ClassVar[str] = "vault"
    reply = Taken
    client_body: str


def order_postcard(vault: Vault, message: PrintPostcard, now: datetime) -> Taken:
    """Write a postcard down for printing; said again with the same key it changes nothing.

    Raises ``Refusal`` ``token_unknown``, ``items_missing`` (field = the kind that is not there),
    ``message_invalid`` naming the fact that does not fit the template, ``key_reused``."""
    body = identifier(message.client_body, "client_body")
    key = idempotency_key(message.key)
    token = identifier(message.subject, "subject")
    try:
        check_facts(message.template, message.facts, vault.mail.sites)
    except MailInvalid as invalid:
        raise Refusal("message_invalid", invalid.rule, f"facts.{invalid.field}") from None
    with visible_to(body):
        known = PostcardOutgoing.objects.filter(client_body=body, key=key).first()
        subject = known.subject if known else _addressable(token)
        card, fresh = PostcardOutgoing.objects.get_or_create(
            client_body=body,
            key=key,
            defaults={
                "subject": subject,
                "template": message.template,
                "facts": message.facts,
                "ordered_at": now,
            },
        )
        if fresh:
            post_printing(body, now)
        elif (card.subject, card.template, card.facts) != (
            _subject_of(token) or card.subject,
            message.template,
            message.facts,
        ):
            raise Refusal("key_reused", "this key was used for another postcard", "key")
    return Taken()


def _subject_of(token: str) -> str | None:
    """Return the subject of a token; nothing once its item is forgotten."""
    item = Item.objects.filter(token=token).values_list("subject_id", flat=True).first()
    return item or Subject.objects.filter(token=token).values_list("token", flat=True).first()


def _addressable(token: str) -> str:
    """Return the subject that ``token`` leads to, if it can be written to."""
    subject = _subject_of(token)
    living = Subject.objects.filter(token=subject, wrapped_key__isnull=False)
    if subject is None or not living.exists():
        raise Refusal("token_unknown", "no such subject of this client body", "subject")
    kinds = set(Item.objects.filter(subject_id=subject).values_list("kind", flat=True))
    for kind in ADDRESS_KINDS:
        if kind not in kinds:
            raise Refusal("items_missing", f"the subject has no {kind}", kind)
    return subject


def post_printing(client_body: str, now: datetime) -> None:
    """Have what waits printed after the current window: one message a window, however many
    postcards are ordered in it."""
    window = int(now.timestamp()) // BATCH_WINDOW_SECONDS
    end = (window + 1) * BATCH_WINDOW_SECONDS + BATCH_GRACE_SECONDS
    outbox.post(
        PrintPostcards(client_body=client_body),
        due_in=timedelta(seconds=end - now.timestamp()),
        key=f"postcards:{client_body}:{window}",
    )


def list_postcards(message: ListPostcards) -> PostcardsListed:
    """Return the postcards of a client body (``*``: of all), newest first.

    Raises ``Refusal`` ``message_invalid``."""
    if not 0 < message.limit <= MAX_POSTCARDS_LISTED:
        raise Refusal("message_invalid", f"is 1 to {MAX_POSTCARDS_LISTED}", "limit")
    asked = message.client_body
    bodies = client_bodies() if asked == "*" else [identifier(asked, "client_body")]
    found: list[PostcardShown] = []
    for body in bodies:
        with visible_to(body):
            rows = PostcardOutgoing.objects.filter(client_body=body).order_by("-id")
            if message.state:
                rows = rows.filter(state=message.state)
            if message.order:
                rows = rows.filter(key=message.order)
            if message.before:
                rows = rows.filter(id__lt=message.before)
            found += [_shown(row) for row in rows[: message.limit]]
    found.sort(key=lambda shown: -shown.number)
    return PostcardsListed(postcards=found[: message.limit])


def _shown(row: PostcardOutgoing) -> PostcardShown:
    return PostcardShown(
        number=row.pk,
        key=row.key,
        template=row.template,
        state=row.state,
        why=row.why,
        batch=file_name(row) if row.batch else "",
        page=row.page or 0,
        ordered_at=row.ordered_at,
        ended_at=row.ended_at,
    )


def file_name(row: PostcardOutgoing) -> str:
    """Return the name of a begun postcard's file under the folder of what is to be posted."""
    return f"{row.client_body}/{row.day}-{row.batch}.pdf"
