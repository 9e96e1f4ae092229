"""Says approved refunds to payments that could not be said when they were approved."""

from __future__ import annotations

import logging
import threading
from datetime import timedelta

from django.db import close_old_connections

from sekisho.client_desk.client_bodies import client_bodies
from sekisho.client_desk.records.portal_models import RefundRequest
from sekisho.client_desk.records.scope import enter_body
from sekisho.client_desk.refunds.decide_refund import say_to_payments
from sekisho.vocabulary.clock import now
from sekisho.vocabulary.twins import twin_of

SAY_AGAIN_SECONDS = 20.0
"""Between two looks."""
LEFT_ALONE_SECONDS = 15
"""A request younger than this is being said by the page that approved it."""
MAX_SAID_AT_ONCE = 50


log = logging.getLogger("sekisho.client_desk")


def run(stop: threading.Event) -> None:
    """Look from time to time until ``stop``."""
    while not stop.wait(SAY_AGAIN_SECONDS):
        try:
            say_waiting()
        except Exception:
            # The database is away or a row is strange: the next look tries again.
            log.exception("approved refunds could not be looked at")


def say_waiting() -> int:
    """Say what waits, of every body and its test twin; return how many were answered."""
    close_old_connections()
    answered = 0
    for own in client_bodies():
        for client_body in (own, twin_of(own)):
            enter_body(client_body)
            try:
                answered += _say_of_body()
            finally:
                enter_body("")
    return answered


def _say_of_body() -> int:
    before = now() - timedelta(seconds=LEFT_ALONE_SECONDS)
    waiting = RefundRequest.objects.filter(state="approved", asked_at__lt=before)
    return sum(
        say_to_payments(request).state != "approved"
        for request in waiting.order_by("asked_at")[:MAX_SAID_AT_ONCE]
    )
