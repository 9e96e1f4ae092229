"""Each day: whose card is about to expire is told so, once a card, ``WARN_MONTHS_AHEAD`` months
before. The vault knows the months and answers tokens; who has no mail gets a postcard."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from datetime import date, datetime, time

from django.db import close_old_connections, connection

from sekisho.crossings import vault
from sekisho.crossings.message import Refusal
from sekisho.payments.enrolments.card_link import mail_link
from sekisho.payments.enrolments.end import forget_ended
from sekisho.payments.enrolments.life import Step, take_step
from sekisho.payments.enrolments.limits import (
    FORGET_BATCH_ENROLMENTS,
    WARN_BATCH_CARDS,
    WARN_MONTHS_AHEAD,
)
from sekisho.payments.enrolments.show import read_enrolment
from sekisho.payments.records.session import Rows, acting_for
from sekisho.payments.room import Room
from sekisho.transport import TransportError, cross
from sekisho.transport.outbox import post
from sekisho.vocabulary.clock import TOKYO, business_date
from sekisho.vocabulary.twins import live_of

BY = "payments:expiry"

WARN_AT = time(9, 30)
"""Time of day, Asia/Tokyo, from which the day's warnings leave: nobody is woken by them."""

LOOK_SECONDS = 60.0

log = logging.getLogger("sekisho.payments.expiry")


def months_to_warn(today: date) -> list[str]:
    """Return the months (``YYYY-MM``) whose cards are due for a warning: this month's to those of
    ``WARN_MONTHS_AHEAD`` months on, so that a missed night, or a card that came late, is warned of
    all the same."""
    at = today.year * 12 + today.month - 1
    ahead = range(at, at + WARN_MONTHS_AHEAD + 1)
    return [f"{month // 12:04d}-{month % 12 + 1:02d}" for month in ahead]


def warn_of_expiry(room: Room) -> int:
    """Warn each holder whose card is due for it and who was not; return how many. Raises
    ``TransportError`` when the vault can't be reached: who was warned stays so."""
    warned = 0
    bodies = {r.client_body for r in room.sites.values() if r.section.kind == "policies"}
    for body in sorted(bodies):
        for month in months_to_warn(business_date(room.now())):
            for tokens in _expiring(body, month):
                warned += _warn(room, body, month, tokens)
    return warned


def _expiring(body: str, month: str) -> Iterator[list[str]]:
    after = ""
    while True:
        page = cross(
            vault.CardsExpiring(client_body=body, month=month, after=after, limit=WARN_BATCH_CARDS)
        )
        yield page.tokens
        after = page.next
        if not after:
            return


def _warn(room: Room, body: str, month: str, tokens: list[str]) -> int:
    now = room.now()
    with acting_for(body) as rows:
        due = rows.all(
            "SELECT id, card_token FROM enrolment WHERE card_token = ANY(%s)"
            " AND status = 'active' AND warned_card <> card_token ORDER BY id"
            " FOR NO KEY UPDATE SKIP LOCKED",
            [tokens],
        )
        for enrolment_id, card_token in due:
            take_step(
                rows,
                enrolment_id,
                Step("active", "active", "card_expires"),
                by=BY,
                why=f"good until {month}",
                changes=", expires_month = %s, warned_card = %s, change_asked_at = CASE"
                " WHEN email_token IS NULL THEN change_asked_at ELSE %s::timestamptz END",
                values=[month, card_token, now],
            )
            _tell(rows, enrolment_id, month, card_token, now)
    return len(due)


def _tell(rows: Rows, enrolment_id: str, month: str, card_token: str, now: datetime) -> None:
    shown = read_enrolment(rows, enrolment_id)
    key = f"expires:{enrolment_id}:{card_token}"
    if mail_link(rows, shown, "card_expires", key=key, by=BY, now=now, expires_month=month):
        return
    subject = rows.one("SELECT subject FROM enrolment WHERE id = %s", [enrolment_id])
    number = shown.policy.policy_number
    post(
        vault.PrintPostcard(
            key=key,
            client_body=shown.client_body,
            subject=subject[0] if subject else "",
            template="card_expiring",
            facts={
                "policy_number": "*" * (len(number) - 4) + number[-4:],
                "product": shown.policy.product_ja,
                "card": f"{shown.card_brand} **** {shown.card_last_four}",
                "expires_month": month,
                "site": live_of(shown.site),
            },
        )
    )


def look_daily(room: Room, stop: threading.Event) -> None:
    """Forget the cards of ended enrolments as they fall due and warn once a day, until ``stop`` is
    set; what fails is tried again at the next look."""
    warned_on: date | None = None
    while not stop.is_set():
        try:
            close_old_connections()
            while forget_ended(room) == FORGET_BATCH_ENROLMENTS and not stop.is_set():
                pass
            moment = room.now().astimezone(TOKYO)
            if moment.time() >= WARN_AT and warned_on != moment.date():
                warned = warn_of_expiry(room)
                warned_on = moment.date()
                if warned:
                    log.info("%d holders were warned of a card that expires", warned)
        except (TransportError, Refusal) as away:
            log.warning("the warnings wait: %s", away)
        except Exception:
            log.exception("looking after enrolments failed; it is tried again")
            connection.close()
        stop.wait(LOOK_SECONDS)
    connection.close()
