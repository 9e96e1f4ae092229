"""What the vault says of its own health; never a secret."""

from __future__ import annotations

from sekisho.vault.keystore.interface import KEPT_WRAP
from sekisho.vault.opened import the_vault
from sekisho.vault.records.visibility import client_bodies
from sekisho.vault.send_mail import failed_mails


def check_keystore() -> str:
    """Return what is wrong with the key store, or nothing."""
    return "" if the_vault().keystore.has(KEPT_WRAP) else "the key store lacks its wrapping key"


def check_mails() -> str:
    """Return how many mails were given up, or nothing."""
    failed = sum(failed_mails(body) for body in client_bodies())
    return f"{failed} mails could not be delivered" if failed else ""
