"""Security codes: in this process's memory and nowhere else (PCI DSS 3.3.1, 3.3.2).

A code is bound to one payment and one card, lives ten minutes at most, and is wiped when it is
released for the authorisation, when payments says that the answer came, when a new card replaces
it, and when the process ends. After a restart it is gone; the payer is asked again.

Python may leave copies of a typed text in freed memory; the process takes core dumps and debuggers
away from everybody (``processes.sandbox``), and a machine in production has no unencrypted swap.
"""

from __future__ import annotations

import atexit
import threading
import time
from collections.abc import Callable
from typing import NamedTuple

from sekisho.card_secrets import SecurityCode
from sekisho.vault.limits import MAX_SECURITY_CODES, SECURITY_CODE_SECONDS, SWEEP_SECONDS


class CodesFull(Exception):
    """``MAX_SECURITY_CODES`` are held."""


class _Held(NamedTuple):
    card_token: str
    code: SecurityCode
    dies_at: float


class SecurityCodes:
    """Codes by payment. ``clock`` gives seconds that never run backwards."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._held: dict[str, _Held] = {}
        self._out: dict[str, CodeOut] = {}
        self._lock = threading.Lock()
        self._end = threading.Event()
        atexit.register(self.wipe_all)

    def __len__(self) -> int:
        return len(self._held)

    def hold(self, payment_id: str, card_token: str, code: SecurityCode) -> None:
        """Keep ``code`` for the payment's card, in place of an earlier one. Raises ``CodesFull``
        (the code is wiped)."""
        self.sweep()
        with self._lock:
            earlier = self._held.pop(payment_id, None)
            if earlier is not None:
                earlier.code.wipe()
            if len(self._held) >= MAX_SECURITY_CODES:
                code.wipe()
                raise CodesFull
            dies_at = self._clock() + SECURITY_CODE_SECONDS
            self._held[payment_id] = _Held(card_token, code, dies_at)

    def take(self, payment_id: str, card_token: str) -> CodeOut | None:
        """Take the code out for a release of this very card; nothing if there is none."""
        with self._lock:
            held = self._held.get(payment_id)
            if held is None or held.card_token != card_token:
                return None
            del self._held[payment_id]
            if held.dies_at <= self._clock():
                held.code.wipe()
                return None
            out = self._out[payment_id] = CodeOut(self, payment_id, held)
            return out

    def forget(self, payment_id: str, card_token: str | None = None) -> bool:
        """Wipe the payment's code (of ``card_token`` alone, if given), also one that is on its way
        out and would come back; return whether there was one."""
        with self._lock:
            gone = False
            out = self._out.get(payment_id)
            if out is not None and card_token in (None, out.card_token):
                gone = self._out.pop(payment_id) is out
            held = self._held.get(payment_id)
            if held is not None and card_token in (None, held.card_token):
                self._held.pop(payment_id).code.wipe()
                gone = True
        return gone

    def sweep(self) -> int:
        """Wipe what is over; return how many."""
        now = self._clock()
        with self._lock:
            over = [payment for payment, held in self._held.items() if held.dies_at <= now]
            for payment in over:
                self._held.pop(payment).code.wipe()
        return len(over)

    def wipe_all(self) -> None:
        """Wipe every code: the process ends."""
        self._end.set()
        with self._lock:
            for held in self._held.values():
                held.code.wipe()
            self._held.clear()

    def start_sweeping(self) -> None:
        """Sweep every ``SWEEP_SECONDS`` in a thread of its own."""
        threading.Thread(target=self._sweep_on, name="sweep-codes", daemon=True).start()

    def _sweep_on(self) -> None:
        while not self._end.wait(SWEEP_SECONDS):
            self.sweep()

    def _return(self, out: CodeOut, held: _Held) -> None:
        with self._lock:
            wanted = self._out.pop(out.payment_id, None) is out
            if wanted and out.payment_id not in self._held and not self._end.is_set():
                self._held[out.payment_id] = held
            else:
                held.code.wipe()

    def _end_out(self, out: CodeOut) -> None:
        with self._lock:
            if self._out.get(out.payment_id) is out:
                del self._out[out.payment_id]


class CodeOut:
    """A code on its way out: released and wiped, or put back when the release was refused."""

    def __init__(self, codes: SecurityCodes, payment_id: str, held: _Held) -> None:
        self.payment_id = payment_id
        self._codes = codes
        self._held = held

    @property
    def card_token(self) -> str:
        """Return the card that the code belongs to."""
        return self._held.card_token

    def clear_text(self) -> str:
        """Return the code's digits. Raises ``ValueError`` after ``wipe``."""
        return self._held.code.clear_text()

    def wipe(self) -> None:
        """Overwrite the code: it was released."""
        self._codes._end_out(self)
        self._held.code.wipe()

    def put_back(self) -> None:
        """Keep the code for a later permit with the life that it had, unless it was forgotten
        meanwhile."""
        self._codes._return(self, self._held)

    def __repr__(self) -> str:
        return "<CodeOut>"
