"""A payment's life on one page: states, edges, and what each state means for the bill and payer.

The database holds the same table (``lifecycle_edge``, filled by migration) and refuses an edge that
is not in it, so no code can move a payment in another way. Each edge taken is an event row that
says who and why. A *card check* (kind ``card_check``, for an enrolment) is a payment of 0 or 1 yen
that ends in ``checked`` instead of ``captured``. Refunds and disputes have lives of their own
(``after_payment``): the payment stays captured or settled."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal, NamedTuple

PublicStatus = Literal[
    "started",
    "card_entered",
    "processing",
    "challenge",
    "authorised",
    "succeeded",
    "declined",
    "failed",
    "cancelled",
    "expired",
    "unknown",
]


class State(StrEnum):
    """Where a payment is."""

    CREATED = "created"
    CARD_ENTERED = "card_entered"
    AUTHENTICATING = "authenticating"
    CHALLENGE = "challenge"
    AUTHORISING = "authorising"
    UNKNOWN = "unknown"
    AUTHORISED = "authorised"
    CAPTURE_REQUESTED = "capture_requested"
    CAPTURED = "captured"
    SETTLED = "settled"
    REVERSING = "reversing"
    REVERSED = "reversed"
    CHECK_APPROVED = "check_approved"
    CHECKED = "checked"
    DECLINED = "declined"
    FAILED = "failed"
    CANCELLED_BY_PAYER = "cancelled_by_payer"
    CANCELLED_BY_CLIENT_BODY = "cancelled_by_client_body"
    CANCELLED_BY_EXPIRY = "cancelled_by_expiry"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"


class Edge(NamedTuple):
    """A step that a payment may take, named by what happened. ``source`` is empty for birth."""

    source: State | Literal[""]
    target: State
    event: str


S = State

EDGES: tuple[Edge, ...] = (
    Edge("", S.CREATED, "started"),
    # The payer has not said "pay" yet.
    Edge(S.CREATED, S.CARD_ENTERED, "card_taken"),
    Edge(S.CARD_ENTERED, S.CARD_ENTERED, "card_replaced"),
    Edge(S.CARD_ENTERED, S.CREATED, "another_card"),
    *(
        Edge(source, target, event)
        for source in (S.CREATED, S.CARD_ENTERED)
        for target, event in (
            (S.CANCELLED_BY_PAYER, "payer_cancelled"),
            (S.CANCELLED_BY_CLIENT_BODY, "bill_changed"),
            (S.EXPIRED, "session_over"),
            (S.SUPERSEDED, "started_anew"),
            (S.SUPERSEDED, "overtaken"),
        )
    ),
    # "Pay" was said: from here on the bill is held.
    Edge(S.CARD_ENTERED, S.AUTHENTICATING, "confirmed"),
    Edge(S.AUTHENTICATING, S.CHALLENGE, "challenge_asked"),
    Edge(S.CHALLENGE, S.AUTHENTICATING, "challenge_returned"),
    # Refused by the card-testing guard: nobody was asked, and the payer sees what a no looks like.
    Edge(S.AUTHENTICATING, S.DECLINED, "refused_by_guard"),
    *(
        Edge(source, target, event)
        for source in (S.AUTHENTICATING, S.CHALLENGE)
        for target, event in (
            (S.AUTHORISING, "authenticated"),
            (S.FAILED, "authentication_failed"),
            (S.FAILED, "authentication_unavailable"),
            (S.CANCELLED_BY_PAYER, "payer_cancelled"),
            (S.CANCELLED_BY_EXPIRY, "authentication_too_late"),
        )
    ),
    # Charged by a run, as the holder agreed when enrolling: nobody has a browser open (MIT).
    Edge(S.CREATED, S.AUTHORISING, "charge_asked"),
    # From paper, once a second person checked the entry (MOTO): there is nobody to authenticate.
    Edge(S.CARD_ENTERED, S.AUTHORISING, "paper_checked"),
    # The issuer was asked: only the network can say what became of it.
    Edge(S.AUTHORISING, S.UNKNOWN, "no_answer"),
    *(
        Edge(source, target, event)
        for source in (S.AUTHORISING, S.UNKNOWN)
        for target, event in (
            (S.AUTHORISED, "approved"),
            (S.CHECK_APPROVED, "card_good"),
            (S.CHECKED, "card_good"),
            (S.DECLINED, "refused_by_issuer"),
            (S.FAILED, "never_sent"),
            (S.FAILED, "code_gone"),
            (S.REVERSED, "taken_back"),
        )
    ),
    Edge(S.UNKNOWN, S.REVERSING, "yes_too_late"),
    Edge(S.AUTHORISED, S.CAPTURE_REQUESTED, "capture_asked"),
    Edge(S.CAPTURE_REQUESTED, S.CAPTURED, "captured"),
    Edge(S.CAPTURE_REQUESTED, S.REVERSING, "capture_refused"),
    # Delayed capture: the client body's word is waited for, so long as the site's rule says.
    Edge(S.AUTHORISED, S.REVERSING, "capture_never_asked"),
    Edge(S.AUTHORISED, S.REVERSING, "void_asked"),
    Edge(S.REVERSING, S.REVERSED, "given_back"),
    Edge(S.REVERSING, S.CANCELLED_BY_EXPIRY, "never_captured"),
    Edge(S.REVERSING, S.CANCELLED_BY_CLIENT_BODY, "voided"),
    Edge(S.CHECK_APPROVED, S.CHECKED, "given_back"),
    Edge(S.CAPTURED, S.SETTLED, "settled"),
    # Two operators said what the network's own record shows (``cases``).
    *(
        Edge(source, S.CAPTURED, "operator_honoured")
        for source in (S.UNKNOWN, S.REVERSING, S.REVERSED)
    ),
    Edge(S.UNKNOWN, S.FAILED, "operator_ended"),
    Edge(S.CAPTURE_REQUESTED, S.REVERSED, "operator_ended"),
    # Nothing was taken, and the payer tries another card while the session lasts.
    Edge(S.DECLINED, S.CREATED, "another_card"),
    Edge(S.FAILED, S.CREATED, "another_card"),
)

OPEN = frozenset({S.CREATED, S.CARD_ENTERED})
"""Nothing was asked of anybody yet: may be cancelled, expire, be superseded."""

REOPENABLE = frozenset({S.CARD_ENTERED, S.DECLINED, S.FAILED, S.CREATED})
"""Another card may be entered."""

HOLDING = frozenset(
    {
        S.AUTHENTICATING,
        S.CHALLENGE,
        S.AUTHORISING,
        S.UNKNOWN,
        S.AUTHORISED,
        S.CAPTURE_REQUESTED,
        S.CAPTURED,
        S.SETTLED,
        S.REVERSING,
        S.CHECK_APPROVED,
    }
)
"""The payment holds its bill (or policy): the database lets one payment per bill be in these."""

PAID = frozenset({S.CAPTURED, S.SETTLED})
"""The money was taken; the ledger's entries are posted."""

