"""What may be asked of the one process that carries webhooks out to the internet.

Deliveries are handed over in batches and their outcomes fetched afterwards, so that a receiver
that hangs holds neither a door nor the desk. Nothing is written down there: what a life of the
sender had in hand is told by nobody after its end, and the desk sends it again under the same
``webhook_id``."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import msgspec

from sekisho.crossings.message import Answer, Crossing

MAX_URL_CHARACTERS = 500
MAX_BODY_BYTES = 65_536
"""Of one delivery."""

MAX_BATCH = 16
"""Deliveries handed over at once."""

MAX_SAID_CHARACTERS = 500
"""Of an answer's beginning, kept for the delivery log."""

Url = Annotated[str, msgspec.Meta(max_length=MAX_URL_CHARACTERS)]
Signatures = Annotated[str, msgspec.Meta(max_length=400, pattern=r"\A[A-Za-z0-9,+/= ]+\Z")]
Id = Annotated[str, msgspec.Meta(max_length=60, pattern=r"\A[a-z0-9_]+\Z")]

Why = Literal[
    "",
    "address_refused",
    "no_connection",
    "tls_failed",
    "too_slow",
    "answer_broken",
    "not_tried",
]
"""Why no answer came; empty when one did, whatever its status. ``not_tried``: the one before it on
the same line got no answer."""


class Delivery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One try of one delivery. Deliveries of one ``line`` (an endpoint) go one after the other, in
    the order in which they were handed over. ``webhook_id``, ``webhook_timestamp`` (seconds) and
    ``webhook_signature`` become the headers of the Standard Webhooks specification; no other
    header can be given."""

    try_id: Id
    line: Id
    url: Url
    webhook_id: Id
    webhook_timestamp: int
    webhook_signature: Signatures
    body: Annotated[bytes, msgspec.Meta(max_length=MAX_BODY_BYTES)]


class Deliver(Crossing["DeliveriesTaken"], frozen=True, kw_only=True):
    """Carry these out. A ``try_id`` that is in hand already, or whose outcome waits, is not
    carried twice."""

    receiver: ClassVar[str] = "hook_sender"
    deliveries: Annotated[list[Delivery], msgspec.Meta(max_length=MAX_BATCH)]


class DeliveriesTaken(Answer, frozen=True, kw_only=True):
    """``taken``: try ids in hand. The rest found no room: hand them over again later."""

    taken: list[str]


Deliver.reply = DeliveriesTaken


class Outcome(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a try ended. ``status``: of HTTP, 0 without an answer. ``said``: the beginning of the
    answer's body, or what is known of ``why``; written by the receiver, so show it as text only."""

    try_id: str
    status: int
    why: Why
    said: str
    milliseconds: int


class TakeOutcomes(Crossing["OutcomesShown"], frozen=True, kw_only=True):
    """The outcomes that wait. Those of ``seen`` are forgotten first; the others are told again
    until they are seen."""

    receiver: ClassVar[str] = "hook_sender"
    seen: list[str] = []


class OutcomesShown(Answer, frozen=True, kw_only=True):
    """``under_way``: try ids in hand. A try in neither list is lost: this life never heard of it.
    ``room``: how many more would be taken now."""

    outcomes: list[Outcome]
    under_way: list[str]
    room: int


TakeOutcomes.reply = OutcomesShown


AddressWrong = Literal[
    "",
    "too_long",
    "unreadable",
    "scheme",
    "user",
    "fragment",
    "host",
    "number_address",
    "port",
    "not_public",
]
"""What is wrong with an address. ``not_public`` is said of an unknown name and of one that leads
into our own network alike, so that it draws no map."""


class CheckAddress(Crossing["AddressChecked"], frozen=True, kw_only=True):
    """Whether webhooks may go to ``url`` as its name resolves now; asked again at every delivery.
    Refusals: ``busy``."""

    receiver: ClassVar[str] = "hook_sender"
    url: Annotated[str, msgspec.Meta(max_length=4 * MAX_URL_CHARACTERS)]


class AddressChecked(Answer, frozen=True, kw_only=True):
    """``url`` as it will be called: lower case, its name in ASCII; empty when it is refused, and
    ``wrong`` and ``detail`` (for people) then say why."""

    url: str
    wrong: AddressWrong = ""
    detail: str = ""


CheckAddress.reply = AddressChecked
