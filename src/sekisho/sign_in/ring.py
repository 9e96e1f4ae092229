"""Somebody's passkeys: made, proven, given up; each challenge good once, for one visit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sekisho.sign_in.passkeys import (
    CHALLENGE_MINUTES,
    MAX_PASSKEY_NAME_CHARACTERS,
    PASSKEYS_PER_PERSON_LIMIT,
    Party,
    PasskeyRefused,
    credential_of,
    new_challenge,
)


class PasskeyLimit(Exception):
    """The person has ``PASSKEYS_PER_PERSON_LIMIT`` passkeys already."""


@dataclass(frozen=True)
class Ring:
    """A zone's passkeys. ``passkey`` and ``visit`` are its records."""

    party: Party
    passkey: type[Any]
    visit: type[Any]

    def held(self, person: Any) -> list[Any]:
        """Return the person's passkeys, oldest first."""
        found = self.passkey.objects.filter(person_id=person.person_id, ended_at=None)
        return list(found.order_by("added_at"))

    # --- asking a browser ----------------------------------------------------------------------

    def ask_for_proof(self, person: Any, visit: Any, now: datetime) -> str:
        """Return what the browser of ``visit`` needs to prove a passkey, ``""`` for somebody who
        has none."""
        held = [bytes(one.credential_id) for one in self.held(person)]
        return self.party.ask_for_proof(held, self._challenge(visit, now)) if held else ""

    def ask_for_new(self, person: Any, visit: Any, now: datetime) -> str:
        """Return what the browser of ``visit`` needs to make a passkey."""
        held = [bytes(one.credential_id) for one in self.held(person)]
        challenge = self._challenge(visit, now)
        return self.party.ask_for_new(person.person_id, person.name, held, challenge)

    def _challenge(self, visit: Any, now: datetime) -> bytes:
        """A visit has one open challenge; pages opened side by side share it, the first answer
        uses it up."""
        if visit.challenge and now - visit.challenge_at < timedelta(minutes=CHALLENGE_MINUTES / 2):
            return bytes(visit.challenge)
        visit.challenge, visit.challenge_at = new_challenge(), now
        visit.save(update_fields=["challenge", "challenge_at"])
        return bytes(visit.challenge)

    def _use_up(self, visit: Any, now: datetime) -> bytes:
        """Return the open challenge of a visit, good no more. Raises ``PasskeyRefused``."""
        kept, made_at = visit.challenge, visit.challenge_at
        if not kept or now - made_at >= timedelta(minutes=CHALLENGE_MINUTES):
            raise PasskeyRefused("no challenge is open")
        used = self.visit.objects.filter(visit_id=visit.visit_id, challenge=bytes(kept))
        if used.update(challenge=None, challenge_at=None) != 1:
            raise PasskeyRefused("the challenge was answered already")
        visit.challenge = visit.challenge_at = None
        return bytes(kept)

    # --- its answer ----------------------------------------------------------------------------

    def prove(self, person: Any, visit: Any, answer: str, now: datetime) -> None:
        """Check that ``answer`` comes from one of the person's passkeys. The caller holds the
        person's row. Raises ``PasskeyRefused``."""
        challenge = self._use_up(visit, now)
        named = credential_of(answer)
        held = next((one for one in self.held(person) if bytes(one.credential_id) == named), None)
        if held is None:
            raise PasskeyRefused("not this person's passkey")
        held.sign_count = self.party.check_proof(
            answer, challenge, public_key=bytes(held.public_key), count=held.sign_count
        )
        held.used_at = now
        held.save(update_fields=["sign_count", "used_at"])

    def add(self, person: Any, visit: Any, name: str, answer: str, now: datetime) -> Any:
        """Keep a passkey that the browser made. Raises ``PasskeyRefused``, ``PasskeyLimit``."""
        challenge = self._use_up(visit, now)
        if len(self.held(person)) >= PASSKEYS_PER_PERSON_LIMIT:
            raise PasskeyLimit
        made = self.party.check_new(answer, challenge)
        if self.passkey.objects.filter(credential_id=made.credential_id).exists():
            raise PasskeyRefused("this passkey is known already")
        return self.passkey.objects.create(
            client_body=person.client_body,
            person_id=person.person_id,
            credential_id=made.credential_id,
            public_key=made.public_key,
            sign_count=made.sign_count,
            name=name.strip()[:MAX_PASSKEY_NAME_CHARACTERS],
            added_at=now,
        )

    def give_up(self, person: Any, passkey_id: str, now: datetime) -> bool:
        """End one of the person's passkeys; return whether there was one."""
        found = self.passkey.objects.filter(
            person_id=person.person_id, passkey_id=passkey_id, ended_at=None
        )
        return bool(found.update(ended_at=now))

    def give_up_all(self, person: Any, now: datetime) -> int:
        """End every passkey of a person whose second factor is made anew."""
        found = self.passkey.objects.filter(person_id=person.person_id, ended_at=None)
        return int(found.update(ended_at=now))
