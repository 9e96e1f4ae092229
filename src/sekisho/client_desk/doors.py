"""Doors of the desk."""

from __future__ import annotations

from sekisho.client_desk.client_bodies import client_bodies
from sekisho.client_desk.pages.desk import Desk
from sekisho.client_desk.records.scope import enter_body
from sekisho.crossings.client_desk import InviteStaff, StaffInvited
from sekisho.crossings.message import Refusal
from sekisho.sign_in.gate import NameTaken
from sekisho.sign_in.rules import read_name
from sekisho.transport import Caller, Doors
from sekisho.vocabulary.clock import now


def make_doors(desk: Desk) -> Doors:
    """Return the doors of the open desk."""
    doors = Doors("client_desk")

    @doors.on(InviteStaff)
    def invite_staff(caller: Caller, message: InviteStaff) -> StaffInvited:
        if message.client_body not in client_bodies():
            known = ", ".join(client_bodies())
            raise Refusal("client_body_unknown", f"there are: {known}", "client_body")
        name = read_name(message.name)
        if name is None:
            detail = "2 to 64 of a-z, 0-9 and . _ @ + - , beginning with a letter or digit"
            raise Refusal("name_invalid", detail, "name")
        try:
            token, expires_at = desk.sign_in.gate.invite(
                name=name,
                roles=list(message.roles),
                client_body=message.client_body,
                by=caller.zone,
                now=now(),
            )
        except NameTaken:
            raise Refusal("name_taken", "somebody with this name has signed up", "name") from None
        finally:
            enter_body("")
        link = f"{desk.address}/invitation/{message.client_body}/{token}"
        return StaffInvited(link=link, expires_at=expires_at)

    return doors
