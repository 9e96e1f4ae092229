"""Template tags: say something in the reader's language, and show money, days and moments in it."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime
from typing import Any

from django import template
from django.forms import BoundField
from django.utils.html import format_html

from sekisho.edge.look import LOOK, accent_address
from sekisho.payer_site.this_site import SCRIPTS, WORDS
from sekisho.vocabulary.clock import TOKYO, show_era_year
from sekisho.vocabulary.money import show_yen

register = template.Library()

_WEEKDAYS = "月火水木金土日"
_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


def _tongue(context: template.Context) -> str:
    return str(context["language"])


@register.simple_tag(takes_context=True)
def say(context: template.Context, key: str, **facts: object) -> str:
    return WORDS.say(key, _tongue(context), **facts)


@register.simple_tag(takes_context=True)
def say_lines(context: template.Context, key: str, **facts: object) -> list[str]:
    return WORDS.say_lines(key, _tongue(context), **facts)


@register.simple_tag(takes_context=True)
def say_if(context: template.Context, key: str, **facts: object) -> str:
    """Say ``key`` if the catalogue has it, else nothing."""
    return WORDS.say(key, _tongue(context), **facts) if key in WORDS else ""


@register.simple_tag(takes_context=True)
def complaint(context: template.Context, key: str) -> str:
    """Say an error; Django's own words, which no page should show, become a sentence of ours."""
    return WORDS.say(key if key in WORDS else "field.unreadable", _tongue(context))


@register.simple_tag(takes_context=True)
def told(context: template.Context, text: Any) -> Any:
    """Show a text of the site's configuration."""
    return text.told(_tongue(context))


@register.simple_tag(takes_context=True)
def yen(context: template.Context, amount: int) -> str:
    return show_yen(amount, _tongue(context))


@register.simple_tag(takes_context=True)
def day(context: template.Context, value: date) -> str:
    return show_day(value, _tongue(context))


@register.simple_tag(takes_context=True)
def moment(context: template.Context, value: datetime | str) -> str:
    return show_moment(value, _tongue(context))


@register.simple_tag(takes_context=True)
def fiscal_year(context: template.Context, year: int) -> str:
    """A fiscal year begins on 1 April; one in which the era changed has the new name."""
    if _tongue(context) == "en":
        return f"{year} (April {year} to March {year + 1})"
    return f"{show_era_year(date(year, 5, 1))}度（{year}年度）"


_TERM = re.compile(r"第([0-9]{1,2})期")


@register.simple_tag(takes_context=True)
def term(context: template.Context, text: str) -> str:
    """A bill's term, printed in Japanese on the slip; in English where it is a plain number."""
    plain = unicodedata.normalize("NFKC", text)
    found = _TERM.fullmatch(plain)
    if _tongue(context) == "en" and found:
        return WORDS.say("bill.term_number", "en", number=found[1])
    if _tongue(context) == "en":
        return format_html('<span lang="ja">{}</span>', text)
    return text


@register.simple_tag(takes_context=True)
def year_month(context: template.Context, text: str) -> str:
    """``YYYY-MM`` as people write it."""
    year, month = (int(part) for part in text.split("-"))
    if _tongue(context) == "en":
        return f"{_MONTHS[month - 1]} {year}"
    return f"{show_era_year(date(year, month, 1))}（{year}年）{month}月"


@register.simple_tag(takes_context=True)
def month(context: template.Context, number: int) -> str:
    return _MONTHS[number - 1] if _tongue(context) == "en" else f"{number}月"


def show_day(value: date, language: str) -> str:
    """Return a day with its weekday, in Japanese with its era year."""
    if language == "en":
        return f"{value.day} {_MONTHS[value.month - 1]} {value.year}"
    era = show_era_year(value)
    weekday = _WEEKDAYS[value.weekday()]
    return f"{era}（{value.year}年）{value.month}月{value.day}日（{weekday}）"


def show_moment(value: datetime | str, language: str) -> str:
    """Return a moment in Tokyo's time; text (ISO 8601) is read first."""
    at = datetime.fromisoformat(value) if isinstance(value, str) else value
    local = at.astimezone(TOKYO)
    if language == "en":
        return f"{show_day(local.date(), language)}, {local:%H:%M} (Japan time)"
    weekday = _WEEKDAYS[local.weekday()]
    return (
        f"{local.year}年{local.month}月{local.day}日（{weekday}）{local.hour}時{local.minute:02}分"
    )


@register.simple_tag
def look(name: str) -> str:
    return LOOK.address(name)


@register.simple_tag
def look_integrity(name: str) -> str:
    return LOOK.integrity(name)


@register.simple_tag
def script(name: str) -> str:
    return SCRIPTS.address(name)


@register.simple_tag
def script_integrity(name: str) -> str:
    return SCRIPTS.integrity(name)


@register.simple_tag
def accent(colour: str) -> str:
    return accent_address(colour)


@register.inclusion_tag("parts/field.html", takes_context=True)
def field(context: template.Context, bound: BoundField, **more: Any) -> dict[str, Any]:
    """Draw one field: label, need, hint, error, input."""
    browser = dict(getattr(bound.field, "browser", {}))
    look_of = browser.pop("look", "")
    return {
        "language": _tongue(context),
        "bound": bound,
        "name": bound.name,
        "need": getattr(bound.field, "need", True),
        "value": bound.value() or "",
        "browser": browser,
        "look": look_of,
        "has_hint": f"field.{bound.name}.hint" in WORDS,
        **more,
    }
