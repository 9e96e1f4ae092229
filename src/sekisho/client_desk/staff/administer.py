"""Invite, give roles, end, unlock; and a lost second factor made anew by two administrators.

Nobody gives themselves roles, and a body always keeps one administrator who can sign in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, get_args

from django.db import IntegrityError, transaction

from sekisho import evidence
from sekisho.client_desk.errors import StaffRefused
from sekisho.client_desk.records.models import Person, Visit
from sekisho.client_desk.records.portal_models import FactorReset
from sekisho.crossings.client_desk import DeskRole
from sekisho.sign_in.gate import Gate, NameTaken
from sekisho.sign_in.rules import read_name

ROLES = get_args(DeskRole)
PEOPLE_LIMIT = 500
"""People of one body who have not ended."""


def invite(
    gate: Gate, *, name: str, roles: Sequence[str], by: Person, now: datetime
) -> tuple[str, Person, datetime]:
    """Return the token of an invitation, who it is for and when it ends. Raises ``StaffRefused``:
    ``staff_name_wrong``, ``staff_name_taken``, ``staff_roles_wrong``, ``staff_too_many``."""
    typed, given = read_name(name), read_roles(roles)
    if typed is None:
        raise StaffRefused("staff_name_wrong")
    with transaction.atomic():
        _one_at_a_time(by)
        if Person.objects.filter(ended_at=None).count() >= PEOPLE_LIMIT:
            raise StaffRefused("staff_too_many")
        try:
            token, until = gate.invite(
                name=typed, roles=given, client_body=by.client_body, by=by.person_id, now=now
            )
        except NameTaken:
            raise StaffRefused("staff_name_taken") from None
        person = Person.objects.get(client_body=by.client_body, name=typed)
        person.roles_given_by = by.person_id
        person.save(update_fields=["roles_given_by"])
    return token, person, until


def give_roles(person_id: str, roles: Sequence[str], *, by: Person) -> None:
    """Give somebody else other roles. Raises ``StaffRefused``: ``staff_unknown``,
    ``staff_not_yourself``, ``staff_roles_wrong``."""
    given = read_roles(roles)
    with transaction.atomic():
        _one_at_a_time(by)
        person = find_person(person_id, lock=True)
        if person.person_id == by.person_id:
            raise StaffRefused("staff_not_yourself")
        if sorted(person.roles) == sorted(given):
            return
        before, person.roles, person.roles_given_by = person.roles, given, by.person_id
        person.save(update_fields=["roles", "roles_given_by"])
        _note("roles_given", person, by, before=before, roles=given)


def end_person(person_id: str, *, by: Person, now: datetime) -> None:
    """End somebody: signed out at once, never in again. Raises ``StaffRefused``:
    ``staff_unknown``, ``staff_last_administrator``."""
    with transaction.atomic():
        _one_at_a_time(by)
        person = find_person(person_id, lock=True)
        others = [one for one in _administrators() if one.person_id != person.person_id]
        if not others:
            raise StaffRefused("staff_last_administrator")
        person.ended_at = now
        person.save(update_fields=["ended_at"])
        Visit.objects.filter(person_id=person.person_id).delete()
        _note("person_ended", person, by)


def unlock(person_id: str, *, by: Person) -> None:
    """Let somebody try again before the lock is over; their identity was made sure of (PCI DSS
    8.3.4). Raises ``StaffRefused``: ``staff_unknown``, ``staff_not_yourself``."""
    with transaction.atomic():
        person = find_person(person_id, lock=True)
        if person.person_id == by.person_id:
            raise StaffRefused("staff_not_yourself")
        person.failed_tries, person.locked_until = 0, None
        person.save(update_fields=["failed_tries", "locked_until"])
        _note("person_unlocked", person, by)


def ask_reset(person_id: str, *, by: Person, now: datetime) -> FactorReset:
    """Ask that somebody's lost second factor be made anew. Raises ``StaffRefused``:
    ``staff_unknown``, ``staff_not_yourself``, ``staff_not_active``, ``staff_reset_asked``."""
    person = find_person(person_id)
    if person.person_id == by.person_id:
        raise StaffRefused("staff_not_yourself")
    if person.active_at is None:
        raise StaffRefused("staff_not_active")
    try:
        with transaction.atomic():
            reset = FactorReset.objects.create(
                client_body=by.client_body,
                person_id=person.person_id,
                person_name=person.name,
                asked_by=by.person_id,
                asked_by_name=by.name,
                asked_at=now,
            )
            _note("reset_asked", person, by)
    except IntegrityError:
        raise StaffRefused("staff_reset_asked") from None
    return reset


def approve_reset(
    gate: Gate, reset_id: str, *, by: Person, now: datetime
) -> tuple[str, Person, datetime]:
    """The second administrator agrees: return the token of the new invitation, who it is for and
    when it ends. Raises ``StaffRefused``: ``staff_reset_over``, ``staff_reset_own``."""
    with transaction.atomic():
        reset = _open_reset(reset_id)
        if by.person_id in (reset.asked_by, reset.person_id) or (
            by.roles_given_by == reset.asked_by
        ):
            raise StaffRefused("staff_reset_own")
        person = find_person(reset.person_id, lock=True)
        _decide(reset, "done", by, now)
        token, until = gate.make_anew(person, by=by.person_id, now=now)
    return token, person, until


def refuse_reset(reset_id: str, *, by: Person, now: datetime) -> None:
    """An administrator says no, or takes the own wish back. Raises ``StaffRefused``:
    ``staff_reset_over``."""
    with transaction.atomic():
        _decide(_open_reset(reset_id), "refused", by, now)


def find_person(person_id: str, *, lock: bool = False) -> Person:
    """Return somebody of the body in view who has not ended. Raises ``StaffRefused``:
    ``staff_unknown``."""
    rows = Person.objects.select_for_update() if lock else Person.objects
    found = rows.filter(person_id=person_id, ended_at=None).first()
    if found is None:
        raise StaffRefused("staff_unknown")
    return found


def read_roles(roles: Sequence[str]) -> list[str]:
    """Return roles in their one order. Raises ``StaffRefused``: ``staff_roles_wrong``."""
    given = [role for role in ROLES if role in roles]
    if not given or set(roles) - set(ROLES):
        raise StaffRefused("staff_roles_wrong")
    return given


def _administrators() -> list[Person]:
    found = Person.objects.filter(ended_at=None, roles__contains=["administrator"])
    return list(found.exclude(active_at=None))


def _one_at_a_time(by: Person) -> None:
    """Lock the body's administrators, and see that ``by`` still is one: two who end each other at
    once leave one of them."""
    rows = Person.objects.select_for_update().order_by("person_id")
    found = list(rows.filter(ended_at=None, roles__contains=["administrator"]))
    if by.person_id not in [one.person_id for one in found]:
        raise StaffRefused("staff_no_right")


def _open_reset(reset_id: str) -> FactorReset:
    rows = FactorReset.objects.select_for_update()
    found = rows.filter(reset_id=reset_id, state="asked").first()
    if found is None:
        raise StaffRefused("staff_reset_over")
    return found


def _decide(reset: FactorReset, state: str, by: Person, now: datetime) -> None:
    reset.state, reset.decided_at = state, now
    reset.decided_by, reset.decided_by_name = by.person_id, by.name
    reset.save(update_fields=["state", "decided_at", "decided_by", "decided_by_name"])
    facts = {"client_body": by.client_body, "by": by.person_id, "asked_by": reset.asked_by}
    evidence.append(
        kind=f"client_desk.reset_{'approved' if state == 'done' else 'refused'}",
        subject=reset.person_id,
        facts=facts,
    )


def _note(act: str, person: Person, by: Person, **facts: Any) -> None:
    facts = {"client_body": person.client_body, "by": by.person_id, **facts}
    evidence.append(kind=f"client_desk.{act}", subject=person.person_id, facts=facts)
