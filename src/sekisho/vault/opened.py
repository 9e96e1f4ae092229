"""The open vault of this process: its keys, its codes, its place among the others."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from sekisho.vault.count_releases import Budgets, ReleaseCounter
from sekisho.vault.honey_marks import HoneyMarks
from sekisho.vault.keyring import Keyring
from sekisho.vault.keystore import KeyStore
from sekisho.vault.limits import ALL_RELEASES_PER_HOUR, HONEY_RANGES, RELEASES_PER_HOUR
from sekisho.vault.security_codes import SecurityCodes


@dataclass(frozen=True, slots=True)
class SiteWords:
    """A site in a mail, by language: its name, the public body, whom to ask."""

    name: Mapping[str, str]
    payee: Mapping[str, str]
    contact: Mapping[str, str]
    phone: str = ""
    post: Mapping[str, str] = field(default_factory=dict)
    """Sender of postcards: ``name``, ``postal_code``, ``address``, in Japanese."""


@dataclass(frozen=True, slots=True, repr=False)
class MailSettings:
    """Where mails go: a folder (``.eml`` files) or an SMTP host."""

    folder: Path | None
    sender: str = "no-reply@localhost"
    smtp_host: str = ""
    smtp_port: int = 25
    smtp_tls: bool = True
    smtp_user: str = ""
    smtp_password_file: Path | None = None
    sites: Mapping[str, SiteWords] = field(default_factory=dict)
    """By site id: what a mail says of the site that it comes from."""


@dataclass(frozen=True, slots=True, repr=False)
class Vault:
    """What every act of the vault works with. Nothing of it is shown by ``repr``."""

    keystore: KeyStore
    keyring: Keyring
    codes: SecurityCodes
    seal_key: X25519PrivateKey
    permit_key: bytes
    """Raw Ed25519 public key of payments: signs permits."""
    receiver_key: bytes
    """Raw X25519 public key that card_network published: the only one sealed to."""
    honey: HoneyMarks
    base_url: str
    """Public address of the card form, without a slash at its end."""
    site_origins: Mapping[str, str]
    """Origin by site id: only these may frame a card form."""
    mail: MailSettings
    post_folder: Path | None = None
    """Where printed postcards lie; nothing is printed without it."""
    desk_origin: str = ""
    """Only it may frame a form for paper."""
    accents: Mapping[str, str] = field(default_factory=dict)
    """Colour (``#rrggbb``) by site id, for the look of its card form."""
    releases_per_hour: Mapping[str, int] = field(default_factory=dict)
    """Budget by client body where it is not the default."""
    default_releases_per_hour: int = RELEASES_PER_HOUR
    all_releases_per_hour: int = ALL_RELEASES_PER_HOUR
    counter: ReleaseCounter = field(default_factory=ReleaseCounter)
    honey_ranges: frozenset[str] = HONEY_RANGES
    """First six digits of numbers that buy nothing."""
    rotation_wanted: threading.Event = field(default_factory=threading.Event)
    """Set when a rotation was begun: the work that wraps keys anew need not wait for its round."""

    def budgets_of(self, client_body: str) -> Budgets:
        """Return how many cards of ``client_body``, and of all, may leave in one hour."""
        own = self.releases_per_hour.get(client_body, self.default_releases_per_hour)
        return Budgets(own, self.all_releases_per_hour)


_vault: Vault | None = None


def use(vault: Vault | None) -> None:
    """Set this process's vault (a test may set its own)."""
    global _vault
    _vault = vault


def the_vault() -> Vault:
    """Return this process's vault. Raises ``RuntimeError`` before it was opened."""
    if _vault is None:
        raise RuntimeError("the vault of this process is not open yet")
    return _vault


def is_open() -> bool:
    """Return whether this process's vault was opened."""
    return _vault is not None
