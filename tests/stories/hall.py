"""A platform on which faults can be made, with bills for everybody, for kills and faults alike."""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from sekisho.crossings.supervisor import ProcessShown
from sekisho.simulators import test_cards
from tests.engine_load import Crowd, Engine, Slip, ThinPayer, hand_in_bills
from tests.running_platform import RunningPlatform
from tests.stories.compare_books import Books
from tests.stories.stubborn_browser import StubbornBrowser

BILLS = 4_000
PAYERS_AT_ONCE = 6
GO_HOME_SECONDS = 200.0
PROGRAM = Path(__file__).with_name("faulty_platform.py")

GUARD_WATCHES = """
[metropolitan_tax.payments.guard]
mode = "watch"
"""
"""All payers come from one machine with cards of a few ranges, as no honest crowd does."""

ODD_CARDS = (
    "4000005100000000",  # declined
    "4000010100000000",  # accepted, never answered
    "4000010300000008",  # answered too late
    "4000010600000005",  # cut in mid-answer
    "4000010900000002",  # first capture not answered
)
ODD_EVERY = 9
"""Every so many payers begin with a card that makes trouble by itself."""


def wait_for(true: Callable[[], bool], what: str, limit_seconds: float = 90.0) -> None:
    """Wait until ``true``; fails the test when it does not come."""
    until = time.monotonic() + limit_seconds
    while not true():
        assert time.monotonic() < until, f"waited for: {what}"
        time.sleep(0.1)


class Hall:
    """The running platform, its books and its payers."""

    def __init__(self, data: Path) -> None:
        data.mkdir(mode=0o700)
        (data / "sites.toml").write_text(GUARD_WATCHES)
        self.platform = RunningPlatform(data, up=[sys.executable, str(PROGRAM)])
        self.platform.start()
        self.engine = Engine(data)
        self.books = Books(self.platform, self.engine)
        amounts = (1_000 + at for at in range(BILLS))
        self._slips: Iterator[Slip] = iter(hand_in_bills(self.platform, amounts))
        self._odd = itertools.cycle(ODD_CARDS)
        self._crowd: Crowd | None = None

    def process(self, name: str) -> ProcessShown:
        """A process as the supervisor sees it now."""
        return next(row for row in self.engine.platform().processes if row.process == name)

    def signal(self, name: str, number: signal.Signals) -> int:
        """Send a signal to a process that lives; returns its id."""
        wait_for(lambda: self.process(name).state == "healthy", f"{name} is well")
        pid = self.process(name).pid
        assert pid is not None
        os.kill(pid, number)
        return pid

    def signal_pid(self, pid: int, number: signal.Signals) -> None:
        """Send a signal to a process that may be gone."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)

    def close(self) -> None:
        self.engine.close()
        self.platform.stop()

    def payer(self, *cards: str) -> ThinPayer:
        """Somebody with the next bill; with good cards unless others are given."""
        slip = next(self._slips)
        serial = int(slip.payment_number[-7:])
        brand = ("visa", "mastercard", "jcb", "diners")[serial % 4]
        good = [test_cards.load_number(serial * 2 + more, brand) for more in (0, 1)]
        return ThinPayer(self.engine, slip, list(cards) or [*good, good[0]])

    def payers(self) -> Iterator[ThinPayer]:
        """One after another; a few begin with an odd card."""
        for at in itertools.count(1):
            payer = self.payer()
            if at % ODD_EVERY == 0:
                payer.cards.insert(0, next(self._odd))
            yield payer

    def crowd(self, at_once: int = PAYERS_AT_ONCE) -> Crowd:
        """Payers who begin now and come until they are sent home. Those whom a test that failed
        left behind go home first."""
        if self._crowd is not None:
            self._crowd.send_home(GO_HOME_SECONDS)
        self._crowd = Crowd(self.payers(), at_once)
        return self._crowd

    def browser(self) -> StubbornBrowser:
        """Somebody at a browser who begins now."""
        return StubbornBrowser(self.engine, next(self._slips))

    def end(self, crowd: Crowd, *browsers: StubbornBrowser) -> list[ThinPayer]:
        """Send everybody home, wait until nothing moves, hold the books against one another; every
        payer was told an outcome, and none is left unknown."""
        payers = crowd.send_home(GO_HOME_SECONDS)
        for browser in browsers:
            browser.come_to_an_end(GO_HOME_SECONDS)
        unknown = self.books.wait_for_quiet()
        self.states = self.books.check(payers)
        empty_handed = [payer for payer in payers if payer.left and not payer.told]
        assert not empty_handed, [(payer.left, payer.troubles[-3:]) for payer in empty_handed]
        assert not unknown, "the network answers again, so everything can be known"
        return payers
