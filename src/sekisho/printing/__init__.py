"""Pages on paper: postcards and statements as PDF, in Japanese. Facts in, bytes out."""

from sekisho.printing.errors import (
    CannotDraw,
    DoesNotFit,
    FontMissing,
    PrintingError,
    StatementWrong,
)
from sekisho.printing.postcard import (
    Addressee,
    Message,
    Postcard,
    Sender,
    check_postcard,
    postcard,
    postcards,
)
from sekisho.printing.statement import DayRow, PayoutRow, Statement, statement

__all__ = [
    "Addressee",
    "CannotDraw",
    "DayRow",
    "DoesNotFit",
    "FontMissing",
    "Message",
    "PayoutRow",
    "Postcard",
    "PrintingError",
    "Sender",
    "Statement",
    "StatementWrong",
    "check_postcard",
    "postcard",
    "postcards",
    "statement",
]
