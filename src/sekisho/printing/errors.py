"""What keeps something from being printed. Each names the field; none holds the whole text, as a
name or an address may stand there."""

from __future__ import annotations

import unicodedata


class PrintingError(Exception):
    """Root of the family."""


class FontMissing(PrintingError):
    """The font is not where it should be; the message says how to get it."""


class CannotDraw(PrintingError):
    """The font has no picture for a character; it is refused, never left blank."""

    def __init__(self, field: str, character: str) -> None:
        self.field = field
        self.character = character
        self.code_points = " ".join(f"U+{ord(part):04X}" for part in character)
        named = unicodedata.name(character[0], "no name")
        super().__init__(f"{field}: the font has no {self.code_points} ({named})")


class DoesNotFit(PrintingError):
    """A text is too long for its place even in the smallest print."""

    def __init__(self, field: str, rule: str) -> None:
        self.field = field
        self.rule = rule
        super().__init__(f"{field}: {rule}")


class StatementWrong(PrintingError):
    """The figures of a statement do not add up; it is not printed."""

    def __init__(self, field: str, rule: str) -> None:
        self.field = field
        self.rule = rule
        super().__init__(f"{field}: {rule}")
