"""What the host does of its own accord: repeats what the acquirer has not acknowledged, lets time
run in its cases, obeys the control folder, writes the clearing file when a day is over."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path

from sekisho.simulators.card_network.book import Book, Key, business_day
from sekisho.simulators.card_network.clearing import (
    FOLDER,
    MAX_FILES,
    deliver,
    is_final,
    write_clearing,
)
from sekisho.simulators.card_network.control import (
    Answer,
    WriteClearing,
    answer_order,
    open_or_decide,
    read_order,
    waiting_orders,
)
from sekisho.simulators.card_network.disputes import Disputes
from sekisho.simulators.card_network.packing import HostMessage

LOG = logging.getLogger(__name__)

LOOK_EVERY_S = 0.2
REPEAT_WAITS_S = (1.0, 2.0, 5.0, 15.0, 60.0)
"""Waits before a message is repeated; the last one again and again."""

MAX_MESSAGES_PER_LOOK = 50
DEFAULT_ACQUIRER = "49000001"
"""Named in a clearing file while the book is empty."""


class Caretaker:
    """One host's own acts; ``look`` is called every ``LOOK_EVERY_S``."""

    def __init__(
        self,
        folder: Path,
        book: Book,
        now: Callable[[], datetime],
        deliver_to: Path | None = None,
    ) -> None:
        self._folder = folder
        self._book = book
        self._now = now
        self._disputes = Disputes(book, now)
        self._said: dict[tuple[Key, str], tuple[int, float]] = {}
        self._deliver_to = deliver_to
        self._day = self._first_day_to_write()

    def look(self) -> list[HostMessage]:
        """Do what is due and return the messages to say now."""
        self._obey()
        self._disputes.work()
        self._end_day()
        return self._due_messages()

    def _obey(self) -> None:
        for path in waiting_orders(self._folder):
            order = read_order(path)
            if isinstance(order, Answer):
                answer_order(path, order)
            elif isinstance(order, WriteClearing):
                answer_order(path, self._write_clearing(order.day))
            else:
                answer_order(path, open_or_decide(self._book, self._disputes, order))

    def _end_day(self) -> None:
        """Write and deliver the file of each day that is over, also of those that passed while
        the host stood still."""
        today = business_day(self._now())
        while self._day < today:
            answer = self._write_clearing(self._day)
            if answer.done and self._deliver_to is not None:
                self._deliver(self._folder / FOLDER / answer.said, self._deliver_to)
            self._day = _day_after(self._day)

    @staticmethod
    def _deliver(file: Path, folder: Path) -> None:
        try:
            deliver(file, folder)
        except OSError as problem:
            LOG.warning("%s was not delivered: %s", file.name, problem)

    def _first_day_to_write(self) -> str:
        """The day after the newest file that was written of a day that was over, or the first of
        the book."""
        today = business_day(self._now())
        written = [path.stem for path in (self._folder / FOLDER).glob("*.csv") if is_final(path)]
        days = [entry.day for entry in self._book.entries() if entry.day]
        first = _day_after(max(written)) if written else min(days, default=today)
        earliest = date.fromisoformat(today) - timedelta(days=MAX_FILES)
        return min(max(first, earliest.isoformat()), today)

    def _write_clearing(self, day: str) -> Answer:
        first = next(iter(self._book.entries()), None)
        acquirer = first.key.acquirer if first else DEFAULT_ACQUIRER
        try:
            path, rows = write_clearing(
                self._folder, self._book, day, acquirer=acquirer, now=self._now()
            )
        except (OSError, ValueError) as problem:
            LOG.warning("no clearing file for %s: %s", day, problem)
            return Answer(done=False, said=str(problem))
        return Answer(done=True, said=path.name, count=rows)

    def _due_messages(self) -> list[HostMessage]:
        moment = self._now().timestamp()
        messages: list[HostMessage] = []
        waiting: dict[tuple[Key, str], tuple[int, float]] = {}
        for entry in self._book.cared_for():
            if entry.case is None or not entry.case.unanswered:
                continue
            mark = (entry.key, entry.case.unanswered)
            times, due = self._said.get(mark, (0, 0.0))
            if moment >= due and len(messages) < MAX_MESSAGES_PER_LOOK:
                messages.append(self._disputes.message_about(entry, repeated=times > 0))
                due = moment + REPEAT_WAITS_S[min(times, len(REPEAT_WAITS_S) - 1)]
                times += 1
            waiting[mark] = (times, due)
        self._said = waiting
        return messages


def _day_after(day: str) -> str:
    return (date.fromisoformat(day) + timedelta(days=1)).isoformat()
