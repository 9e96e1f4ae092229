"""Hands for tests of the guard: many cards, many bills, from anywhere; a solver of puzzles."""

from __future__ import annotations

import hashlib
import secrets
from typing import Any, Protocol

from sekisho.crossings import card_network, payments
from tests.rooms.payments.world import (
    BROWSER,
    NETWORK,
    ORIGIN,
    TAX,
    VAULT,
    World,
    make_bill,
    next_number,
)

LOOSE: dict[str, Any] = {
    scope: {
        "step_up_fruitless": [0, 0],
        "refuse_fruitless": [0, 0],
        "step_up_attempts": [0, 0],
        "refuse_attempts": [0, 0],
    }
    for scope in ("card", "session", "bill", "source")
} | {
    scope: {
        "from_attempts": [1_000_000, 1_000_000],
        "step_up_percent": [0, 0],
        "refuse_percent": [0, 0],
        "close_percent": [0, 0],
    }
    for scope in ("bin", "site")
}
"""Nothing trips."""


def world_with(folder: Any, **changes: Any) -> World:
    """Return a world whose tax site has the guard ``LOOSE`` but for ``changes``."""
    guard: dict[str, Any] = {**LOOSE, "puzzle_bits": 10, "puzzle_bits_most": 12}
    for name, change in changes.items():
        if isinstance(change, dict):
            guard[name] = {**guard.get(name, {}), **change}
        else:
            guard[name] = change
    return World(folder, metropolitan_tax={"guard": guard})


class Prober:
    """Tries cards; every part is new with each try unless it is told."""

    def __init__(self, world: World, bills: int = 60) -> None:
        self.world = world
        rows = [make_bill(line, payment_number=next_number()) for line in range(2, bills + 2)]
        result = world.import_rows("bills", rows, digest=secrets.token_hex(32))
        assert result.taken, result.refused
        self._bills = iter(rows)
        self._name = secrets.token_hex(4)
        self.tries = self.entered = 0

    def bill(self) -> payments.BillFacts:
        return self.world.find(next(self._bills))

    def begin(self, **given: Any) -> str:
        """Come to the button; return the payment's id."""
        self.tries += 1
        serial = self.tries
        bill = given.get("bill") or self.bill()
        started = self.world.start(bill, f"{self._name}-{serial}", sealed_email=None)
        self.enter(started.payment_id, **given)
        return started.payment_id

    def enter(self, payment_id: str, **given: Any) -> None:
        """Have the vault take a card for the payment."""
        self.entered += 1
        number = str(given.get("card", self.entered))
        self.world.say(
            VAULT,
            payments.CardEntered(
                payment_id=payment_id,
                card_token=f"token-{self.entered}",
                subject="subject_card",
                brand="visa",
                last_four="1111",
                issuer_bin=given.get("bin", f"{41_000_000 + self.entered}"),
                fingerprint=hashlib.sha256(number.encode()).digest(),
            ),
        )

    def reopen(self, payment_id: str) -> None:
        """Ask for a fresh card form."""
        self.world.say(
            TAX,
            payments.ReopenCardForm(
                payment_id=payment_id, parent_origin=ORIGIN, return_url=ORIGIN + "/x"
            ),
        )

    def pay(
        self, payment_id: str, *, source: str = "", session: str = "", proof: str | None = None
    ) -> payments.PaymentShown:
        shown: payments.PaymentShown = self.world.say(
            TAX,
            payments.ConfirmPayment(
                payment_id=payment_id,
                notification_url=ORIGIN + "/back",
                browser=BROWSER,
                proof=proof,
                source=source or f"source-{self.tries}",
                session=session or f"session-{self.tries}",
            ),
        )
        return shown

    def attempt(self, *, answer: str = "declined", code: str = "", **given: Any) -> str:
        """Try once, let the network answer; return what became of it: ``asked`` (for the puzzle),
        ``refused`` (no order left) or the answer."""
        payment_id = self.begin(**given)
        shown = self.pay(
            payment_id, source=given.get("source", ""), session=given.get("session", "")
        )
        if shown.puzzle is not None:
            return "asked"
        if not went_out(self.world, payment_id):
            return "refused"
        self.answer(payment_id, answer, code)
        return answer

    def answer(self, payment_id: str, answer: str = "declined", code: str = "") -> None:
        if answer in ("failed", "rejected", "unavailable"):
            self.world.authenticate(payment_id, answer)
            return
        if answer == "silent":
            return
        self.world.authenticate(payment_id)
        if not code:
            self.world.authorise(payment_id, answer)
            return
        self.world.say(
            NETWORK,
            payments.AuthorisationOutcome(
                payment_id=payment_id,
                attempt=1,
                result=answer,  # type: ignore[arg-type]
                response_code=code,
                approval_code="",
                network_reference="",
                trace_number="1",
            ),
        )


class Furnish(Protocol):
    """Makes a world with a guard of one's own (fixture ``furnish``)."""

    def __call__(self, bills: int = 20, **changes: Any) -> Prober: ...


def went_out(world: World, payment_id: str) -> bool:
    """Whether the card network was asked to authenticate the payment's card."""
    world.deliver()
    return any(
        isinstance(told, card_network.Authenticate) and told.payment_id == payment_id
        for told in world.told
    )


def solve(puzzle: payments.Puzzle) -> str:
    """Do the work as a browser does."""
    found = []
    for part in range(puzzle.parts):
        number = 0
        while not _zeroes(f"{puzzle.salt}:{part}:{number}", puzzle.part_bits):
            number += 1
        found.append(str(number))
    return "-".join(found)


def _zeroes(text: str, bits: int) -> bool:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()) >> (256 - bits) == 0


def end_refusals(world: World) -> None:
    """Let the time pass after which refused payments end."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("UPDATE outbox SET due_at = now() WHERE message = 'EndRefused'")
    world.deliver()
