"""Writes a postcard from ``texts.toml``, the facts that payments gave and a site's own words."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

from sekisho.printing import Addressee, Message, Postcard, Sender
from sekisho.vault.brands import BRAND_NAMES
from sekisho.vault.errors import MailInvalid
from sekisho.vault.opened import SiteWords
from sekisho.vault.write_mail import check_plain
from sekisho.vocabulary.clock import TOKYO, show_era_year
from sekisho.vocabulary.money import show_yen
from sekisho.vocabulary.twins import live_of

REQUIRED_FACTS: Final[Mapping[str, tuple[str, ...]]] = {
    "charge_notice": (
        "site",
        "policy_number",
        "amount_yen",
        "charge_month",
        "charge_on",
        "card",
    ),
    "charge_failed": ("site", "policy_number", "amount_yen", "charge_month", "card"),
    "card_expiring": ("site", "policy_number", "card", "expires_month"),
}
"""Facts without which a postcard would mislead; every other fact is shown where it has a place."""

SHOWN_OF_POLICY: Final = 4
"""Characters of a policy number that a postcard shows, the last ones."""

_FACT = re.compile(r"\{([a-z_]+)\}")
_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")


def check_facts(
    template: str, facts: Mapping[str, str | int], sites: Mapping[str, SiteWords]
) -> None:
    """Raise ``MailInvalid`` naming the fact that is missing, too long or no plain text, a date or
    month that is none, or a site that nobody knows (a postcard names its sender)."""
    for name in REQUIRED_FACTS[template]:
        if name not in facts:
            raise MailInvalid(name, f"is needed by {template}")
    check_plain(facts)
    if live_of(str(facts["site"])) not in sites:
        raise MailInvalid("site", "is no site of this platform")
    for name, value in facts.items():
        _show(name, value)


def write_postcard(
    template: str,
    facts: Mapping[str, str | int],
    words: SiteWords,
    to: Addressee,
    ordered_at: datetime,
    *,
    trial: bool,
) -> Postcard:
    """Return the postcard with its address put in; ``trial``: of a twin, not to be posted."""
    text = _texts()[template]
    shown = {name: _show(name, value) for name, value in facts.items()}
    shown |= {"payee": words.payee["ja"], "contact": words.contact["ja"]}
    return Postcard(
        addressee=to,
        sender=Sender(
            name=words.post.get("name", words.payee["ja"]),
            postal_code=words.post.get("postal_code", ""),
            address=words.post.get("address", ""),
            phone=words.phone,
        ),
        message=Message(
            title=text["title"],
            opening=_fill(text["opening"], shown) or "",
            rows=tuple(
                (label, filled)
                for label, value in text["rows"]
                if (filled := _fill(value, shown)) is not None
            ),
            closing=tuple(
                filled for line in text["closing"] if (filled := _fill(line, shown)) is not None
            ),
            dated=_day(ordered_at.astimezone(TOKYO).date()),
        ),
        trial=trial,
    )


def _fill(line: str, shown: Mapping[str, str]) -> str | None:
    if any(name not in shown for name in _FACT.findall(line)):
        return None
    return _FACT.sub(lambda found: shown[found[1]], line)


def _show(name: str, value: str | int) -> str:
    text = str(value)
    if name.endswith("_yen"):
        return show_yen(int(value), "ja")
    if name == "policy_number":
        kept = text[-SHOWN_OF_POLICY:]
        return "＊" * (len(text) - len(kept)) + kept
    if name == "card":
        brand, _, rest = text.partition(" ")
        return f"{BRAND_NAMES.get(brand, brand)} {rest.replace('*', '＊')}".strip()
    try:
        if name.endswith("_month"):
            return _month(name, text)
        if name.endswith("_on"):
            return _day(date.fromisoformat(text))
    except ValueError:
        raise MailInvalid(name, "is no date of the calendar") from None
    return text


def _month(name: str, text: str) -> str:
    found = _MONTH.fullmatch(text)
    if found is None:
        raise MailInvalid(name, "is a month such as 2026-12")
    first = date(int(found[1]), int(found[2]), 1)
    return f"{first.year}年{first.month}月（{show_era_year(first)}{first.month}月）"


def _day(day: date) -> str:
    return f"{day.year}年（{show_era_year(day)}）{day.month}月{day.day}日"


@cache
def _texts() -> dict[str, Any]:
    return tomllib.loads((Path(__file__).parent / "texts.toml").read_text(encoding="utf-8"))
