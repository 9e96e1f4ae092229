"""Doors of the console."""

from __future__ import annotations

from sekisho.console.pages.console import Console
from sekisho.crossings.console import InviteOperator, OperatorInvited
from sekisho.crossings.message import Refusal
from sekisho.sign_in.gate import NameTaken
from sekisho.sign_in.rules import read_name
from sekisho.transport import Caller, Doors
from sekisho.vocabulary.clock import now


def make_doors(console: Console) -> Doors:
    """Return the doors of the open console."""
    doors = Doors("console")

    @doors.on(InviteOperator)
    def invite_operator(caller: Caller, message: InviteOperator) -> OperatorInvited:
        name = read_name(message.name)
        if name is None:
            detail = "2 to 64 of a-z, 0-9 and . _ @ + - , beginning with a letter or digit"
            raise Refusal("name_invalid", detail, "name")
        try:
            token, expires_at = console.sign_in.gate.invite(
                name=name, roles=list(message.roles), client_body="", by=caller.zone, now=now()
            )
        except NameTaken:
            raise Refusal("name_taken", "somebody with this name has signed up", "name") from None
        return OperatorInvited(link=f"{console.address}/invitation/{token}", expires_at=expires_at)

    return doors
