"""Carries deliveries out: a few threads, a bounded number in hand, outcomes kept until fetched."""

from __future__ import annotations

import logging
import os
import ssl
import threading
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path

from sekisho.crossings.hook_sender import Delivery, Outcome, OutcomesShown
from sekisho.hook_sender.addresses import Resolve, find_target, resolve
from sekisho.hook_sender.deliver import Delivered, deliver
from sekisho.hook_sender.errors import AddressRefused
from sekisho.hook_sender.limits import DELIVERIES_AT_ONCE, MAX_HELD, RESOLVER_OPTIONS
from sekisho.hook_sender.reach import Reach

log = logging.getLogger("sekisho.hook_sender")


def make_trust(reach: Reach) -> ssl.SSLContext:
    """Return whom to believe over TLS: the system's authorities, or those that came with us where
    the system has none. Raises ``ssl.SSLError`` for a rehearsal's authority that is none."""
    context = ssl.create_default_context()
    places = ssl.get_default_verify_paths()
    folder = Path(places.capath) if places.capath else None
    if not context.get_ca_certs() and not (folder and any(folder.glob("*.0"))):
        import certifi

        context.load_verify_locations(certifi.where())
    if reach.trust_pem:
        context.load_verify_locations(cadata=reach.trust_pem)
    return context


class Carrier:
    """What one life of the sender has in hand. Lines are carried by a few threads, each line by one
    at a time, so that a receiver that hangs keeps one thread and nobody else waiting."""

    def __init__(self, reach: Reach, trust: ssl.SSLContext, resolve: Resolve = resolve) -> None:
        os.environ.setdefault("RES_OPTIONS", RESOLVER_OPTIONS)
        self.reach = reach
        self._trust = trust
        self._resolve = resolve
        self._lock = threading.Condition()
        self._lines: dict[str, deque[Delivery]] = {}
        """Of every line with something to do, also of those that a thread is at."""
        self._waiting: deque[str] = deque()
        """Lines that no thread is at."""
        self._under_way: set[str] = set()
        self._outcomes: dict[str, Outcome] = {}
        self._threads = 0
        self._idle = 0

    def take(self, deliveries: Sequence[Delivery]) -> list[str]:
        """Take what there is room for and return its try ids; what is in hand stays so."""
        taken = []
        with self._lock:
            for delivery in deliveries:
                if delivery.try_id not in self._under_way | self._outcomes.keys():
                    if self._room() <= 0:
                        continue
                    self._put_in_line(delivery)
                taken.append(delivery.try_id)
        return taken

    def show_outcomes(self, seen: Sequence[str]) -> OutcomesShown:
        """Forget the outcomes of ``seen``; return the others and what is under way."""
        with self._lock:
            for try_id in seen:
                self._outcomes.pop(try_id, None)
            return OutcomesShown(
                outcomes=list(self._outcomes.values()),
                under_way=sorted(self._under_way),
                room=self._room(),
            )

    def _room(self) -> int:
        return MAX_HELD - len(self._under_way) - len(self._outcomes)

    def _put_in_line(self, delivery: Delivery) -> None:
        self._under_way.add(delivery.try_id)
        line = self._lines.get(delivery.line)
        if line is not None:
            line.append(delivery)
            return
        self._lines[delivery.line] = deque([delivery])
        self._waiting.append(delivery.line)
        # A quiet platform holds no thread; one that is idle is woken before another is made.
        if self._idle >= len(self._waiting):
            self._lock.notify()
        elif self._threads < DELIVERIES_AT_ONCE:
            self._threads += 1
            threading.Thread(target=self._carry_lines, name="carry", daemon=True).start()

    def _carry_lines(self) -> None:
        while True:
            with self._lock:
                self._idle += 1
                while not self._waiting:
                    self._lock.wait()
                self._idle -= 1
                line = self._waiting.popleft()
            self._carry_line(line)

    def _carry_line(self, line: str) -> None:
        answered = True
        while True:
            with self._lock:
                delivery = self._lines[line][0]
            outcome = self.carry(delivery) if answered else _not_tried(delivery)
            answered = answered and outcome.status != 0
            with self._lock:
                self._lines[line].popleft()
                self._under_way.discard(delivery.try_id)
                self._outcomes[delivery.try_id] = outcome
                if not self._lines[line]:
                    del self._lines[line]
                    return

    def carry(self, delivery: Delivery) -> Outcome:
        """Deliver now and say how it went; whatever happens, there is an outcome."""
        began = time.monotonic()
        try:
            target = find_target(delivery.url, self.reach, self._resolve)
            done = deliver(target, delivery, self._trust)
        except AddressRefused as refused:
            done = Delivered(0, "address_refused", str(refused))
        except Exception:
            log.exception("try %s broke", delivery.try_id)
            done = Delivered(0, "answer_broken", "the sender broke on it; its log says more")
        took = round(1000 * (time.monotonic() - began))
        log.info("try %s: %s %s in %s ms", delivery.try_id, done.status, done.why, took)
        return Outcome(
            try_id=delivery.try_id,
            status=done.status,
            why=done.why,
            said=done.said,
            milliseconds=took,
        )


def _not_tried(delivery: Delivery) -> Outcome:
    return Outcome(try_id=delivery.try_id, status=0, why="not_tried", said="", milliseconds=0)
