"""Whatever a client body asks, it never finds or touches another body's bills, payments, refunds or
links: not by filter, id, reference, cursor or key. Tried with many mixtures (Hypothesis)."""

from __future__ import annotations

from typing import Any

import msgspec
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sekisho.crossings import payments
from sekisho.crossings.message import Refusal
from sekisho.payments.business.turn_pages import write_cursor
from sekisho.payments.records.session import acting_for
from tests.rooms.payments import business_hands
from tests.rooms.payments.business_hands import link, pay_by_link, put
from tests.rooms.payments.world import DESK, PREMIUM, TAX, World

BODIES = ("mihon_to", "mihon_kiko", "mihon_to_test", "mihon_kiko_test")
SITE = {"mihon_to": TAX, "mihon_kiko": PREMIUM}


class Owned:
    """Everything that each body has, by whose it is."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.words: dict[str, set[str]] = {body: set() for body in BODIES}
        self.refunds: list[str] = []
        for body in BODIES:
            self._fill(body)
        self.every = sorted(set().union(*self.words.values()))

    def _fill(self, body: str) -> None:
        world, own = self.world, self.words[body]
        # The same keys and the same references in every body.
        made = link(world, "same", client_body=body)
        own |= {made.link_id, made.bill_id}
        world_of_site: Any = _Site(world, body)
        payment_id = pay_by_link(world_of_site, made, f"start-{body}")
        shown = business_hands.of_body(world, payment_id, body)
        refund = world.refund(
            payment_id, "refund", client_body=body, amount_yen=1_000, fee_yen=0,
            left_yen=shown.left_yen,
        )  # fmt: skip
        own |= {payment_id, shown.payment.reference, refund.refund_id}
        if body.startswith("mihon_to"):
            bill = put(world, body, key="same-bill", payment_number="7" * 16)
            own.add(bill.bill_id)


class _Site:
    """The world with its payers at the body's own site."""

    def __init__(self, world: World, body: str) -> None:
        self._world, self._caller = world, SITE[body.removesuffix("_test")]

    def say(self, caller: Any, message: Any) -> Any:
        return self._world.say(self._caller if caller is TAX else caller, message)

    def confirm(self, payment_id: str) -> Any:
        return self._world.confirm(payment_id, self._caller)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._world, name)


@pytest.fixture
def owned(world: World) -> Owned:
    return Owned(world)


def questions(body: str, word: str, cursor: str | None) -> list[Any]:
    """Every question that a body can put about ``word``."""
    said = payments
    return [
        said.ShowBill(client_body=body, bill_id=word),
        said.ShowLink(client_body=body, link_id=word),
        said.ShowPaymentOfBody(client_body=body, payment_id=word),
        said.FindBills(client_body=body, payment_number=word, cursor=cursor, limit=200),
        said.FindBills(client_body=body, cursor=cursor, limit=200),
        said.FindLinks(client_body=body, bill_id=word, cursor=cursor, limit=200),
        said.FindLinks(client_body=body, cursor=cursor, limit=200),
        said.FindPayments(client_body=body, reference=word, cursor=cursor, limit=200),
        said.FindPayments(client_body=body, payment_number=word, cursor=cursor, limit=200),
        said.FindPayments(client_body=body, last_four="1111", cursor=cursor, limit=200),
        said.FindPayments(client_body=body, cursor=cursor, limit=200),
        said.FindRefunds(client_body=body, refund_id=word, cursor=cursor, limit=200),
        said.FindRefunds(client_body=body, payment_id=word, cursor=cursor, limit=200),
        said.FindRefunds(client_body=body, cursor=cursor, limit=200),
        said.WithdrawBill(client_body=body, bill_id=word, by="x"),
        said.CancelLink(client_body=body, link_id=word, by="x"),
        said.CreateLink(client_body=body, key=f"k{word}"[:200], bill_id=word, by="x"),
    ]


def test_no_question_finds_what_is_anothers(owned: Owned) -> None:
    known = st.sampled_from(owned.every) | st.just("7" * 16) | st.just("R-same")
    words = known | st.text(max_size=60)
    places = st.none() | known.map(write_cursor) | st.text(max_size=60)

    @settings(
        max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), database=None
    )
    @given(body=st.sampled_from(BODIES), word=words, cursor=places)
    def ask(body: str, word: str, cursor: str | None) -> None:
        others = set(owned.every) - owned.words[body]
        for message in questions(body, word, cursor):
            question = not isinstance(
                message, (payments.WithdrawBill, payments.CancelLink, payments.CreateLink)
            )
            if not question and word in owned.words[body]:
                continue
            try:
                found = owned.world.say(DESK, message)
            except Refusal as refusal:
                assert refusal.code in KNOWN_REFUSALS, refusal
                continue
            told = msgspec.json.encode(found).decode()
            assert not [other for other in others if other in told], (message, told)

    ask()


KNOWN_REFUSALS = {
    "bill_unknown",
    "link_unknown",
    "payment_unknown",
    "cursor_wrong",
    "filter_wrong",
    "key_wrong",
}


def test_every_body_finds_its_own(owned: Owned) -> None:
    for body in BODIES:
        found = "".join(
            msgspec.json.encode(owned.world.say(DESK, message)).decode()
            for message in (
                payments.FindBills(client_body=body),
                payments.FindLinks(client_body=body),
                payments.FindPayments(client_body=body),
                payments.FindRefunds(client_body=body),
            )
        )
        assert all(word in found for word in owned.words[body])


def test_the_database_holds_the_wall_whatever_is_asked(owned: Owned) -> None:
    for table in ("bill", "payment", "payment_link", "body_key", "body_event", "refund"):
        with acting_for("mihon_to") as rows:
            seen = rows.all(f"SELECT DISTINCT client_body FROM {table}")
        assert seen == [("mihon_to",)], table
    with pytest.raises(psycopg.errors.InsufficientPrivilege), acting_for("mihon_to") as rows:
        rows.do(
            "INSERT INTO body_event (client_body, kind, object_id, facts)"
            " VALUES ('mihon_kiko', 'x', 'y', '{}')"
        )
