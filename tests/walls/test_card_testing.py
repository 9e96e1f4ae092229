"""A thief at a real platform tests one stolen card over and over: after a few tries the browser
must work, after a few more the network hears nothing, and the thief can't tell."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from sekisho.crossings import payments as said
from sekisho.crossings.card_network import BrowserFacts
from tests.engine_load import Engine, ThinPayer, hand_in_bills
from tests.rooms.payments.guard_hands import solve
from tests.running_platform import RunningPlatform

STOLEN = "4000000500000007"
"""A test card that its issuer always declines (response code 05)."""

TRIES = 9
SEEN_BY_NETWORK = 6
"""`card.refuse_fruitless` as delivered; the puzzle comes from the fourth on."""


class Thief(ThinPayer):
    """Solves every puzzle."""

    puzzles = 0
    forged = "1-2-3-4-5-6-7-8"

    def confirm(self) -> None:
        shown = self.press(None)
        if shown.puzzle is not None:
            type(self).puzzles += 1
            assert self.press(self.forged).puzzle == shown.puzzle, "a forged proof opens nothing"
            shown = self.press(solve(shown.puzzle))
        assert shown.status == "processing"
        self._hear(shown)

    def press(self, proof: str | None) -> said.PaymentShown:
        origin = self.engine.site_origin
        shown: said.PaymentShown = self._say(
            said.ConfirmPayment(
                payment_id=self.payment_id,
                notification_url=f"{origin}/e/{self.key}/returned",
                browser=BrowserFacts(
                    accept_header="text/html", user_agent="thief", language="ja", java_script=True
                ),
                proof=proof,
                source=f"address-{self.serial}",
                session=self.key,
            )
        )
        return shown


@pytest.fixture(scope="module")
def engine() -> Iterator[tuple[RunningPlatform, Engine]]:
    folder = Path(tempfile.mkdtemp(prefix="sekisho-thief-"))
    platform = RunningPlatform(folder / "data").start()
    reached = Engine(platform.data)
    try:
        yield platform, reached
    finally:
        reached.close()
        platform.stop()
        shutil.rmtree(folder, ignore_errors=True)


def test_one_stolen_card_tried_over_and_over(engine: tuple[RunningPlatform, Engine]) -> None:
    platform, doors = engine
    thieves = [Thief(doors, slip, [STOLEN]) for slip in hand_in_bills(platform, [10_000] * TRIES)]
    assert [thief.pay() for thief in thieves] == ["declined"] * TRIES
    assert Thief.puzzles == TRIES - 3
    attempts = [
        doors.ask(said.ShowHistory(reference=thief.payment_id)).attempts[0] for thief in thieves
    ]
    codes = [attempt.response_code for attempt in attempts]
    assert codes == ["05"] * SEEN_BY_NETWORK + [""] * (TRIES - SEEN_BY_NETWORK)
    assert all("refused (card:" in attempt.guard for attempt in attempts[SEEN_BY_NETWORK:])
    told = {str(_alike(thief.look())) for thief in thieves}
    assert len(told) == 1, "the thief sees which of them the issuer never heard of"
    assert len({tuple(thief.told) for thief in thieves}) == 1


def _alike(shown: said.PaymentShown) -> dict[str, object]:
    facts = dict(msgspec.to_builtins(shown))
    for own in ("payment_id", "reference", "bill", "started_at", "expires_at", "finished_at"):
        facts[own] = facts[own] is not None
    return facts


def test_an_operator_sees_it(engine: tuple[RunningPlatform, Engine]) -> None:
    _, doors = engine
    counts = doors.ask(said.ShowGuard(limit=20)).counts
    card = next(c for c in counts if c.scope == "card" and c.window_hours == 1)
    assert (card.attempts, card.declines) == (SEEN_BY_NETWORK, SEEN_BY_NETWORK)
    assert not any(c.action == "close" for c in counts)
