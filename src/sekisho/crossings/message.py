"""What a crossing is: a frozen value with one receiver and one type of reply."""

from __future__ import annotations

from typing import Any, ClassVar, Generic, TypeVar

import msgspec

Reply = TypeVar("Reply")


class Crossing(
    msgspec.Struct, Generic[Reply], frozen=True, kw_only=True, tag=True, forbid_unknown_fields=True
):
    """A message to the zone ``receiver``, answered by a value of ``reply``."""

    receiver: ClassVar[str]
    reply: ClassVar[Any]


class Answer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a door answers."""


class Taken(Answer, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The message was written down and will be acted on; saying it again changes nothing."""


class Health(Crossing["HealthShown"], frozen=True, kw_only=True):
    """Ask any process whether it can work. Every door answers it; only the supervisor and the
    terminal may ask."""

    receiver: ClassVar[str] = "*"
    reply: ClassVar[Any] = None


class HealthShown(Answer, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``ok`` and, by name, what is wrong (never a secret, never a personal item). ``serves``,
    when not ``ok``: it does its work all the same, and a person must look at what is wrong."""

    ok: bool
    serves: bool = False
    faults: dict[str, str] = {}
    facts: dict[str, str | int] = {}


Health.reply = HealthShown


class Refusal(Exception):
    """A door's considered no: stable ``code``, a sentence for people, the ``field`` it is about.

    It crosses zones whole, so none of the three may hold a card number or a personal item."""

    def __init__(self, code: str, detail: str = "", field: str | None = None) -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.detail = detail
        self.field = field
