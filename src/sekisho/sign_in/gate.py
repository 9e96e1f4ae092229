"""The story of coming in: invited, password and second factor chosen, signed in, gone.

Every step that decides is on evidence. An unknown name, a wrong password, a locked account and an
ended one all look the same from outside."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.contrib.auth.hashers import ScryptPasswordHasher
from django.db import transaction

from sekisho import evidence
from sekisho.sign_in import rules
from sekisho.sign_in.passkeys import PasskeyRefused
from sekisho.sign_in.ring import Ring
from sekisho.sign_in.second_factor import SecretKeeper, matching_step, new_secret
from sekisho.vocabulary.identifiers import new_token

SEEN_SECONDS = 30
"""``seen_at`` is written at most this often: not every request is worth a write."""


_hasher = ScryptPasswordHasher()


def make_password(password: str) -> str:
    """Return the salted scrypt hash of a password (PCI DSS 8.3.2)."""
    return _hasher.encode(password, _hasher.salt())


def password_matches(password: str, encoded: str) -> bool:
    """Return whether ``encoded`` is the hash of ``password``."""
    return bool(_hasher.verify(password, encoded))


class NotAdmitted(Exception):
    """The sign-in failed; nobody outside learns why."""


class InvitationOver(Exception):
    """The link is unknown, used, replaced or too old."""


class NameTaken(Exception):
    """Somebody with this name has signed up already."""


class Proof(NamedTuple):
    """How somebody proves the second factor: the app's ``code``, or a passkey's ``assertion``."""

    code: str = ""
    assertion: str = ""

    @property
    def how(self) -> str:
        return "passkey" if self.assertion else "code"


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


@dataclass(frozen=True)
class Gate:
    """A zone's entrance. ``ring``: its people's passkeys. ``enter_body`` sets whose rows the
    database shows from here on."""

    zone: str
    person: type[Any]
    invitation: type[Any]
    visit: type[Any]
    keeper: SecretKeeper
    ring: Ring
    enter_body: Callable[[str], None] = lambda client_body: None

    # --- invited -------------------------------------------------------------------------------

    def invite(
        self, *, name: str, roles: list[str], client_body: str, by: str, now: datetime
    ) -> tuple[str, datetime]:
        """Return the token of a fresh invitation and when it ends. Raises ``NameTaken``."""
        self.enter_body(client_body)
        token, expires_at = new_token(), now + timedelta(hours=rules.INVITATION_HOURS)
        with transaction.atomic():
            person, _ = self.person.objects.select_for_update().get_or_create(
                client_body=client_body,
                name=name,
                defaults={"roles": roles, "created_at": now},
            )
            if person.active_at is not None:
                raise NameTaken(name)
            person.roles = roles
            person.save(update_fields=["roles"])
            self._keep_invitation(person, token, expires_at, now)
            self._note("person_invited", person, roles=roles, by=by)
        return token, expires_at

    def make_anew(self, person: Any, *, by: str, now: datetime) -> tuple[str, datetime]:
        """Take password, second factor, passkeys and visits from somebody who lost them, and return
        the token of an invitation and when it ends. Who may order this, the zone decides."""
        token, expires_at = new_token(), now + timedelta(hours=rules.INVITATION_HOURS)
        with transaction.atomic():
            person.active_at, person.password_hash, person.factor_sealed = None, "", None
            person.factor_step = 0
            person.failed_tries, person.locked_until = 0, None
            person.save()
            self.ring.give_up_all(person, now)
            self.visit.objects.filter(person_id=person.person_id).delete()
            self._keep_invitation(person, token, expires_at, now)
            self._note("factor_made_anew", person, by=by)
        return token, expires_at

    def _keep_invitation(
        self, person: Any, token: str, expires_at: datetime, now: datetime
    ) -> None:
        earlier = self.invitation.objects.filter(person_id=person.person_id, used_at=None)
        earlier.update(used_at=now)
        self.invitation.objects.create(
            client_body=person.client_body,
            person_id=person.person_id,
            token_hash=_hash(token),
            expires_at=expires_at,
        )

    def invited(self, token: str, client_body: str, now: datetime) -> tuple[Any, Any]:
        """Return the open invitation of ``token`` and its person. Raises ``InvitationOver``."""
        self.enter_body(client_body)
        invitation = self.invitation.objects.filter(
            client_body=client_body, token_hash=_hash(token), used_at=None, expires_at__gt=now
        ).first()
        if invitation is None:
            raise InvitationOver
        return invitation, self.person.objects.get(person_id=invitation.person_id)

    def choose_password(self, token: str, client_body: str, password: str, now: datetime) -> str:
        """Keep the invited person's password and make a second factor. Returns why the password
        is refused, or ``""``. Raises ``InvitationOver``."""
        _, person = self.invited(token, client_body, now)
        refused = rules.check_password(password, person.name)
        if refused:
            return refused
        person.password_hash = make_password(password)
        person.factor_sealed = self.keeper.seal(new_secret(), person.person_id)
        person.save(update_fields=["password_hash", "factor_sealed"])
        return ""

    def factor_of_invited(
        self, token: str, client_body: str, now: datetime
    ) -> tuple[Any, bytes | None]:
        """Return the invited person and the second factor to show, if one was made already."""
        _, person = self.invited(token, client_body, now)
        if not person.factor_sealed:
            return person, None
        return person, self.keeper.open(bytes(person.factor_sealed), person.person_id)

    def prove_factor(self, token: str, client_body: str, code: str, now: datetime) -> bool:
        """Make the invited person active if ``code`` is right; the invitation is used up."""
        with transaction.atomic():
            invitation, person = self.invited(token, client_body, now)
            if not person.factor_sealed or not self._code_is_right(person, code, now):
                return False
            person.active_at = now
            person.save(update_fields=["active_at", "factor_step"])
            invitation.used_at = now
            invitation.save(update_fields=["used_at"])
            self._note("person_active", person)
        return True

    # --- signed in -----------------------------------------------------------------------------

    def check_password(
        self, *, name: str, client_body: str, password: str, now: datetime
    ) -> tuple[str, Any]:
        """Return the token of a half-open visit and the visit. Raises ``NotAdmitted``."""
        self.enter_body(client_body)
        with transaction.atomic():
            person = self._find(name, client_body)
            # A hash is worked out for an unknown name too: time must not tell.
            known = person.password_hash if person is not None else _nobodys_hash()
            right = password_matches(password, known)
            admitted = right and person is not None and self._may_try(person, now)
            if person is not None and not admitted:
                self._refuse(person, now, why="password")
        if not admitted:
            raise NotAdmitted
        return self._open_visit(person, now, factor_at=None)

    def check_factor(self, visit: Any, proof: Proof, now: datetime) -> tuple[str, Any]:
        """Return the token of the open visit that takes the half-open one's place.

        Raises ``NotAdmitted``."""
        with transaction.atomic():
            person = self.person.objects.select_for_update().get(person_id=visit.person_id)
            admitted = self._may_try(person, now) and self._proves(person, visit, proof, now)
            if admitted:
                person.failed_tries, person.locked_until = 0, None
                person.save(update_fields=["failed_tries", "locked_until", "factor_step"])
                visit.delete()
                self._note("signed_in", person, how=proof.how)
            else:
                self._refuse(person, now, why=proof.how)
        if not admitted:
            raise NotAdmitted
        return self._open_visit(person, now, factor_at=now)

    def find_visit(self, token: str, client_body: str, now: datetime) -> tuple[Any, Any] | None:
        """Return the visit of a cookie and its person, or ``None`` if it is over."""
        self.enter_body(client_body)
        visit = self.visit.objects.filter(client_body=client_body, token_hash=_hash(token)).first()
        if visit is None:
            return None
        person = self.person.objects.filter(person_id=visit.person_id).first()
        is_open = rules.visit_is_open(
            opened_at=visit.opened_at, seen_at=visit.seen_at, factor_at=visit.factor_at, now=now
        )
        if not is_open or person is None or not self._is_active(person):
            visit.delete()
            return None
        if now - visit.seen_at > timedelta(seconds=SEEN_SECONDS):
            visit.seen_at = now
            visit.save(update_fields=["seen_at"])
        return visit, person

    def ask_passkey(self, visit: Any, now: datetime) -> str:
        """Return what the visit's browser needs to prove a passkey, ``""`` without one."""
        person = self.person.objects.get(person_id=visit.person_id)
        return self.ring.ask_for_proof(person, visit, now)

    def prove_again(self, visit: Any, proof: Proof, now: datetime, *, act: str) -> None:
        """The person of an open visit proves the second factor once more, for one ``act`` that a
        stolen visit must not be enough for. A code or challenge is good once; when the account is
        locked over it, its visits end. Raises ``NotAdmitted``."""
        with transaction.atomic():
            found = self.person.objects.select_for_update().get(person_id=visit.person_id)
            admitted = (
                self._is_active(found)
                and self._may_try(found, now)
                and self._proves(found, visit, proof, now)
            )
            if admitted:
                found.failed_tries = 0
                found.save(update_fields=["failed_tries", "factor_step"])
                self._note("factor_proven", found, what_for=act, how=proof.how)
            else:
                self._refuse(found, now, why=proof.how)
                if not self._may_try(found, now):
                    self.visit.objects.filter(person_id=found.person_id).delete()
        if not admitted:
            raise NotAdmitted

    def add_passkey(self, visit: Any, name: str, made: str, now: datetime) -> None:
        """Keep a passkey of the visit's person. Raises ``PasskeyRefused``, ``PasskeyLimit``."""
        with transaction.atomic():
            person = self.person.objects.select_for_update().get(person_id=visit.person_id)
            passkey = self.ring.add(person, visit, name, made, now)
            self._note("passkey_added", person, passkey=passkey.passkey_id)

    def give_up_passkey(self, visit: Any, passkey_id: str, now: datetime) -> None:
        """End a passkey of the visit's person; nothing for another's."""
        with transaction.atomic():
            person = self.person.objects.select_for_update().get(person_id=visit.person_id)
            if self.ring.give_up(person, passkey_id, now):
                self._note("passkey_given_up", person, passkey=passkey_id)

    def visits_of(self, person: Any, now: datetime) -> list[Any]:
        """Return the person's open visits, newest first."""
        found = self.visit.objects.filter(person_id=person.person_id).exclude(factor_at=None)
        return [
            visit
            for visit in found.order_by("-opened_at")
            if rules.visit_is_open(
                opened_at=visit.opened_at, seen_at=visit.seen_at, factor_at=visit.factor_at, now=now
            )
        ]

    def end_visit(self, person: Any, visit_id: str, *, by: str) -> bool:
        """End one visit of ``person``; return whether there was one."""
        with transaction.atomic():
            found = self.visit.objects.filter(person_id=person.person_id, visit_id=visit_id)
            ended, _ = found.delete()
            if ended:
                self._note("visit_ended", person, by=by)
        return bool(ended)

    def leave(self, visit: Any, person: Any) -> None:
        """End a visit."""
        visit.delete()
        self._note("signed_out", person)

    # --- inside --------------------------------------------------------------------------------

    def _find(self, name: str, client_body: str) -> Any:
        found = self.person.objects.select_for_update().filter(client_body=client_body, name=name)
        person = found.first()
        return person if person is not None and self._is_active(person) else None

    @staticmethod
    def _is_active(person: Any) -> bool:
        return person.active_at is not None and person.ended_at is None

    @staticmethod
    def _may_try(person: Any, now: datetime) -> bool:
        return person.locked_until is None or person.locked_until <= now

    def _proves(self, person: Any, visit: Any, proof: Proof, now: datetime) -> bool:
        if not proof.assertion:
            return self._code_is_right(person, proof.code, now)
        try:
            self.ring.prove(person, visit, proof.assertion, now)
        except PasskeyRefused:
            return False
        return True

    def _code_is_right(self, person: Any, code: str, now: datetime) -> bool:
        secret = self.keeper.open(bytes(person.factor_sealed), person.person_id)
        step = matching_step(secret, code, now=now, after_step=person.factor_step)
        if step is None:
            return False
        person.factor_step = step
        return True

    def _refuse(self, person: Any, now: datetime, *, why: str) -> None:
        if not self._may_try(person, now):
            self._note("sign_in_refused", person, why="locked")
            return
        person.failed_tries += 1
        locked_until = rules.lock_until(person.failed_tries, now)
        if locked_until is not None:
            person.failed_tries, person.locked_until = 0, locked_until
        person.save(update_fields=["failed_tries", "locked_until"])
        self._note("sign_in_refused", person, why=why, locked=locked_until is not None)

    def _open_visit(
        self, person: Any, now: datetime, *, factor_at: datetime | None
    ) -> tuple[str, Any]:
        token = new_token()
        with transaction.atomic():
            visits = self.visit.objects.filter(person_id=person.person_id).order_by("-opened_at")
            kept = list(visits.values_list("visit_id", flat=True))[
                : rules.VISITS_PER_PERSON_LIMIT - 1
            ]
            visits.exclude(visit_id__in=kept).delete()
            visit = self.visit.objects.create(
                client_body=person.client_body,
                person_id=person.person_id,
                token_hash=_hash(token),
                opened_at=now,
                seen_at=now,
                factor_at=factor_at,
            )
        return token, visit

    def _note(self, act: str, person: Any, **facts: Any) -> None:
        facts = {"client_body": person.client_body, **facts}
        evidence.append(kind=f"{self.zone}.{act}", subject=person.person_id, facts=facts)


_nobody: str | None = None


def _nobodys_hash() -> str:
    global _nobody
    if _nobody is None:
        _nobody = make_password(new_token())
    return _nobody
