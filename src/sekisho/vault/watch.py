"""What the vault says of its own health; never a secret."""

from __future__ import annotations

from sekisho.printing import FontMissing
from sekisho.printing.font import font_folder
from sekisho.vault.keystore.interface import KEPT_WRAP
from sekisho.vault.opened import the_vault
from sekisho.vault.postcards.print_batch import failed_postcards
from sekisho.vault.records.visibility import client_bodies
from sekisho.vault.send_mail import failed_mails


def check_keystore() -> str:
    """Return what is wrong with the key store, or nothing."""
    return "" if the_vault().keystore.has(KEPT_WRAP) else "the key store lacks its wrapping key"


def check_mails() -> str:
    """Return how many mails were given up, or nothing."""
    failed = sum(failed_mails(body) for body in client_bodies())
    return f"{failed} mails could not be delivered" if failed else ""


def check_postcards() -> str:
    """Return how many postcards could not be printed, or why none can be, or nothing."""
    try:
        font_folder()
    except FontMissing as missing:
        return str(missing)
    failed = sum(failed_postcards(body) for body in client_bodies())
    return f"{failed} postcards could not be printed (sekisho vault postcards)" if failed else ""
