"""Every limit of the API, with its unit."""

from __future__ import annotations

from datetime import timedelta

PREFIX = "/api/"
ROOT = "/api/v1"

MAX_PAGE_ROWS = 100
DEFAULT_PAGE_ROWS = 50
MAX_CURSOR_CHARACTERS = 300

MAX_BODY_BYTES = 16_384
"""Of a request's JSON."""

READS_PER_SECOND = 25.0
READS_BURST = 100
WRITES_PER_SECOND = 10.0
WRITES_BURST = 40
"""Per key: tokens that come back each second, and how many may be saved up."""
KEYS_REMEMBERED = 5_000

ANSWERS_KEPT = timedelta(hours=24)
"""How long a POST's answer is kept to be answered again."""
ANSWER_UNDER_WAY = timedelta(seconds=60)
"""A POST that has not ended after so long has died with its process: said again it goes on."""
IN_FLIGHT_RETRY_SECONDS = 1
FORGET_EVERY_SECONDS = 600.0
MAX_ANSWER_BYTES = 262_144

AWAY_RETRY_SECONDS = 2
"""What a machine is told to wait when payments can't be reached."""

MAX_EXPORT_ROWS = 100_000
"""Lines of one CSV export; a longer one is asked for in parts by date."""
EXPORT_PAGE_ROWS = 200
EXPORTS_AT_ONCE = 2
"""Exports of all keys together that may be under way: each holds a thread while it runs."""
EXPORT_PAGE_SECONDS = 10.0
