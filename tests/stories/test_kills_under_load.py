"""kill -9 of everything at random moments while payers pay: no money is lost or taken twice.

``SEKISHO_KILLS`` says how many kills the stories make together (200), ``SEKISHO_KILL_SEED`` repeats
the victims of an earlier run; seeds and victims are printed."""

from __future__ import annotations

import pytest

from tests.engine_load import SITE
from tests.stories.hall import Hall
from tests.stories.kill_at_random import BACKEND, LINE, POSTMASTER, Reaper, kills_in_all, seed_of

ZONES = ("payments", "vault", "card_network", "evidence_keeper", SITE)
SIMULATORS = ("sim_card_network", "sim_three_d_secure")
DATABASE = (POSTMASTER, BACKEND)

STORIES = {
    "network": (("card_network", "sim_card_network", LINE), 0.12),
    "payments_and_vault": (("payments", "vault"), 0.13),
    "database": (DATABASE, 0.1),
    "everything": ((*ZONES, *SIMULATORS, *DATABASE, LINE), 0.65),
}
"""By story: the victims, and its share of all kills."""


@pytest.mark.parametrize("story", STORIES)
def test_kills_lose_no_money_and_take_none_twice(
    hall: Hall, story: str, capsys: pytest.CaptureFixture[str]
) -> None:
    victims, share = STORIES[story]
    seed = seed_of(story)
    with capsys.disabled():
        print(f"\nnote: {story}: SEKISHO_KILL_SEED={seed.partition('/')[0]}", flush=True)
    crowd, browsers = hall.crowd(), [hall.browser(), hall.browser()]
    reaper = Reaper(hall.engine, seed, lambda: crowd.steps)
    reaper.reap(victims, round(kills_in_all() * share))
    payers = hall.end(crowd, *browsers)
    with capsys.disabled():
        killed = ", ".join(f"{name} {count}" for name, count in sorted(reaper.killed.items()))
        print(
            f"\nnote: {story}: {reaper.killed.total()} kills ({killed}); {len(payers)} payers,"
            f" {dict(hall.states)}",
            flush=True,
        )
    assert crowd.ended, "nobody was told an outcome: there was no load"
