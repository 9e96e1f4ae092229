"""Pure: what a payer is told at the end. Four questions have an answer for each outcome: what
happened, what happened to the money, may it be tried again, whom to ask."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sekisho.crossings.payments import PaymentShown

REASONS = frozenset(
    {
        "declined_by_issuer",
        "authentication_failed",
        "authentication_unavailable",
        "network_unavailable",
        "by_payer",
        "by_client_body",
        "time_over",
        "not_asked_for",
        "superseded",
        "code_gone",
    }
)

_PANELS: dict[str, Literal["done", "bad", "wait"]] = {
    "authorised": "done",
    "succeeded": "done",
    "declined": "bad",
    "failed": "bad",
    "cancelled": "bad",
    "expired": "bad",
    "unknown": "wait",
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """Keys of the catalogue; ``retry`` is what the payer may do next."""

    panel: Literal["done", "bad", "wait"]
    title: str
    money: str
    reason: str
    again: str
    retry: Literal["", "card", "start"]


def tell_outcome(shown: PaymentShown, *, change: bool = False) -> Outcome:
    """Return what to say of a payment that is over, or unknown. ``change``: it was the check of
    another card for an enrolment."""
    what = "change" if change else shown.purpose
    status, reason = shown.status, shown.reason if shown.reason in REASONS else ""
    retry: Literal["", "card", "start"] = ""
    if status in ("declined", "failed"):
        retry = "card"
    elif status in ("cancelled", "expired") and reason not in ("superseded", "by_client_body"):
        retry = "start"
    return Outcome(
        panel=_PANELS.get(status, "wait"),
        title=f"outcome.{status}.{what}.title",
        money=f"outcome.{status}.{what}.money",
        reason=f"outcome.reason.{reason}" if reason else "",
        again=f"outcome.again.{retry or ('superseded' if reason == 'superseded' else status)}",
        retry=retry,
    )
