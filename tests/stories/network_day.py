"""The simulated network's day comes to its end before midnight, so that a story need not wait."""

from __future__ import annotations

import json
import shutil
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

from sekisho.processes.supervisor.data_folder import DataFolder
from sekisho.simulators.card_network.book import Book
from sekisho.simulators.card_network.clearing import deliver, write_clearing
from sekisho.vocabulary.clock import business_date, now
from tests.running_platform import RunningPlatform

SETTLED_LIMIT_SECONDS = 90.0
ROWS_A_SECOND = 50
"""Slowest that a day's file may be worked through, for the limit of large ones."""


def end_the_day(platform: RunningPlatform, room: Path) -> int:
    """The network writes the file of today as it would after midnight, and delivers it. Returns
    its rows."""
    own = DataFolder(platform.data).of("sim_card_network")
    copy = room / "network"
    shutil.copytree(own, copy, ignore=shutil.ignore_patterns("control", "log"))
    book = Book(copy)
    day, after = business_date(now()), now() + timedelta(days=1)
    file, rows = write_clearing(copy, book, day.isoformat(), acquirer="49000001", now=after)
    book.close()
    deliver(file, DataFolder(platform.data).clearing)
    return rows


def until_settled(platform: RunningPlatform, *, rows: int = 0) -> dict[str, Any]:
    """Wait until payments has fetched the file by itself and closed the day; return it."""
    until = time.monotonic() + SETTLED_LIMIT_SECONDS + rows / ROWS_A_SECOND
    while True:
        found = json.loads(platform.sekisho("settlement", "list", "--json"))["settlements"]
        if found:
            day: dict[str, Any] = found[0]
            return day
        assert time.monotonic() < until, platform.sekisho("settlement", "files")
        time.sleep(1)