ENDED_WITHOUT_MONEY = frozenset(
    {
        S.REVERSED,
        S.DECLINED,
        S.FAILED,
        S.CANCELLED_BY_PAYER,
        S.CANCELLED_BY_CLIENT_BODY,
        S.CANCELLED_BY_EXPIRY,
        S.EXPIRED,
        S.SUPERSEDED,
    }
)
"""Nothing is held and nothing was taken: what the payer typed is forgotten."""

END_OF_REVERSAL: dict[str, tuple[State, str]] = {
    "yes_too_late": (S.REVERSED, "given_back"),
    "capture_refused": (S.REVERSED, "given_back"),
    "capture_never_asked": (S.CANCELLED_BY_EXPIRY, "never_captured"),
    "void_asked": (S.CANCELLED_BY_CLIENT_BODY, "voided"),
}
"""By the event that led to *reversing*: where the payment ends once the hold is given back, so that
who ended it stays distinct."""

_PUBLIC: dict[State, PublicStatus] = {
    S.CREATED: "started",
    S.CARD_ENTERED: "card_entered",
    S.AUTHENTICATING: "processing",
    S.CHALLENGE: "challenge",
    S.AUTHORISING: "processing",
    # While money is being given back, what the payer needs to hear is the same as for unknown:
    # don't pay again yet, the money is taken at most once.
    S.UNKNOWN: "unknown",
    S.REVERSING: "unknown",
    # Seen only where capture is delayed; else the next edge is taken in the same transaction.
    S.AUTHORISED: "authorised",
    S.CAPTURE_REQUESTED: "processing",
    S.CAPTURED: "succeeded",
    S.SETTLED: "succeeded",
    S.CHECK_APPROVED: "succeeded",
    S.CHECKED: "succeeded",
    S.DECLINED: "declined",
    S.FAILED: "failed",
    S.REVERSED: "failed",
    S.CANCELLED_BY_PAYER: "cancelled",
    S.CANCELLED_BY_CLIENT_BODY: "cancelled",
    S.SUPERSEDED: "cancelled",
    S.CANCELLED_BY_EXPIRY: "expired",
    S.EXPIRED: "expired",
}

_REASON_OF_EVENT = {
    "refused_by_issuer": "declined_by_issuer",
    "refused_by_guard": "declined_by_issuer",
    "authentication_failed": "authentication_failed",
    "authentication_unavailable": "authentication_unavailable",
    "never_sent": "network_unavailable",
    "taken_back": "network_unavailable",
    "given_back": "network_unavailable",
    "operator_ended": "network_unavailable",
    "code_gone": "code_gone",
    "payer_cancelled": "by_payer",
    "bill_changed": "by_client_body",
    "session_over": "time_over",
    "authentication_too_late": "time_over",
    "never_captured": "not_asked_for",
    "voided": "by_client_body",
    "started_anew": "superseded",
    "overtaken": "superseded",
}

_TELLS_WHY = frozenset({"declined", "failed", "cancelled", "expired"})

_KNOWN = frozenset(EDGES)


def has_edge(source: State | str, target: State | str, event: str) -> bool:
    """Return whether a payment in ``source`` may go to ``target`` because of ``event``."""
    return (source, target, event) in _KNOWN


def public_status(state: State | str) -> PublicStatus:
    """Return what a payer is told of ``state``. Raises ``ValueError`` for no state."""
    return _PUBLIC[State(state)]


def states_of(status: str) -> list[str]:
    """Return the states that are told as ``status``; none for a word that is no status."""
    return [state.value for state, told in _PUBLIC.items() if told == status]


def public_reason(state: State | str, event: str) -> str:
    """Return why, as the payer may know it: one word per ``event`` that led to ``state``, the same
    for every decline (a card tester learns nothing), empty where the status says all."""
    if public_status(state) not in _TELLS_WHY:
        return ""
    return _REASON_OF_EVENT[event]
