"""What may be asked of the client bodies' desk."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Literal

from sekisho.crossings.message import Answer, Crossing

DeskRole = Literal["viewer", "clerk", "approver", "administrator"]


class InviteStaff(Crossing["StaffInvited"], frozen=True, kw_only=True):
    """Invite a member of a client body's staff; the link works once. A new invitation of the same
    name makes the earlier link worthless; who has signed up is never invited again.
    Refusals: ``client_body_unknown``, ``name_invalid``, ``name_taken``."""

    receiver: ClassVar[str] = "client_desk"
    client_body: str
    name: str
    roles: list[DeskRole]


class StaffInvited(Answer, frozen=True, kw_only=True):
    link: str
    expires_at: datetime


InviteStaff.reply = StaffInvited
