"""What may be asked of the keeper of the evidence."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from sekisho.crossings.message import Answer, Crossing


class ShowChain(Crossing["ChainShown"], frozen=True, kw_only=True):
    """The chain's newest signed head, and how the last whole verification ended."""

    receiver: ClassVar[str] = "evidence_keeper"


class ChainShown(Answer, frozen=True, kw_only=True):
    """``position`` and ``digest`` (hex) of the newest signed head, 0 and empty before the first;
    ``verified_at`` is empty until the first verification of this life of the keeper ended."""

    position: int
    digest: str
    signed_at: datetime | None
    verified_at: datetime | None
    verified_lines: int
    faults: list[str]


ShowChain.reply = ChainShown
