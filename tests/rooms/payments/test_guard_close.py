"""A site stops taking cards by rule, an operator opens it again; and what a whole attack gets."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from sekisho.crossings import payments
from sekisho.crossings.message import Refusal
from sekisho.payments.guard.guard_section import GuardSection
from tests.rooms.payments.conftest import ROOM
from tests.rooms.payments.guard_hands import (
    LOOSE,
    Furnish,
    Prober,
    end_refusals,
    solve,
    went_out,
)
from tests.rooms.payments.world import PREMIUM, TAX, TERMINAL, rows_of

CLOSES = {"from_attempts": [10, 10], "close_percent": [80, 80]}


def closed(prober: Prober) -> bool:
    return not prober.world.say(TAX, payments.ShowCardEntry()).open


def set_entry(prober: Prober, open_: bool, **changed: Any) -> payments.GuardShown:
    fields = {"site": "metropolitan_tax", "reason": "looked into", "by": "hanako", **changed}
    shown: payments.GuardShown = prober.world.say(
        TERMINAL, payments.SetCardEntry(open=open_, **fields)
    )
    return shown


def read_alarms(prober: Prober) -> list[tuple[str, str]]:
    with ROOM.cluster.superuser_connection() as superuser:
        return superuser.execute(
            "SELECT kind, subject FROM evidence.line WHERE kind LIKE 'alarm.payments.card%'"
        ).fetchall()


def test_too_many_noes_close_the_site_and_raise_one_alarm(furnish: Furnish) -> None:
    prober = furnish(site=CLOSES)
    late = prober.begin()
    prober.pay(late)
    for _ in range(2):
        prober.attempt(answer="approved")
    for _ in range(7):
        prober.attempt()
    assert not closed(prober)
    before = len(read_alarms(prober))
    prober.attempt()
    assert closed(prober)
    prober.answer(late, "declined")
    assert read_alarms(prober)[before:] == [
        ("alarm.payments.card_entry_closed", "metropolitan_tax")
    ]
    assert prober.world.say(PREMIUM, payments.ShowCardEntry()).open, "another site goes on"


def test_a_bad_day_of_an_issuer_closes_nothing(furnish: Furnish) -> None:
    prober = furnish(site=CLOSES)
    for code in ("91", "96", "68") * 5:
        prober.attempt(code=code)
    assert not closed(prober)


def test_a_closed_site_takes_no_card_anywhere(furnish: Furnish) -> None:
    prober = furnish(site=CLOSES)
    facts, more = prober.bill(), prober.bill()
    waiting = prober.begin()
    open_form = prober.world.start(more, "key-form", sealed_email=None).payment_id
    in_flight = prober.begin()
    prober.pay(in_flight)
    set_entry(prober, False)
    for refused in (
        lambda: prober.bill(),
        lambda: prober.world.start(facts, "key-late"),
        lambda: prober.pay(waiting),
        lambda: prober.reopen(waiting),
    ):
        with pytest.raises(Refusal) as refusal:
            refused()
        assert refusal.value.code == "cards_closed"
    with pytest.raises(Refusal) as refusal:
        prober.enter(open_form)
    assert refusal.value.code == "payment_over"
    prober.answer(in_flight, "approved")
    assert prober.world.show(in_flight).status == "processing", "what was confirmed goes on"
    assert not went_out(prober.world, waiting)


def test_an_operator_opens_it_and_the_count_begins_anew(furnish: Furnish) -> None:
    prober = furnish(bills=40, site=CLOSES)
    for _ in range(10):
        prober.attempt()
    assert closed(prober)
    shown = set_entry(prober, True, reason="cards of one BIN were tested; they are blocked")
    entry = next(site for site in shown.sites if site.site == "metropolitan_tax")
    assert (entry.open, entry.by) == (True, "hanako") and "one BIN" in entry.why
    for _ in range(9):
        assert prober.attempt() == "declined"
    assert not closed(prober)
    prober.attempt()
    assert closed(prober)


@pytest.mark.parametrize(
    ("changed", "code", "field"),
    [
        ({"site": "nowhere"}, "site_unknown", "site"),
        ({"reason": "  "}, "reason_wrong", "reason"),
        ({"reason": "x" * 501}, "reason_wrong", "reason"),
    ],
)
def test_a_wrong_word_of_an_operator_changes_nothing(
    furnish: Furnish, changed: dict[str, str], code: str, field: str
) -> None:
    prober = furnish()
    with pytest.raises(Refusal) as refusal:
        set_entry(prober, False, **changed)
    assert (refusal.value.code, refusal.value.field) == (code, field)
    assert not closed(prober)


def test_said_twice_it_is_one_closing(furnish: Furnish) -> None:
    prober = furnish()
    set_entry(prober, False, by="first", reason="one")
    shown = set_entry(prober, False, by="second", reason="two")
    (entry,) = [site for site in shown.sites if not site.open]
    assert (entry.by, entry.why) == ("first", "one")


def test_operators_see_counts_near_their_limits(furnish: Furnish) -> None:
    prober = furnish(card={"step_up_fruitless": [3, 9], "refuse_fruitless": [4, 9]})
    for _ in range(2):
        prober.attempt(card="one")
    near = prober.world.say(TERMINAL, payments.ShowGuard(limit=50)).counts
    assert [(c.scope, c.window_hours, c.attempts, c.action) for c in near] == [("card", 1, 2, "")]
    prober.attempt(card="one")
    payment_id = prober.begin(card="one")
    puzzle = prober.pay(payment_id).puzzle
    assert puzzle is not None
    prober.pay(payment_id, proof=solve(puzzle))
    shown = prober.world.say(TERMINAL, payments.ShowGuard(limit=50)).counts
    assert [(c.scope, c.declines, c.action) for c in shown] == [("card", 3, "step_up")]
    assert all(len(c.key) <= 8 for c in shown)


# --- whole attacks, against the limits as delivered -----------------------------------------------

CARDS = 500
A_FEW = 120
"""Cards where a limit holds from the first ones on."""


def attack(prober: Prober, *, cards: int = CARDS, solves: bool, **given: Any) -> int:
    """Test ``cards``, two in a hundred of them good; return how many the network saw."""
    reached = 0
    for card in range(cards):
        try:
            payment_id = prober.begin(**{name: make(card) for name, make in given.items()
                                         if name in ("bin", "card")})  # fmt: skip
            more = {name: make(card) for name, make in given.items()
                    if name in ("source", "session")}  # fmt: skip
            puzzle = prober.pay(payment_id, **more).puzzle
            if puzzle is not None and solves:
                prober.pay(payment_id, proof=solve(puzzle), **more)
        except Refusal as refusal:
            assert refusal.code == "cards_closed"
            break
        if prober.world.history(payment_id).state == "authenticating" and is_out(payment_id):
            reached += 1
            prober.answer(payment_id, "approved" if card % 50 == 49 else "declined")
        prober.world.later(seconds=1)
    return reached


def is_out(payment_id: str) -> bool:
    return rows_of("SELECT count(*) FROM permit_issued WHERE payment_id = %s", [payment_id]) == [
        (1,)
    ]


@pytest.fixture
def delivered(furnish: Furnish) -> Any:
    """The limits as delivered, with puzzles that Python solves in no time."""

    def make() -> Prober:
        plain = msgspec.to_builtins(GuardSection())
        return furnish(bills=CARDS + 5, **{**plain, "puzzle_bits": 10, "puzzle_bits_most": 12})

    return make


FROM_EVERYWHERE: dict[str, Any] = {
    "card": lambda n: f"card-{n}",
    "bin": lambda n: f"{41_111_110 + n % 5}",
    "source": lambda n: f"source-{n}",
    "session": lambda n: f"session-{n}",
}


def test_five_hundred_cards_from_everywhere_without_work(delivered: Any) -> None:
    """Another card, bill, address and session each time: the site's own rate stops it at 49."""
    assert attack(delivered(), solves=False, **FROM_EVERYWHERE) == 49


