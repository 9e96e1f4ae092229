"""Opens the vault of a process from its briefing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sekisho.transport.briefing import Briefing
from sekisho.vault.honey_marks import HoneyMarks
from sekisho.vault.keyring import Keyring
from sekisho.vault.keys_folder import open_keys
from sekisho.vault.limits import ALL_RELEASES_PER_HOUR, HONEY_RANGES, RELEASES_PER_HOUR
from sekisho.vault.opened import MailSettings, SiteWords, Vault
from sekisho.vault.seal_key import seal_key
from sekisho.vault.security_codes import SecurityCodes
from sekisho.vocabulary.twins import twin_of

PERMIT_KEY = "payments.permit"
RECEIVER_KEY = "card_network.receive"
SITE_PREFIX = "payer_site."


def open_vault(briefing: Briefing) -> Vault:
    """Return the open vault of the briefed process. Raises ``VaultError`` when its keys can't be
    opened, ``KeyError`` naming a public key or address that the briefing lacks."""
    keystore = open_keys(briefing.keys_folder)
    budgets: Mapping[str, Any] = briefing.settings.get("release_budgets", {})
    return Vault(
        keystore=keystore,
        keyring=Keyring(keystore),
        codes=SecurityCodes(),
        seal_key=seal_key(briefing.keys_folder, keystore),
        permit_key=briefing.public_keys[PERMIT_KEY],
        receiver_key=briefing.public_keys[RECEIVER_KEY],
        base_url=briefing.addresses[briefing.process].rstrip("/"),
        site_origins=site_origins(briefing.addresses),
        desk_origin=origin_of(briefing.addresses.get("client_desk", "")),
        mail=_mail_settings(briefing),
        post_folder=Path(briefing.folder) / "post",
        accents=briefing.settings.get("accents", {}),
        releases_per_hour=budgets.get("client_bodies", {}),
        default_releases_per_hour=budgets.get("default", RELEASES_PER_HOUR),
        all_releases_per_hour=budgets.get("all", ALL_RELEASES_PER_HOUR),
        honey=HoneyMarks(briefing.keys_folder, keystore),
        honey_ranges=frozenset(briefing.settings.get("honey_ranges", HONEY_RANGES)),
    )


def site_origins(addresses: Mapping[str, str]) -> dict[str, str]:
    """Return origin by site id, of every payer site that has an address, and of its twin: both are
    on the same pages."""
    origins = {}
    for process, address in addresses.items():
        if process.startswith(SITE_PREFIX):
            site = process.removeprefix(SITE_PREFIX)
            origins[site] = origins[twin_of(site)] = origin_of(address)
    return origins


def origin_of(address: str) -> str:
    """Return the origin of a page's address; nothing of nothing."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""


def _mail_settings(briefing: Briefing) -> MailSettings:
    told: Mapping[str, Any] = briefing.settings.get("mail", {})
    sender = told.get("sender", "no-reply@sekisho.invalid")
    sites = {site: _words(said) for site, said in briefing.settings.get("sites", {}).items()}
    sites |= {twin_of(site): _of_twin(words) for site, words in sites.items()}
    if "smtp_host" not in told:
        folder = Path(briefing.settings["mail_folder"])
        return MailSettings(folder=folder, sender=sender, sites=sites)
    password = told.get("smtp_password_file")
    return MailSettings(
        folder=None,
        sender=sender,
        smtp_host=told["smtp_host"],
        smtp_port=int(told.get("smtp_port", 587)),
        smtp_tls=bool(told.get("smtp_tls", True)),
        smtp_user=told.get("smtp_user", ""),
        smtp_password_file=briefing.keys_folder / password if password else None,
        sites=sites,
    )


_TEST = {"ja": "【テスト】", "en": "[TEST] "}
"""Before a twin's name in a mail: no real money moved."""


def _of_twin(words: SiteWords) -> SiteWords:
    name = {language: _TEST.get(language, "") + text for language, text in words.name.items()}
    return replace(words, name=name)


_COMMAS = {"ja": "、", "en": ", "}


def _words(site: Mapping[str, Any]) -> SiteWords:
    """Return a site's words from the ``[site]`` section of its file."""
    ask = site["contact"]
    return SiteWords(
        name=site["name"],
        payee=site["body"],
        contact={
            language: f"{name} {ask['phone']}{_COMMAS[language]}{ask['hours'][language]}"
            for language, name in ask["name"].items()
        },
        phone=ask["phone"],
        post=site.get("post", {}),
    )
