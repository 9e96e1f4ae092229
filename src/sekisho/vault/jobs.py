"""What the vault posts to itself through the outbox, and the rounds it makes by itself."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import ClassVar

from sekisho.crossings.message import Crossing, Taken
from sekisho.transport import outbox
from sekisho.vault import answered
from sekisho.vault.keyring import ONE_OFF
from sekisho.vault.opened import Vault
from sekisho.vault.postcards.keep_files import keep_post
from sekisho.vault.records.visibility import client_bodies, visible_to
from sekisho.vault.rotate_keys import destroy_old_epochs, rewrap_batch

MAX_BATCHES_PER_ROUND = 1_000
"""Batches of subject keys wrapped anew in one round for one client body."""

log = logging.getLogger("sekisho.vault")


class DeliverMail(Crossing[Taken], frozen=True, kw_only=True):
    """Deliver the mail ``key`` of ``client_body`` now."""

    receiver: ClassVar[str] = "vault"
    reply = Taken
    client_body: str
    key: str


def post_delivery(client_body: str, key: str, *, due_in: timedelta = timedelta(0)) -> None:
    """Write down that a mail is to be delivered, in the current transaction."""
    outbox.post(DeliverMail(client_body=client_body, key=key), due_in=due_in)


def keep_house(vault: Vault, now: datetime) -> None:
    """Wrap keys of old days anew, destroy those of days long settled, drop answers past their
    keeping. Each step can be cut off anywhere and goes on in the next round."""
    for body in client_bodies():
        for _ in range(MAX_BATCHES_PER_ROUND):
            if not rewrap_batch(vault, body, ONE_OFF, now):
                break
        with visible_to(body):
            answered.drop_old(now)
        keep_post(vault, body, now)
    destroyed = destroy_old_epochs(vault, now)
    if destroyed:
        log.info("keys of %d days of one-off cards destroyed", len(destroyed))
