"""A postcard (はがき, 100 x 148 mm): the side of the address, then the side of the message.

Places are Japan Post's: seven boxes for the postal code, 8.0 mm from the right edge and 12.0 mm
from the upper one, 47.7 mm wide in all; the words 郵便はがき above, the upper left kept free for
the postage."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final, Literal

from sekisho.printing.draw import draw
from sekisho.printing.errors import DoesNotFit
from sekisho.printing.font import check_drawable
from sekisho.printing.upright import columns

Direction = Literal["vertical", "horizontal"]

MAX_ADDRESS_CHARACTERS: Final = 120
MAX_NAME_CHARACTERS: Final = 40
MAX_MESSAGE_ROWS: Final = 12
MAX_CARDS_AT_ONCE: Final = 250
"""Postcards drawn into one PDF."""

_POSTAL_CODE = re.compile(r"(\d{3})-?(\d{4})")
_SPACES = re.compile(r"\s+")

ADDRESS_COLUMN_MM: Final = 100.0
NAME_COLUMN_MM: Final = 77.0
"""The sender stands below."""
ADDRESS_SIZES_MM: Final = ((5.0, 2), (4.4, 3), (3.8, 3), (3.3, 4))
"""Height of a character and most columns, largest print first."""
NAME_SIZES_MM: Final = ((7.6, 1), (6.4, 1), (5.2, 1), (4.4, 2), (3.6, 2))


@dataclass(frozen=True, slots=True, repr=False)
class Addressee:
    """To whom. ``honorific`` stands after the name (様, 御中)."""

    postal_code: str
    address: str
    name: str
    honorific: str = "様"


@dataclass(frozen=True, slots=True)
class Sender:
    """From whom, and to where it comes back; what is empty is left out."""

    name: str
    postal_code: str = ""
    address: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """Title, opening words, rows of label and value, then paragraphs; ``dated`` at the right."""

    title: str
    opening: str
    rows: tuple[tuple[str, str], ...]
    closing: tuple[str, ...]
    dated: str


@dataclass(frozen=True, slots=True, repr=False)
class Postcard:
    """``trial``: marked on both sides, so that nobody posts it."""

    addressee: Addressee
    sender: Sender
    message: Message
    trial: bool = False


def postcard(card: Postcard, made_at: datetime, *, direction: Direction = "vertical") -> bytes:
    """Return one postcard as a PDF of two pages. Raises as ``postcards``."""
    return postcards([card], made_at, direction=direction)


def postcards(
    cards: Sequence[Postcard], made_at: datetime, *, direction: Direction = "vertical"
) -> bytes:
    """Return all of ``cards`` as one PDF, two pages each: address, message.

    Raises ``CannotDraw`` and ``DoesNotFit``, both naming the field (``addressee.name``)."""
    if not 0 < len(cards) <= MAX_CARDS_AT_ONCE:
        raise DoesNotFit("cards", f"1 to {MAX_CARDS_AT_ONCE} postcards are drawn at once")
    facts = [_facts(card, direction) for card in cards]
    return draw("postcard", {"direction": direction, "cards": facts}, made_at)


def check_postcard(card: Postcard, *, direction: Direction = "vertical") -> None:
    """Raise what ``postcards`` would of a character or a length, without drawing anything."""
    _facts(card, direction)


def _facts(card: Postcard, direction: Direction) -> dict[str, Any]:
    to, sender, message = card.addressee, card.sender, card.message
    for part, held in (("addressee", to), ("sender", sender)):
        for name, text in asdict(held).items():
            check_drawable(f"{part}.{name}", text)
    _check_message(message)
    if len(to.address) > MAX_ADDRESS_CHARACTERS:
        raise DoesNotFit("addressee.address", f"has at most {MAX_ADDRESS_CHARACTERS} characters")
    if len(to.name) > MAX_NAME_CHARACTERS:
        raise DoesNotFit("addressee.name", f"has at most {MAX_NAME_CHARACTERS} characters")
    facts: dict[str, Any] = {
        "postal_code": _digits("addressee.postal_code", to.postal_code),
        "address": _SPACES.sub(" ", to.address.strip()),
        "name": _SPACES.sub("\u3000", to.name.strip()),
        "honorific": to.honorific,
        "sender": asdict(sender)
        | {"postal_code": sender.postal_code and _digits("sender.postal_code", sender.postal_code)},
        "message": asdict(message),
        "trial": card.trial,
    }
    if direction == "vertical":
        facts["address_columns"] = columns(
            "addressee.address", facts["address"], ADDRESS_COLUMN_MM, ADDRESS_SIZES_MM
        )
        named = f"{facts['name']}\u3000{to.honorific}"
        facts["name_columns"] = columns("addressee.name", named, NAME_COLUMN_MM, NAME_SIZES_MM)
    return facts


def _check_message(message: Message) -> None:
    if len(message.rows) > MAX_MESSAGE_ROWS:
        raise DoesNotFit("message.rows", f"at most {MAX_MESSAGE_ROWS}")
    check_drawable("message.title", message.title)
    check_drawable("message.opening", message.opening)
    check_drawable("message.dated", message.dated)
    for label, value in message.rows:
        check_drawable("message.rows", label + value)
    for paragraph in message.closing:
        check_drawable("message.closing", paragraph)


def _digits(field: str, code: str) -> str:
    found = _POSTAL_CODE.fullmatch(unicodedata.normalize("NFKC", code).strip().lstrip("〒").strip())
    if found is None:
        raise DoesNotFit(field, "a postal code has seven digits")
    return found[1] + found[2]
