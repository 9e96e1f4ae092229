"""What can be wrong with a file, as data: the place, a stable code, and facts without values.

A value of the file is never repeated: a card number typed into the wrong column must not travel
into a log, and a date of birth must not leave its row."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

WHOLE_FILE = "(file)"
HEADINGS = "(headings)"
WHOLE_LINE = "(line)"
"""Fields of faults that are not one column's."""

WHOLE_FILE = "(file)"
HEADINGS = "(headings)"
WHOLE_LINE = "(line)"
"""Fields of faults that are not one column's."""

Facts = dict[str, str | int]


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault: ``line`` as an editor counts (0: the whole file), ``field`` a column's name."""

    line: int
    field: str
    code: str
    facts: Facts = dataclasses.field(default_factory=dict)


class ValueRefused(Exception):
    """A single value can't be read. ``code`` is a key of ``sentences.SENTENCES``."""

    def __init__(self, code: str, **facts: str | int) -> None:
        super().__init__(code)
        self.code = code
        self.facts = facts


class FileRefused(Exception):
    """The file as a whole can't be read; nothing was sent."""

    def __init__(
        self,
        code: str,
        *,
        line: int = 0,
        field: str = WHOLE_FILE,
        facts: Facts | None = None,
        **more: str | int,
    ) -> None:
        super().__init__(f"line {line}: {code}" if line else code)
        self.problem = Problem(line, field, code, {**(facts or {}), **more})
