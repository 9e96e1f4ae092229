"""Mails to payers: ordered by payments, written here, delivered with an address that nobody else
sees. The address is put in at delivery and kept in no row."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db import transaction

from sekisho import evidence
from sekisho.crossings.message import Refusal, Taken
from sekisho.crossings.vault import SendMail
from sekisho.vault.deliver_mail import deliver
from sekisho.vault.errors import MailInvalid, MailUndeliverable, VaultError
from sekisho.vault.identifiers import idempotency_key, identifier
from sekisho.vault.jobs import DeliverMail, post_delivery
from sekisho.vault.limits import (
    MAIL_FIRST_PAUSE_SECONDS,
    MAIL_LONGEST_PAUSE_SECONDS,
    MAIL_TRIES,
)
from sekisho.vault.opened import Vault
from sekisho.vault.records.models import Item, MailOutgoing
from sekisho.vault.records.visibility import visible_to
from sekisho.vault.sealed_items import open_item
from sekisho.vault.write_mail import check_facts, check_link, write_mail

log = logging.getLogger("sekisho.vault.mail")


def order_mail(message: SendMail, now: datetime) -> Taken:
    """Write a mail down for delivery; said again with the same key it changes nothing.

    Raises ``Refusal`` ``token_unknown`` (not an e-mail item of this client body),
    ``message_invalid`` naming the fact that does not fit the template, ``key_reused``."""
    body = identifier(message.client_body, "client_body")
    key = idempotency_key(message.key)
    token = identifier(message.token, "token")
    try:
        check_facts(message.template, message.facts)
        check_link(message.template, message.link_token)
    except MailInvalid as invalid:
        raise Refusal("message_invalid", invalid.rule, f"facts.{invalid.field}") from None
    with visible_to(body):
        if not Item.objects.filter(token=token, kind="email").exists():
            raise Refusal("token_unknown", "no such e-mail item of this client body", "token")
        mail, fresh = MailOutgoing.objects.get_or_create(
            client_body=body,
            key=key,
            defaults={
                "token": token,
                "template": message.template,
                "language": message.language,
                "facts": message.facts,
                "link_token": message.link_token,
                "ordered_at": now,
            },
        )
        if fresh:
            post_delivery(body, key)
        elif (mail.token, mail.template, mail.language, mail.facts) != (
            token,
            message.template,
            message.language,
            message.facts,
        ):
            raise Refusal("key_reused", "this key was used for another mail", "key")
    return Taken()


def deliver_ordered(vault: Vault, job: DeliverMail, now: datetime) -> None:
    """Deliver one mail: evidence first and committed, then the address is opened, used and let
    go. A mail that can't be delivered is tried again with longer pauses, ``MAIL_TRIES`` times."""
    mail = _begin(job, now)
    if mail is None:
        return
    try:
        address = _open_address(vault, mail)
        written = write_mail(mail, address, vault.mail, now, vault.site_origins)
        deliver(vault.mail, written, mail.key)
    except MailUndeliverable as failure:
        log.warning("mail %s not delivered (try %d): %s", mail.key, mail.tries, failure)
        _put_off(mail, now)
    except VaultError as broken:
        _end(mail, "failed", type(broken).__name__, now)
    else:
        _end(mail, "sent", "", now)


def _begin(job: DeliverMail, now: datetime) -> MailOutgoing | None:
    with visible_to(job.client_body):
        mail = (
            MailOutgoing.objects.select_for_update()
            .filter(client_body=job.client_body, key=job.key, state="waiting")
            .first()
        )
        if mail is None:
            return None
        mail.tries += 1
        mail.save(update_fields=["tries"])
        evidence.append(
            kind="vault.address_released",
            subject=mail.token,
            facts={
                "client_body": mail.client_body,
                "kinds": ["email"],
                "purpose": "mail",
                "receiver": "mail",
                "template": mail.template,
                "mail": mail.key,
                "try": mail.tries,
            },
        )
        return mail


def _open_address(vault: Vault, mail: MailOutgoing) -> str:
    with visible_to(mail.client_body):
        item = Item.objects.select_related("subject").filter(token=mail.token, kind="email").first()
        if item is None:
            raise VaultError("the address was forgotten")
        return open_item(item, vault.keyring.open_subject(item.subject))


def _put_off(mail: MailOutgoing, now: datetime) -> None:
    if mail.tries >= MAIL_TRIES:
        _end(mail, "failed", f"not delivered in {mail.tries} tries", now)
        return
    pause = min(MAIL_FIRST_PAUSE_SECONDS * 2 ** (mail.tries - 1), MAIL_LONGEST_PAUSE_SECONDS)
    with transaction.atomic():
        post_delivery(mail.client_body, mail.key, due_in=timedelta(seconds=pause))


def _end(mail: MailOutgoing, state: str, why: str, now: datetime) -> None:
    with visible_to(mail.client_body):
        mail.state = state
        mail.ended_at = now
        mail.link_token = ""
        mail.save(update_fields=["state", "ended_at", "link_token"])
        if state == "failed":
            evidence.append(
                kind="vault.mail_failed", subject=mail.token, facts={"mail": mail.key, "why": why}
            )


def failed_mails(client_body: str) -> int:
    """Return how many mails of ``client_body`` were given up."""
    with visible_to(client_body):
        return MailOutgoing.objects.filter(state="failed").count()
