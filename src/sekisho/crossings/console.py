"""What may be asked of the operators' console."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Literal

from sekisho.crossings.message import Answer, Crossing

OperatorRole = Literal["observer", "responder", "approver", "auditor"]


class InviteOperator(Crossing["OperatorInvited"], frozen=True, kw_only=True):
    """Invite an operator; the link works once. A new invitation of the same name makes the
    earlier link worthless. Refusals: ``name_invalid``, ``name_taken``."""

    receiver: ClassVar[str] = "console"
    name: str
    roles: list[OperatorRole]


class OperatorInvited(Answer, frozen=True, kw_only=True):
    link: str
    expires_at: datetime


InviteOperator.reply = OperatorInvited
