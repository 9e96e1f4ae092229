"""A site's configuration: one TOML file for each, ``[site]`` for the pages and ``[payments]``,
which belongs to the payments zone, for the rules of money."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Literal

import msgspec

from sekisho.edge.look import AccentUnreadable, accent_address
from sekisho.payer_site.errors import SettingsWrong

SITES = Path(__file__).parent / "sites"
MAX_SITE_FILE_BYTES = 65_536
_SITE_ID = re.compile(r"[a-z][a-z0-9_]{1,40}")


class Told(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One text in both languages."""

    ja: str
    en: str

    def told(self, language: str) -> str:
        """Return the text in ``language``."""
        return self.en if language == "en" else self.ja


class ToldLines(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    ja: list[str]
    en: list[str]

    def told(self, language: str) -> list[str]:
        """Return the paragraphs in ``language``."""
        return self.en if language == "en" else self.ja


class Contact(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whom a payer may ask."""

    name: Told
    phone: str
    hours: Told


class Post(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who sends the site's postcards; the vault prints them."""

    name: str
    postal_code: str
    address: str


class SitePages(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[site]``: what the pages show."""

    id: str
    kind: Literal["bills", "policies"]
    client_body: str
    accent: str
    sample: bool
    """True: the pages say that fees and names are samples and no money moves."""
    name: Told
    body: Told
    """The client body's name."""
    operator: Told
    """Who runs the site for it."""
    hours: Told
    contact: Contact
    heading: Told
    """What one does here; the entry page's heading."""
    lead: Told
    terms: ToldLines | None = None
    """What an applicant agrees to; needed by ``kind = "policies"``."""
    post: Post | None = None


class FeeShown(msgspec.Struct, frozen=True, kw_only=True):
    """The fee as the entry page explains it; the payments zone is the one that charges it.

    Up to ``first_step_yen`` of the bill it is ``start_yen``; each ``step_yen`` begun above adds
    ``per_step_yen``. Consumption tax comes on top, rounded as ``rounding``."""

    start_yen: int
    step_yen: int
    per_step_yen: int
    first_step_yen: int
    consumption_tax_percent: int = 10
    rounding: Literal["down", "up", "half_up"] = "down"

    def brackets(self, count: int) -> list[tuple[int, int, int]]:
        """Return the first ``count`` brackets: lowest and highest amount of the bill, fee with its
        tax, all in yen."""
        rows = []
        low, high, fee = 1, self.first_step_yen, self.start_yen
        for _ in range(count):
            rows.append((low, high, fee + self._tax(fee)))
            low, high, fee = high + 1, high + self.step_yen, fee + self.per_step_yen
        return rows

    def _tax(self, fee: int) -> int:
        lift = {"down": 0, "half_up": 50, "up": 99}[self.rounding]
        return (fee * self.consumption_tax_percent + lift) // 100


class MoneyShown(msgspec.Struct, frozen=True, kw_only=True):
    """The part of ``[payments]`` that the pages show; other keys are the payments zone's."""

    client_body: str
    card_limit_yen: int
    brands: list[str]
    payment_minutes: int
    fee: FeeShown | None = None


class SiteFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    site: SitePages
    payments: MoneyShown


def read_site(text: str, *, file: str) -> SiteFile:
    """Return the configuration in ``text`` (TOML).

    Raises ``SettingsWrong`` naming ``file``, the key and what to do."""
    try:
        found = msgspec.convert(tomllib.loads(text), SiteFile)
    except tomllib.TOMLDecodeError as error:
        raise SettingsWrong(f"{file}: not TOML: {error}") from None
    except msgspec.ValidationError as error:
        raise SettingsWrong(f"{file}: {_plain(str(error))}") from None
    _check(found, file)
    return found


def _plain(error: str) -> str:
    """msgspec says ``… - at `$.site.name``` : put the key first."""
    what, _, where = error.partition(" - at `$.")
    return f"{where.rstrip('`')}: {what}" if where else what


def _check(found: SiteFile, file: str) -> None:
    site = found.site
    if not _SITE_ID.fullmatch(site.id):
        raise SettingsWrong(f"{file}: site.id: use a-z, 0-9 and _, starting with a letter")
    try:
        accent_address(site.accent)
    except AccentUnreadable as error:
        raise SettingsWrong(f"{file}: site.accent: {error}") from None
    if site.kind == "policies" and not (site.terms and site.terms.ja and site.terms.en):
        raise SettingsWrong(f'{file}: site.terms: needed when site.kind is "policies"')
    if site.kind == "bills" and found.payments.fee is None:
        raise SettingsWrong(f'{file}: payments.fee: needed when site.kind is "bills"')
    if found.payments.client_body != site.client_body:
        raise SettingsWrong(f"{file}: payments.client_body: must equal site.client_body")


def load_site(site_id: str, *, folder: Path = SITES) -> SiteFile:
    """Return the configuration of the site ``site_id``. Raises ``SettingsWrong``."""
    if not _SITE_ID.fullmatch(site_id):
        raise SettingsWrong(f"{site_id!r} is no site's id: use a-z, 0-9 and _")
    file = folder / f"{site_id}.toml"
    try:
        size = file.stat().st_size
    except FileNotFoundError:
        known = ", ".join(sorted(other.stem for other in folder.glob("*.toml"))) or "none"
        raise SettingsWrong(f"{file.name}: no such file; there are: {known}") from None
    if size > MAX_SITE_FILE_BYTES:
        raise SettingsWrong(f"{file.name}: larger than {MAX_SITE_FILE_BYTES} bytes")
    found = read_site(file.read_text(encoding="utf-8"), file=file.name)
    if found.site.id != site_id:
        raise SettingsWrong(f"{file.name}: site.id: must equal the file's name, {site_id}")
    return found