def test_five_hundred_cards_from_everywhere_with_work(delivered: Any) -> None:
    """Whoever solves every puzzle closes the site with the first no after fifty answers (the
    fiftieth was a yes)."""
    prober = delivered()
    assert attack(prober, solves=True, **FROM_EVERYWHERE) == 51
    assert closed(prober)


SILENT: dict[str, Any] = {
    **FROM_EVERYWHERE,
    "source": lambda _: "",
    "session": lambda _: "",
}
"""A taken-over site tells neither address nor session: both are its word alone."""


def test_a_silent_site_is_closed_by_its_own_rate(delivered: Any) -> None:
    prober = delivered()
    assert attack(prober, solves=True, **SILENT) == 51
    assert closed(prober)


def test_a_silent_site_is_held_to_the_limit_of_a_bin(delivered: Any) -> None:
    prober = delivered()
    one_bin = {**SILENT, "bin": lambda _: "41111111"}
    assert attack(prober, cards=A_FEW, solves=True, **one_bin) == 20
    end_refusals(prober.world)


def test_five_hundred_cards_of_one_bin_with_work(delivered: Any) -> None:
    """One BIN is refused long before the site has to close."""
    prober = delivered()
    one_bin = {**FROM_EVERYWHERE, "bin": lambda _: "41111111"}
    reached = attack(prober, cards=A_FEW, solves=True, **one_bin)
    assert reached == 20 and not closed(prober)
    end_refusals(prober.world)


def test_five_hundred_cards_from_one_session_with_work(delivered: Any) -> None:
    prober = delivered()
    given = {**FROM_EVERYWHERE, "session": lambda _: "one", "bin": lambda n: f"{41_000_000 + n}"}
    assert attack(prober, cards=A_FEW, solves=True, **given) == 8


def test_it_is_the_guard_that_stops_them_and_nothing_else(furnish: Furnish) -> None:
    """Without its limits each of them reaches the network: the figures above are its work."""
    prober = furnish(bills=CARDS + 5, **LOOSE)
    assert attack(prober, cards=A_FEW, solves=False, **FROM_EVERYWHERE) == A_FEW
