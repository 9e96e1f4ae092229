"""Doors of the desk."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from sekisho.client_desk.client_bodies import client_bodies
from sekisho.client_desk.keys.doors import open_key_doors
from sekisho.client_desk.pages.desk import Desk
from sekisho.client_desk.records.models import Person
from sekisho.client_desk.records.scope import enter_body
from sekisho.client_desk.webhooks.doors import open_webhook_doors
from sekisho.crossings.client_desk import InviteStaff, MakeFactorAnew, StaffInvited
from sekisho.crossings.message import Refusal
from sekisho.sign_in.gate import NameTaken
from sekisho.sign_in.rules import read_name
from sekisho.transport import Caller, Doors
from sekisho.vocabulary.clock import now


def make_doors(desk: Desk) -> Doors:
    """Return the doors of the open desk."""
    doors = Doors("client_desk")
    open_key_doors(doors)
    open_webhook_doors(doors)

    @doors.on(InviteStaff)
    def invite_staff(caller: Caller, message: InviteStaff) -> StaffInvited:
        _check_body(message.client_body)
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
        return _invited(desk, message.client_body, token, expires_at)

    @doors.on(MakeFactorAnew)
    def make_factor_anew(caller: Caller, message: MakeFactorAnew) -> StaffInvited:
        _check_body(message.client_body)
        enter_body(message.client_body)
        try:
            with transaction.atomic():
                people = Person.objects.select_for_update()
                person = people.filter(name=message.name, ended_at=None).first()
                if person is None:
                    raise Refusal("name_unknown", "nobody signs in with this name", "name")
                token, expires_at = desk.sign_in.gate.make_anew(person, by=caller.zone, now=now())
        finally:
            enter_body("")
        return _invited(desk, message.client_body, token, expires_at)

    return doors


def _check_body(client_body: str) -> None:
    if client_body not in client_bodies():
        known = ", ".join(client_bodies())
        raise Refusal("client_body_unknown", f"there are: {known}", "client_body")


def _invited(desk: Desk, client_body: str, token: str, expires_at: datetime) -> StaffInvited:
    link = f"{desk.address}/invitation/{client_body}/{token}"
    return StaffInvited(link=link, expires_at=expires_at)
