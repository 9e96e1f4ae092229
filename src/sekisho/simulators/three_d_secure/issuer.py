"""The simulated issuers' decisions and the challenges that they have open. In memory only."""

from __future__ import annotations

import base64
import secrets
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from sekisho.simulators.test_cards import AuthenticationBehaviour, find
from sekisho.simulators.three_d_secure.messages import VERSION, AReq, ARes, RReq

MAX_CHALLENGES_OPEN = 10_000
CHALLENGE_LIFE = timedelta(minutes=10)
MAX_CODE_TRIES = 3
CODE_DIGITS = 6

_STATUS = {
    "frictionless": "Y",
    "challenge": "C",
    "failed": "N",
    "attempted": "A",
    "unavailable": "U",
    "rejected": "R",
}
_REASON = {"N": "01", "U": "22", "R": "11"}
"""transStatusReason: 01 authentication failed, 22 ACS technical issue, 11 suspected fraud."""


@dataclass(slots=True)
class ChallengeOpen:
    """One challenge. ``status`` is the transStatus once it is over."""

    acs_id: str
    ds_id: str
    server_id: str
    server_url: str
    notification_url: str
    category: str
    brand: str
    last_four: str
    merchant: str
    amount_yen: int
    language: Literal["ja", "en"]
    opened_at: datetime
    code: str = field(default_factory=lambda: f"{secrets.randbelow(10**CODE_DIGITS):06d}")
    wrong_tries: int = 0
    status: str | None = None
    result_sent: bool = False


class Issuers:
    """What every issuer behind the directory server knows."""

    def __init__(self) -> None:
        self._challenges: dict[str, ChallengeOpen] = {}

    def answer(self, asked: AReq, *, acs_url: str, now: datetime) -> ARes:
        """Return the ARes that the test card asks for, opening a challenge if it wants one."""
        card = find(asked.acctNumber)
        brand = card.brand if card else "visa"
        status = _STATUS.get(card.authentication, "U") if card else "U"
        answer = ARes(
            messageType="ARes",
            messageVersion=VERSION,
            threeDSServerTransID=asked.threeDSServerTransID,
            dsTransID=str(uuid.uuid4()),
            acsTransID=str(uuid.uuid4()),
            dsReferenceNumber="SIMULATED-DS-0001",
            acsReferenceNumber="SIMULATED-ACS-0001",
            transStatus=status,
            transStatusReason=_REASON.get(status),
            eci=None if status == "C" else eci(brand, status),
            authenticationValue=authentication_value(status),
            acsURL=acs_url if status == "C" else None,
            acsChallengeMandated="Y" if status == "C" else None,
            authenticationType="02" if status == "C" else None,
        )
        if status == "C":
            self._open(asked, answer, brand, now)
        return answer

    def _open(self, asked: AReq, answer: ARes, brand: str, now: datetime) -> None:
        while len(self._challenges) >= MAX_CHALLENGES_OPEN:
            del self._challenges[next(iter(self._challenges))]
        self._challenges[answer.acsTransID] = ChallengeOpen(
            acs_id=answer.acsTransID,
            ds_id=answer.dsTransID,
            server_id=asked.threeDSServerTransID,
            server_url=asked.threeDSServerURL,
            notification_url=asked.notificationURL,
            category=asked.messageCategory,
            brand=brand,
            last_four=asked.acctNumber[-4:],
            merchant=asked.merchantName,
            amount_yen=int(asked.purchaseAmount),
            language="en" if asked.browserLanguage.lower().startswith("en") else "ja",
            opened_at=now,
        )

    def find(self, acs_id: str) -> ChallengeOpen | None:
        """Return the challenge ``acs_id``, over or not."""
        return self._challenges.get(acs_id)

    def expire(self, now: datetime) -> list[ChallengeOpen]:
        """End every challenge that nobody finished in ``CHALLENGE_LIFE`` and return those; forget
        those over for as long again."""
        ended = []
        for challenge in list(self._challenges.values()):
            age = now - challenge.opened_at
            if age > CHALLENGE_LIFE * 2:
                del self._challenges[challenge.acs_id]
            elif age > CHALLENGE_LIFE and challenge.status is None:
                challenge.status = "N"
                ended.append(challenge)
        return ended


def try_code(challenge: ChallengeOpen, typed: str) -> bool:
    """Take one typed code; return whether it was right. The third wrong one ends the challenge
    (transStatus N)."""
    if challenge.status is not None:
        return challenge.status == "Y"
    if secrets.compare_digest(typed.encode(), challenge.code.encode()):
        challenge.status = "Y"
        return True
    challenge.wrong_tries += 1
    if challenge.wrong_tries >= MAX_CODE_TRIES:
        challenge.status = "N"
    return False


def result_of(challenge: ChallengeOpen, *, why: Literal["", "cancelled", "time_out"]) -> RReq:
    """Return the RReq of a challenge that is over. ``challengeCancel`` 01: the cardholder chose
    to; 04: time ran out at the access control server."""
    status = challenge.status or "U"
    return RReq(
        messageType="RReq",
        messageVersion=VERSION,
        messageCategory=challenge.category,
        threeDSServerTransID=challenge.server_id,
        dsTransID=challenge.ds_id,
        acsTransID=challenge.acs_id,
        transStatus=status,
        eci=eci(challenge.brand, status),
        interactionCounter=f"{min(challenge.wrong_tries + 1, 99):02d}",
        authenticationMethod="02",
        authenticationType="02",
        authenticationValue=authentication_value(status),
        transStatusReason=_REASON.get(status),
        challengeCancel={"": None, "cancelled": "01", "time_out": "04"}[why],
    )


def eci(brand: str, status: str) -> str:
    """Return the electronic commerce indicator of a brand for a transStatus."""
    if brand == "mastercard":
        return {"Y": "02", "A": "01"}.get(status, "00")
    return {"Y": "05", "A": "06"}.get(status, "07")


def authentication_value(status: str) -> str | None:
    """Return a fresh 20-byte authentication value (base64, 28 characters) for Y and A."""
    return base64.b64encode(secrets.token_bytes(20)).decode() if status in ("Y", "A") else None


def behaviour_of(number: str) -> AuthenticationBehaviour:
    """Return what the servers do for a card number."""
    card = find(number)
    return card.authentication if card else "unavailable"
