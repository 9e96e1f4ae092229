"""What a release of a card costs: the vault's CPU, PostgreSQL's CPU, and the crypto in it.

Measured in one process without doors: a room of the vault with a durable PostgreSQL (a release
waits for its commit), THREADS threads that spend permits signed beforehand on kept cards. CPU is
user + system time of this process (threads of the measurement do nothing else) and of PostgreSQL's
processes, divided by the releases. "crypto" is timed alone, in one thread: the permit's signature,
the subject's key, the items, the sealing to card_network. The last figure takes cards in by the
form's own path, without the page.

    python -m bench.vault [NUMBER]
"""

from __future__ import annotations

import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil

from tests.rooms.open_room import Room, open_room

THREADS = 4
CARDS = 50
WARM_UP = 200
DEFAULT_RELEASES = 3_000
CRYPTO_ROUNDS = 500


def main() -> None:
    """Release, take cards in, print."""
    number = int(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT_RELEASES
    from sekisho.vault import card_form

    templates = [Path(card_form.__file__).parent / "templates"]
    urls = "sekisho.vault.card_form.urls"
    room = open_room("vault", durable=True, urls=urls, template_folders=templates)
    from tests.rooms.vault.neighbours import made_vault

    with (
        tempfile.TemporaryDirectory(prefix="sekisho-bench-") as folder,
        made_vault(Path(folder), {"kind": "file"}) as place,
    ):
        place.change(default_releases_per_hour=10**9, all_releases_per_hour=10**9)
        cards = [place.entered_card(purpose="enrolment") for _ in range(CARDS)]
        orders = _orders(place, cards, number + WARM_UP)
        _spend(place, orders[:WARM_UP])
        _report(room, "release", number, lambda: _spend(place, orders[WARM_UP:]))
        _report_crypto(place, cards[0])
        _report(room, "take_card", number // 10, lambda: _take(place, number // 10))


def _orders(place: Any, cards: list[Any], number: int) -> list[Any]:
    from sekisho.crossings.vault import Release

    changes = {"purpose": "authenticate", "with_security_code": False}
    signed = (place.sign(place.permit(cards[at % CARDS], **changes)) for at in range(number))
    return [Release(signed_permit=one) for one in signed]


def _spend(place: Any, orders: list[Any]) -> None:
    from sekisho.vault.release_items import release_card
    from sekisho.vocabulary.clock import now

    _in_threads(lambda order: release_card(place.vault, "card_network", order, now()), orders)


def _take(place: Any, number: int) -> None:
    from sekisho.card_secrets import CardExpiry, CardNumber, SecurityCode
    from sekisho.vault.open_card_form import token_digest
    from sekisho.vault.take_card import EnteredCard, find_form, take_card
    from sekisho.vocabulary.clock import now
    from tests.rooms.vault.neighbours import CODE, NUMBER

    paths = [place.open_form() for _ in range(number)]

    def take(path: str) -> None:
        token = path.removeprefix("/card/").partition("?")[0]
        form = find_form(token_digest(token), now(), counted=True)
        if form is None:
            raise RuntimeError("the form is gone")
        entered = EnteredCard(
            CardNumber(NUMBER), CardExpiry("2908"), SecurityCode(CODE), "TARO MIHON"
        )
        if take_card(place.vault, form, entered, now()) != "accepted":
            raise RuntimeError("a card was not taken")

    _in_threads(take, paths)


def _in_threads(work: Callable[[Any], object], each: list[Any]) -> None:
    from django.db import connection

    with ThreadPoolExecutor(THREADS) as pool:
        for _ in pool.map(work, each):
            pass
        # A barrier makes each thread close its own connection once.
        together = threading.Barrier(THREADS)

        def close(_: int) -> None:
            together.wait()
            connection.close()

        list(pool.map(close, range(THREADS)))


def _report(room: Room, what: str, number: int, act: Callable[[], None]) -> None:
    own, database, began = time.process_time(), _database_cpu(), time.monotonic()
    # Sampled while the act runs: a backend that ended takes its figures with it.
    sampler = _Sampler()
    sampler.start()
    act()
    sampler.end()
    seconds = time.monotonic() - began
    own = time.process_time() - own
    print(
        f"{what}: {number / seconds:.0f}/s with {THREADS} threads; CPU µs each: vault"
        f" {own * 1e6 / number:.0f}, PostgreSQL {(sampler.seconds - database) * 1e6 / number:.0f}"
    )


class _Sampler(threading.Thread):
    """The most CPU seconds that each of PostgreSQL's processes was seen with."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self._over = threading.Event()
        self._seen: dict[int, float] = {}

    @property
    def seconds(self) -> float:
        return sum(self._seen.values())

    def run(self) -> None:
        while not self._over.wait(0.1):
            self._seen |= _each_database_cpu()

    def end(self) -> None:
        self._over.set()
        self.join()
        self._seen |= _each_database_cpu()


def _database_cpu() -> float:
    return sum(_each_database_cpu().values())


def _each_database_cpu() -> dict[int, float]:
    used = {}
    for process in psutil.Process().children(recursive=True):
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        used[process.pid] = times.user + times.system
    return used


def _report_crypto(place: Any, card: Any) -> None:
    from sekisho.crossings.sealing import release_purpose, seal
    from sekisho.crossings.vault import ReleasedCard
    from sekisho.vault import release_items
    from sekisho.vault.records.models import Item, Subject
    from sekisho.vault.records.visibility import visible_to
    from sekisho.vault.sealed_items import card_binding, open_item
    from tests.rooms.vault.neighbours import BODY, NUMBER

    signed = place.sign(place.permit(card))
    with visible_to(BODY):
        subject = Subject.objects.get(token=card.subject)
        items = list(Item.objects.filter(subject_id=card.subject))
    key = place.vault.keyring.open_subject(subject)
    bound = card_binding(card.payment_id, kept=True)
    content = ReleasedCard(
        number=NUMBER, expiry_yymm="2908", cardholder_name="TARO MIHON", security_code=None
    )
    purpose = release_purpose(signed.permit.permit_id)
    steps: dict[str, Callable[[], object]] = {
        "signature": lambda: release_items._check_signature(place.vault, signed),
        "subject key": lambda: place.vault.keyring.open_subject(subject),
        "items": lambda: [open_item(item, key, bound_to=bound) for item in items],
        "sealing": lambda: seal(signed.permit.receiver_key, content, purpose=purpose),
    }
    costs = {name: _cost_of(step) for name, step in steps.items()}
    told = ", ".join(f"{name} {cost:.0f}" for name, cost in costs.items())
    print(f"crypto: {sum(costs.values()):.0f} µs for each release ({told})")


def _cost_of(step: Callable[[], object]) -> float:
    """CPU microseconds of one call, in this thread."""
    began = time.thread_time()
    for _ in range(CRYPTO_ROUNDS):
        step()
    return (time.thread_time() - began) * 1e6 / CRYPTO_ROUNDS


if __name__ == "__main__":
    main()
