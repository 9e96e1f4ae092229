"""Refused releases on the evidence: each a line, up to a number a minute; past it one line says how
many more there were."""

from __future__ import annotations

import hashlib
import threading
from datetime import datetime

from sekisho import evidence
from sekisho.crossings.vault import ReleasePermit
from sekisho.evidence.alarm import raise_alarm
from sekisho.vault.limits import REFUSALS_TOLD_PER_MINUTE
from sekisho.vault.opened import Vault


class RefusalCounter:
    """Counts refusals by minute. Thread-safe."""

    def __init__(self, limit: int = REFUSALS_TOLD_PER_MINUTE) -> None:
        self._limit = limit
        self._minute: datetime | None = None
        self._told = 0
        self._untold = 0
        self._lock = threading.Lock()

    def next(self, now: datetime) -> tuple[bool, int]:
        """Return whether this refusal gets a line, and how many of an earlier minute got none."""
        minute = now.replace(second=0, microsecond=0)
        with self._lock:
            untold = 0
            if minute != self._minute:
                untold, self._untold = self._untold, 0
                self._minute, self._told = minute, 0
            tell = self._told < self._limit
            self._told += tell
            self._untold += not tell
        return tell, untold


_counter = RefusalCounter()


def tell_refusal(
    code: str, permit: ReleasePermit, *, caller: str, proven: bool, now: datetime
) -> None:
    """Write a refused release down, in a transaction of its own. What an unproven permit says is
    the attacker's text: only its digest is kept."""
    tell, untold = _counter.next(now)
    if untold:
        evidence.append(
            kind="vault.releases_refused", subject="vault", facts={"not_told_singly": untold}
        )
    if not tell:
        return
    digest = hashlib.sha256(permit.signed_bytes()).hexdigest()
    facts: dict[str, object] = {"reason": code, "caller": caller, "permit_digest": digest}
    if proven and code != "message_invalid":
        facts |= {
            "permit": permit.permit_id,
            "payment": permit.payment_id,
            "client_body": permit.client_body,
            "card": permit.card_token,
            "purpose": permit.purpose,
        }
    evidence.append(kind="vault.release_refused", subject=f"permit {digest[:32]}", facts=facts)


def tell_honey(
    vault: Vault, code: str, permit: ReleasePermit, *, caller: str, proven: bool, now: datetime
) -> None:
    """Raise the alarm when a permit that was refused names a honey card: whoever made it read our
    tables, or tries tokens. The refusal itself is what any card would have met."""
    if not vault.honey.rings(permit.card_token, now):
        return
    facts = {"answer": code, "caller": caller, "signed_by_payments": proven}
    raise_alarm(kind="vault.honey_asked_for", subject=permit.card_token, facts=facts)
    vault.honey.told(permit.card_token, now)
