"""The small types that requests and answers are made of."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StringConstraints,
)

from sekisho.client_desk.api import limits

MAX_YEN = 9_999_999_999
"""Bound of every amount that is said, in yen; what may be paid by card is far less."""

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_MOMENT = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?(?:[Zz]|[+-]\d{2}:\d{2})", re.ASCII
)
_DIGITS = re.compile(r"\d{1,12}", re.ASCII)


def _day(value: Any) -> date:
    if not isinstance(value, str) or _DAY.fullmatch(value) is None:
        raise ValueError("a day as YYYY-MM-DD")
    return date.fromisoformat(value)


def _moment(value: Any) -> datetime:
    if not isinstance(value, str) or _MOMENT.fullmatch(value) is None:
        raise ValueError("a moment as RFC 3339 writes it, such as 2026-11-23T09:00:00+09:00")
    moment = datetime.fromisoformat(value.upper())
    # A moment at either end of the calendar has no other zone's clock to show it.
    if not 1900 <= moment.year <= 2999:
        raise ValueError("a year from 1900 to 2999")
    return moment


def whole(value: Any) -> int:
    """Return a whole number of an address; nothing else that Python would take for one."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if not isinstance(value, str) or _DIGITS.fullmatch(value) is None:
        raise ValueError("a whole number")
    return int(value)


def _flag(value: Any) -> bool:
    if value not in (True, False, "true", "false"):
        raise ValueError("true or false")
    return value in (True, "true")


Day = Annotated[date, BeforeValidator(_day)]
Moment = Annotated[datetime, BeforeValidator(_moment)]
AskedWhole = Annotated[int, Field(ge=0, le=MAX_YEN), BeforeValidator(whole)]
"""A whole number of a query string."""
AskedFlag = Annotated[bool, BeforeValidator(_flag)]

Stamp = Annotated[AwareDatetime, AfterValidator(lambda moment: moment.astimezone(UTC))]
"""A moment that is answered."""

Yen = Annotated[int, Field(strict=True, ge=1, le=MAX_YEN)]
YenOrNone = Annotated[int, Field(strict=True, ge=0, le=MAX_YEN)]
"""An amount that may be zero."""
Flag = StrictBool

NO_CONTROLS = r"^[^\x00-\x1f\x7f]*$"
Line = Annotated[
    str, StringConstraints(strict=True, min_length=1, max_length=200, pattern=NO_CONTROLS)
]
Reason = Annotated[
    str, StringConstraints(strict=True, min_length=1, max_length=200, pattern=NO_CONTROLS)
]
Number = Annotated[
    str, StringConstraints(strict=True, min_length=1, max_length=40, pattern=r"^[0-9]+$")
]
Identifier = Annotated[
    str, StringConstraints(strict=True, max_length=60, pattern=r"^[a-z]{1,20}_[0-9a-z]{26}$")
]
ID_PATTERN = r"[a-z]{1,20}_[0-9a-z]{26}"

Cursor = Annotated[
    str,
    StringConstraints(
        min_length=1, max_length=limits.MAX_CURSOR_CHARACTERS, pattern=r"^[A-Za-z0-9_-]+$"
    ),
]
Limit = Annotated[int, Field(ge=1, le=limits.MAX_PAGE_ROWS), BeforeValidator(whole)]


class Said(BaseModel):
    """A request's body: nothing that is not named here is taken."""

    model_config = ConfigDict(extra="forbid")


class Asked(BaseModel):
    """Filters in a query string."""

    limit: Limit = Field(limits.DEFAULT_PAGE_ROWS, description="Rows of one page.")
    cursor: Cursor | None = Field(None, description="`next_cursor` of the page before.")


class Shown(BaseModel):
    """An answer, filled from what a crossing answered."""

    model_config = ConfigDict(from_attributes=True, hide_input_in_errors=True)
