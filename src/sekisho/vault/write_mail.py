"""Writes a mail from a text file in ``mail_texts/<language>/`` and the facts that payments gave.

The first line of a text is the subject. ``{fact}`` stands for a fact; a line that names a fact
which was not given is left out. Facts are plain words and figures: no address of a page may stand
in one, so that a zone that was taken over can't turn a receipt into a lure.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Mapping
from datetime import date, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from functools import cache
from pathlib import Path
from typing import Final

from sekisho.vault.brands import BRAND_NAMES
from sekisho.vault.errors import MailInvalid
from sekisho.vault.limits import MAX_MAIL_FACT_CHARACTERS, MAX_MAIL_FACTS
from sekisho.vault.opened import MailSettings, SiteWords
from sekisho.vault.records.models import MailOutgoing
from sekisho.vocabulary.clock import TOKYO
from sekisho.vocabulary.digits import passes_luhn
from sekisho.vocabulary.money import show_yen

TEXTS: Final = Path(__file__).parent / "mail_texts"

REQUIRED_FACTS: Final[Mapping[str, tuple[str, ...]]] = {
    "payment_receipt": ("reference", "item", "amount_yen", "fee_yen", "total_yen"),
    "payment_failed": ("reference",),
    "enrolment_done": ("reference",),
    "refund_done": ("reference", "refund_yen"),
    "charge_notice": ("policy_number", "amount_yen", "charge_on", "card"),
    "charge_done": ("reference", "policy_number", "amount_yen"),
    "charge_failed": ("policy_number", "amount_yen", "card"),
    "card_change": ("site", "link_until_at"),
    "card_changed": ("reference", "card"),
    "card_expires": ("site", "card", "expires_month", "link_until_at"),
    "enrolment_ended": ("product",),
    "enrolment_reinstated": ("product", "card"),
}
"""Facts without which a mail would mislead; every other fact is shown where it is given."""

LINK_PAGES: Final[Mapping[str, str]] = {"card_change": "card", "card_expires": "card"}
"""Templates with a link, and the page of the site that it leads to. The address is made here of the
vault's own knowledge and a token of fixed shape: what payments says can't lead elsewhere."""

_LINK_TOKEN = re.compile(r"(?:test_)?[A-Za-z0-9_-]{43}")
"""256 bits in base64url; of a twin for trying out with its mark."""

_FACT = re.compile(r"\{([a-z_]+)\}")
_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")
_FACT_NAME = re.compile(r"[a-z][a-z_]{0,39}")
_LURE = re.compile(r"://|www\.|@", re.IGNORECASE)
_LONG_DIGITS = re.compile(r"(?:\d[ -]?){12,18}\d")


def check_facts(template: str, facts: Mapping[str, str | int]) -> None:
    """Raise ``MailInvalid`` naming the fact that is missing, too long, or no plain text."""
    for name in REQUIRED_FACTS[template]:
        if name not in facts:
            raise MailInvalid(name, f"is needed by {template}")
    check_plain(facts)


def check_plain(facts: Mapping[str, str | int]) -> None:
    """Raise ``MailInvalid`` naming the fact that is too long, or no plain text or number."""
    if len(facts) > MAX_MAIL_FACTS:
        raise MailInvalid("facts", f"at most {MAX_MAIL_FACTS}")
    for name, value in facts.items():
        if not _FACT_NAME.fullmatch(name):
            raise MailInvalid("facts", "a fact is named by small letters and underscores")
        if name.endswith("_yen"):
            if type(value) is not int or value < 0:
                raise MailInvalid(name, "is a whole number of yen")
        else:
            _check_text(name, str(value))


def check_link(template: str, token: str) -> None:
    """Raise ``MailInvalid`` unless a template with a link, and no other, has a token for it."""
    if template in LINK_PAGES and not _LINK_TOKEN.fullmatch(token):
        raise MailInvalid("link_token", f"is needed by {template}")
    if template not in LINK_PAGES and token:
        raise MailInvalid("link_token", f"has no place in {template}")


def _check_text(name: str, text: str) -> None:
    if len(text) > MAX_MAIL_FACT_CHARACTERS:
        raise MailInvalid(name, f"has at most {MAX_MAIL_FACT_CHARACTERS} characters")
    if any(unicodedata.category(character)[0] == "C" for character in text):
        raise MailInvalid(name, "holds a control character")
    if _LURE.search(unicodedata.normalize("NFKC", text)):
        raise MailInvalid(name, "holds an address of a page or a mail")
    for found in _LONG_DIGITS.findall(unicodedata.normalize("NFKC", text)):
        if passes_luhn(re.sub(r"\D", "", found)):
            raise MailInvalid(name, "looks like a card number (PCI DSS 3.4.1)")


def write_mail(
    mail: MailOutgoing,
    address: str,
    settings: MailSettings,
    now: datetime,
    site_origins: Mapping[str, str],
) -> EmailMessage:
    """Return the mail with its address, and its link to a page of the site, put in. Raises
    ``MailInvalid`` for a link to a site that there is none of."""
    sender = settings.sender
    facts = with_site(mail.facts, mail.language, settings.sites)
    if mail.template in LINK_PAGES:
        facts["link"] = _link(mail, site_origins)
    subject, body = fill_in(mail.template, mail.language, facts)
    message = EmailMessage(policy=SMTP)
    message["From"] = sender
    message["To"] = address
    message["Subject"] = subject
    message["Date"] = format_datetime(now.astimezone(TOKYO))
    digest = hashlib.sha256(f"{mail.client_body}\0{mail.key}".encode()).hexdigest()[:32]
    message["Message-ID"] = f"<{digest}@{sender.rpartition('@')[2].rstrip('>')}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(body, charset="utf-8", cte="8bit")
    message["Content-Language"] = mail.language
    return message


def _link(mail: MailOutgoing, site_origins: Mapping[str, str]) -> str:
    origin = site_origins.get(str(mail.facts.get("site", "")))
    if origin is None:
        raise MailInvalid("site", "is no site with pages")
    return f"{origin}/{LINK_PAGES[mail.template]}/{mail.link_token}?lang={mail.language}"


def with_site(
    facts: Mapping[str, str | int], language: str, sites: Mapping[str, SiteWords]
) -> dict[str, str | int]:
    """Return ``facts`` with a known site's id in ``site`` made into its name, the body paid to and
    whom to ask; facts that payments gave itself stay."""
    words = sites.get(str(facts.get("site", "")))
    if words is None:
        return {name: value for name, value in facts.items() if name != "site"}
    said = {"payee": words.payee[language], "contact": words.contact[language]}
    return {**said, **facts, "site": words.name[language]}


def fill_in(template: str, language: str, facts: Mapping[str, str | int]) -> tuple[str, str]:
    """Return subject and body of a mail."""
    shown = {name: _show(name, value, language) for name, value in facts.items()}
    lines = []
    for line in _text(template, language).splitlines():
        names = _FACT.findall(line)
        if all(name in shown for name in names):
            lines.append(_FACT.sub(lambda found: shown[found[1]], line))
    body = re.sub(r"\n{3,}", "\n\n", "\n".join(lines[1:])).strip()
    return lines[0], body + "\n"


@cache
def _text(template: str, language: str) -> str:
    return (TEXTS / language / f"{template}.txt").read_text(encoding="utf-8")


def _show(name: str, value: str | int, language: str) -> str:
    if name.endswith("_yen"):
        return show_yen(int(value), language)
    if name == "card":
        brand, _, rest = str(value).partition(" ")
        return f"{BRAND_NAMES.get(brand, brand)} {rest}".strip()
    if name.endswith(("_at", "_on")):
        return _show_moment(str(value), language)
    if name.endswith("_month") and (month := _MONTH.fullmatch(str(value))):
        first = date(int(month[1]), int(month[2]), 1)
        return f"{first.year}年{first.month}月" if language == "ja" else f"{first:%B %Y}"
    return str(value)


def _show_moment(text: str, language: str) -> str:
    """Show an ISO 8601 date or moment in Tokyo's time (which one without a zone is in already);
    anything else as it came."""
    try:
        if len(text) == 10:
            day = date.fromisoformat(text)
            return (
                f"{day.year}年{day.month}月{day.day}日" if language == "ja" else f"{day:%-d %B %Y}"
            )
        at = datetime.fromisoformat(text)
    except ValueError:
        return text
    local = at.astimezone(TOKYO) if at.tzinfo else at
    if language == "ja":
        return f"{local.year}年{local.month}月{local.day}日 {local:%H:%M}"
    return f"{local:%-d %B %Y, %H:%M} (Japan time)"
