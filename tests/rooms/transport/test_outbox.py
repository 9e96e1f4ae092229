"""The outbox delivers what was committed, at least once, and forgets nothing that was refused."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, ClassVar

import pytest
from django.db import connection, transaction
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from sekisho import transport
from sekisho.crossings import vault
from sekisho.crossings.message import Crossing, Refusal, Taken
from sekisho.transport import CrossingFailed, CrossingUnavailable, outbox
from sekisho.transport.outbox import Outbox, OutboxFull, post, unpost, waiting

pytestmark = pytest.mark.usefixtures("empty_outbox")


def _forget(number: int) -> vault.ForgetSecurityCode:
    return vault.ForgetSecurityCode(payment_id=f"pay_{number}")


class Remind(Crossing[Taken], frozen=True, kw_only=True):
    """A message of a zone to itself."""

    receiver: ClassVar[str] = "self"
    number: int


class Receiver:
    """Stands for another zone: keeps what arrived, and may be out of order."""

    def __init__(self) -> None:
        self.got: list[str] = []
        self.trouble: Exception | None = None
        self.lost_answers = False

    def cross(self, message: Any, *, seconds: float) -> Taken:
        if self.trouble is not None:
            raise self.trouble
        self.got.append(message.payment_id)
        if self.lost_answers:
            raise CrossingUnavailable("no answer")
        return Taken()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    transport.use(receiver)
    yield receiver
    transport.use(None)


def _due_now() -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE outbox SET due_at = now(), leased_until = NULL")


def test_what_was_committed_is_delivered_and_what_was_rolled_back_is_not(
    receiver: Receiver,
) -> None:
    carrier = Outbox(sends=[vault.ForgetSecurityCode])
    with transaction.atomic():
        post(_forget(1))
    with pytest.raises(RuntimeError), transaction.atomic():
        post(_forget(2))
        raise RuntimeError
    carrier.deliver_due()
    assert receiver.got == ["pay_1"]
    assert waiting() == {"waiting": 0, "refused": 0}


def test_a_receiver_that_is_away_gets_it_later(receiver: Receiver) -> None:
    carrier = Outbox(sends=[vault.ForgetSecurityCode])
    post(_forget(1))
    for trouble in (CrossingUnavailable("away"), CrossingFailed("broke"), RuntimeError("bug")):
        receiver.trouble = trouble
        carrier.deliver_due()
        assert waiting()["waiting"] == 1
        _due_now()
    receiver.trouble = None
    carrier.deliver_due()
    assert receiver.got == ["pay_1"]


def test_a_lost_answer_means_that_it_is_said_again(receiver: Receiver) -> None:
    carrier = Outbox(sends=[vault.ForgetSecurityCode])
    post(_forget(1))
    receiver.lost_answers = True
    carrier.deliver_due()
    receiver.lost_answers = False
    _due_now()
    carrier.deliver_due()
    assert receiver.got == ["pay_1", "pay_1"]


def test_a_refusal_is_kept_for_a_person_and_told(receiver: Receiver) -> None:
    told: list[tuple[str, str]] = []
    carrier = Outbox(
        sends=[vault.ForgetSecurityCode], on_refused=lambda name, why: told.append((name, why))
    )
    receiver.trouble = Refusal("token_unknown")
    post(_forget(1))
    carrier.deliver_due()
    _due_now()
    assert carrier.deliver_due() == 0
    assert waiting() == {"waiting": 0, "refused": 1}
    assert told == [("ForgetSecurityCode", "token_unknown: ")]


def test_a_message_that_this_version_cannot_read_is_kept_and_told() -> None:
    told: list[tuple[str, str]] = []
    post(_forget(1))
    Outbox(own={Remind: lambda _: None}, on_refused=lambda *what: told.append(what)).deliver_due()
    assert waiting() == {"waiting": 0, "refused": 1}
    assert told[0][0] == "ForgetSecurityCode"


def test_a_message_to_oneself_waits_until_it_is_due() -> None:
    done: list[int] = []
    carrier = Outbox(own={Remind: lambda message: done.append(message.number)})
    post(Remind(number=1), due_in=timedelta(hours=1))
    assert carrier.deliver_due() == 0
    _due_now()
    carrier.deliver_due()
    assert done == [1]


def test_a_key_is_posted_once_and_can_be_taken_back(receiver: Receiver) -> None:
    post(_forget(1), key="one")
    post(_forget(2), key="one")
    post(_forget(3), key="two")
    unpost("two")
    Outbox(sends=[vault.ForgetSecurityCode]).deliver_due()
    assert receiver.got == ["pay_1"]


def test_two_carriers_never_take_the_same_message(receiver: Receiver) -> None:
    for number in range(40):
        post(_forget(number))

    def carry() -> None:
        carrier = Outbox(sends=[vault.ForgetSecurityCode])
        while carrier.deliver_due():
            pass
        connection.close()

    threads = [threading.Thread(target=carry) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(receiver.got) == sorted(f"pay_{number}" for number in range(40))


def test_a_started_outbox_delivers_by_itself_and_stops(receiver: Receiver) -> None:
    arrived = threading.Event()
    carrier = Outbox(own={Remind: lambda _: arrived.set()})
    carrier.start()
    post(Remind(number=1))
    assert arrived.wait(10)
    carrier.stop()


class Slow(Receiver):
    """Keeps every message until it is told to go on."""

    def __init__(self) -> None:
        super().__init__()
        self.arrived, self.go_on = threading.Event(), threading.Event()

    def cross(self, message: Any, *, seconds: float) -> Taken:
        self.arrived.set()
        assert self.go_on.wait(10)
        return super().cross(message, seconds=seconds)


@pytest.fixture
def carried(receiver: Receiver) -> Iterator[Outbox]:
    """An outbox whose carriers run."""
    carrier = Outbox(sends=[vault.ForgetSecurityCode])
    carrier.start()
    _until(lambda: outbox._passage.takes)
    yield carrier
    carrier.stop()


def _until(so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not so():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_what_is_due_at_once_goes_from_the_commit_to_a_carrier(
    receiver: Receiver, carried: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(carried, "_lease", list)
    with transaction.atomic():
        for number in range(40):
            post(_forget(number))
        assert not receiver.got
    _until(lambda: len(receiver.got) == 40)
    _until(lambda: waiting()["waiting"] == 0)
    assert sorted(receiver.got) == sorted(f"pay_{number}" for number in range(40))


def test_nobody_else_takes_what_a_carrier_has_in_hand(carried: Outbox) -> None:
    slow = Slow()
    transport.use(slow)
    post(_forget(1))
    assert slow.arrived.wait(10)
    assert Outbox(sends=[vault.ForgetSecurityCode]).deliver_due() == 0
    slow.go_on.set()
    _until(lambda: waiting()["waiting"] == 0)
    assert slow.got == ["pay_1"]


def test_what_was_handed_over_and_not_taken_is_put_off_like_the_rest(
    receiver: Receiver, carried: Outbox
) -> None:
    receiver.trouble = CrossingUnavailable("away")
    post(_forget(1))
    _until(lambda: _rows("SELECT 1 FROM outbox WHERE leased_until IS NULL") == 1)
    receiver.trouble = None
    _until(lambda: receiver.got == ["pay_1"])


def test_a_refusal_of_what_was_handed_over_is_kept(receiver: Receiver, carried: Outbox) -> None:
    receiver.trouble = Refusal("token_unknown")
    post(_forget(1))
    _until(lambda: waiting() == {"waiting": 0, "refused": 1})


def test_a_new_life_takes_over_what_an_earlier_one_had_in_hand(receiver: Receiver) -> None:
    post(_forget(1))
    assert len(Outbox(sends=[vault.ForgetSecurityCode])._lease()) == 1
    carrier = Outbox(sends=[vault.ForgetSecurityCode])
    carrier.start()
    _until(lambda: receiver.got == ["pay_1"])
    carrier.stop()


def test_a_full_outbox_refuses_and_takes_again_when_it_is_emptier(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "MAX_OUTBOX_MESSAGES", 3)
    monkeypatch.setattr(outbox, "COUNT_SECONDS", 0.0)
    receiver.trouble = CrossingUnavailable("away")
    for number in range(4):
        post(_forget(number))
    carrier = Outbox(sends=[vault.ForgetSecurityCode])
    carrier._look()
    with pytest.raises(OutboxFull):
        post(_forget(4))
    receiver.trouble = None
    _due_now()
    carrier._look()
    carrier._look()
    post(_forget(5))


def _rows(statement: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return len(cursor.fetchall())


@pytest.mark.usefixtures("outbox_database")
class TestAnyOrder:
    def test_nothing_committed_is_ever_lost(self, outbox_database: None) -> None:
        OutboxMachine.TestCase().runTest()


class OutboxMachine(RuleBasedStateMachine):
    """Posts, deliveries, outages and dying carriers in any order."""

    def __init__(self) -> None:
        super().__init__()
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE outbox")
        self.receiver = Receiver()
        transport.use(self.receiver)
        self.posted: list[str] = []

    @rule()
    def commit(self) -> None:
        number = len(self.posted)
        post(_forget(number))
        self.posted.append(f"pay_{number}")

    @rule()
    def roll_back(self) -> None:
        with transaction.atomic():
            post(_forget(9999))
            transaction.set_rollback(True)

    @rule()
    def deliver(self) -> None:
        Outbox(sends=[vault.ForgetSecurityCode]).deliver_due()

    @rule()
    def receiver_goes_away(self) -> None:
        self.receiver.trouble = CrossingUnavailable("away")

    @rule()
    def receiver_is_back(self) -> None:
        self.receiver.trouble = None
        _due_now()

    @rule()
    def carrier_dies_with_a_lease(self) -> None:
        """A carrier leased a batch and was killed; its lease runs out."""
        Outbox(sends=[vault.ForgetSecurityCode])._lease()
        _due_now()

    @invariant()
    def each_is_delivered_or_waits(self) -> None:
        got = set(self.receiver.got)
        assert got <= set(self.posted)
        assert len(set(self.posted) - got) <= waiting()["waiting"]

    def teardown(self) -> None:
        self.receiver_is_back()
        while Outbox(sends=[vault.ForgetSecurityCode]).deliver_due():
            pass
        assert set(self.receiver.got) == set(self.posted)
        transport.use(None)


OutboxMachine.TestCase.settings = settings(max_examples=30, stateful_step_count=20, deadline=None)
