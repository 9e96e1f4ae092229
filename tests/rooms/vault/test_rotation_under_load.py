"""Keys of thousands are rotated while payments run, by processes that are killed on the way."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import msgspec
from django.db import connection

from sekisho.crossings.message import Refusal
from sekisho.crossings.payments import CardEntered
from sekisho.crossings.vault import BeginRotation, StoreSubjects
from sekisho.vault.keyring import KEPT
from sekisho.vault.rotate_keys import order_rotation, progress, rotate_on, show_rotation
from sekisho.vault.store_items import store_subjects
from sekisho.vocabulary.clock import now
from tests.rooms.open_room import Room
from tests.rooms.vault.neighbours import BODY, NUMBER, Neighbours
from tests.rooms.vault.test_releases import lines
from tests.rooms.vault.test_store_items import PERSON, read_back, store

PEOPLE, CARDS, KILLS = 2_000, 20, 3
BATCH_SUBJECTS = 50
SEED = random.SystemRandom().randrange(10**9)


def people(place: Neighbours, number: int) -> None:
    for at in range(0, number, 500):
        boxes = [place.box({"email": f"p{at + one}@example.jp"}) for one in range(500)]
        order = StoreSubjects(key=f"many{at}", client_body=BODY, boxes=boxes)
        store_subjects(place.vault, "payments", order, now())


def begin(place: Neighbours) -> Any:
    order = BeginRotation(client_body=BODY, by="terminal:tester")
    return order_rotation(place.vault, order, now()).bodies[0]


class Payments(threading.Thread):
    """Releases cards until told to end; keeps what went wrong."""

    def __init__(self, place: Neighbours, cards: list[CardEntered]) -> None:
        super().__init__()
        self.place, self.cards = place, cards
        self.end = threading.Event()
        self.released, self.faults = 0, list[str]()

    def run(self) -> None:
        while not self.end.is_set():
            card = self.cards[self.released % len(self.cards)]
            try:
                permit = self.place.permit(card, with_security_code=False)
                number = self.place.release(self.place.sign(permit)).number
                if number != NUMBER:
                    self.faults.append("another number")
            except Refusal as refusal:
                self.faults.append(refusal.code)
            self.released += 1
        connection.close()


def rotating(place: Neighbours, room: Room) -> subprocess.Popen[bytes]:
    facts = {
        "folder": str(place.folder),
        "database": msgspec.to_builtins(room.facts),
        "batch": BATCH_SUBJECTS,
    }
    program = Path(__file__).with_name("rotating_process.py")
    process = subprocess.Popen(
        [sys.executable, str(program)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps(facts).encode())
    process.stdin.close()
    assert process.stdout.readline() == b"begun\n"
    process.stdout.close()
    return process


def wait_until(done: int, place: Neighbours) -> None:
    pause = threading.Event()
    while progress(place.vault, BODY, KEPT, now()).done < done:
        pause.wait(0.02)


def test_thousands_are_rotated_while_payments_run_and_processes_die(
    place: Neighbours, room: Room
) -> None:
    print(f"seed {SEED}")
    kill_at = sorted(random.Random(SEED).sample(range(1, PEOPLE // 2), KILLS))
    people(place, PEOPLE)
    cards = [place.entered_card(purpose="enrolment") for _ in range(CARDS)]
    person = store(place, PERSON, key="one")
    payments = Payments(place, cards)
    payments.start()
    body = begin(place)
    assert (body.version, body.left) == (2, PEOPLE + CARDS + 1)
    for done in kill_at:
        process = rotating(place, room)
        wait_until(done, place)
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert progress(place.vault, BODY, KEPT, now()).left > 0
    assert begin(place).version == 2, "one that is under way is not begun anew"
    last = rotating(place, room)
    wait_until(PEOPLE + CARDS + 1, place)
    last.kill()
    last.wait()
    payments.end.set()
    payments.join()
    assert payments.faults == []
    assert payments.released > CARDS
    assert read_back(place, person) == PERSON
    versions = "SELECT data_key_version, count(*) FROM vault.subject GROUP BY 1"
    assert room.cluster.execute_sql(versions) == [(2, PEOPLE + CARDS + 1)]
    told = [json.loads(line)["subjects"] for line in lines(room, "vault.keys_rewrapped")]
    assert sum(told) == PEOPLE + CARDS + 1, "each subject's move is told once"
    assert len(lines(room, "vault.rotation_finished")) == 1


def test_an_order_wakes_the_work(place: Neighbours) -> None:
    store(place, PERSON)
    stop = threading.Event()
    work = threading.Thread(target=_rotate, args=(place, stop))
    work.start()
    try:
        assert begin(place).version == 2
        wait_until(1, place)
    finally:
        stop.set()
        work.join()
    (body,) = show_rotation(place.vault, now()).bodies
    assert (body.version, body.done, body.left) == (2, 1, 0)
    assert begin(place).version == 3, "the next order is a new rotation"


def _rotate(place: Neighbours, stop: threading.Event) -> None:
    rotate_on(place.vault, stop)
    connection.close()


def test_a_body_with_single_payments_alone_gets_no_key_by_being_looked_at(
    place: Neighbours, room: Room
) -> None:
    place.entered_card()
    assert show_rotation(place.vault, now()).bodies == []
    kept = room.cluster.execute_sql("SELECT count(*) FROM vault.data_key WHERE use = 'kept'")
    assert kept == [(0,)]


def test_a_body_that_is_not_here_is_refused(place: Neighbours) -> None:
    store(place, PERSON)
    for body, code in (("nobody", "client_body_unknown"), ("x y", "message_invalid")):
        try:
            order_rotation(place.vault, BeginRotation(client_body=body, by="t"), now())
        except Refusal as refusal:
            assert (refusal.code, refusal.field) == (code, "client_body")
        else:
            raise AssertionError(body)
