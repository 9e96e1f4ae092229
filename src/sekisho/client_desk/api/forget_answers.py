"""Forgets what POSTs were answered once the promise of a day is over."""

from __future__ import annotations

import logging
import threading
from datetime import datetime

from django.db import Error as DatabaseError
from django.db import close_old_connections

from sekisho.client_desk.api import limits
from sekisho.client_desk.records.scope import forget_api_answers
from sekisho.vocabulary.clock import now

_said = logging.getLogger("sekisho.client_desk")


def forget_old(moment: datetime) -> int:
    """Forget the answers that are older than ``ANSWERS_KEPT``; return how many."""
    return forget_api_answers(moment - limits.ANSWERS_KEPT)


def keep_forgetting(stop: threading.Event) -> None:
    """Forget every ``FORGET_EVERY_SECONDS`` until ``stop``; a database that is away is tried again
    the next time."""
    while not stop.wait(limits.FORGET_EVERY_SECONDS):
        close_old_connections()
        try:
            forget_old(now())
        except DatabaseError as error:
            _said.error("old answers of the API stay for now: %s", type(error).__name__)
