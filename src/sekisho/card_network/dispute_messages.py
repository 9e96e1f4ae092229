"""Messages about chargebacks: pure. What the network says (0422 a chargeback, 0622 its decision),
what it is answered, and our word in a case (0220). Fields: docs/reference/iso8583.md."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from sekisho.card_network import message as iso
from sekisho.card_network.errors import MessageBroken
from sekisho.card_network.message import Message

CHARGEBACK = frozenset({"0422", "0423"})
DECISION = frozenset({"0622", "0623"})
ADVICES = CHARGEBACK | DECISION
"""What the network says of its own accord, with its repeats; each waits for our answer."""

TAKEN, WRONG_MERCHANT, WRONG_AMOUNT, DIFFERS = "00", "03", "13", "94"
"""Field 39 of our answers, beside ``NOT_FOUND`` and ``FORMAT_ERROR``."""

REPRESENTMENT, ACCEPTANCE = "020000", "220000"
"""Field 3 of our word in a case: debit and credit adjustment."""

CASE_NUMBER, REASON_CODE, RESPOND_BY, RESULT = "01", "02", "03", "04"
"""Sub-elements of field 60."""

MAX_CASE_NUMBER_CHARACTERS = 30
_RESULTS: dict[str, Literal["won", "lost"]] = {"W": "won", "L": "lost"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargebackSaid:
    """A chargeback as the network says it. ``original_*`` name the authorisation (field 90)."""

    case_number: str
    amount_yen: int
    reason_code: str
    respond_by: date
    merchant_id: str
    retrieval_reference: str
    original_trace_number: str
    original_moment: str
    original_acquirer: str


@dataclass(frozen=True, slots=True)
class DecisionSaid:
    """How the network decided a case."""

    case_number: str
    result: Literal["won", "lost"]


def read_chargeback(message: Message) -> ChargebackSaid:
    """Return what a 0422 says. Raises ``MessageBroken`` naming the field that is missing or
    wrong."""
    for number in ("4", "7", "11", "37", "42", "49", "60", "90"):
        if number not in message.fields:
            raise MessageBroken(number, "is missing")
    if message.fields["49"] != iso.YEN:
        raise MessageBroken("49", "is not the yen")
    elements = iso.read_elements("60", message.fields["60"])
    reason = elements.get(REASON_CODE, "")
    if not (reason.isalnum() and len(reason) <= 8):
        raise MessageBroken("60", "has no reason code")
    try:
        respond_by = datetime.strptime(elements.get(RESPOND_BY, ""), "%Y%m%d").date()  # noqa: DTZ007
    except ValueError:
        raise MessageBroken("60", "has no day to answer by") from None
    original = message.fields["90"]
    return ChargebackSaid(
        case_number=_case_number(elements),
        amount_yen=int(message.fields["4"]),
        reason_code=reason,
        respond_by=respond_by,
        merchant_id=message.get("42"),
        retrieval_reference=message.get("37"),
        original_trace_number=original[4:10],
        original_moment=original[10:20],
        original_acquirer=original[20:31].lstrip("0"),
    )


def read_decision(message: Message) -> DecisionSaid:
    """Return what a 0622 says. Raises ``MessageBroken`` as ``read_chargeback``."""
    for number in ("7", "11", "60"):
        if number not in message.fields:
            raise MessageBroken(number, "is missing")
    elements = iso.read_elements("60", message.fields["60"])
    result = _RESULTS.get(elements.get(RESULT, ""))
    if result is None:
        raise MessageBroken("60", "has no result")
    return DecisionSaid(_case_number(elements), result)


def _case_number(elements: dict[str, str]) -> str:
    case_number = elements.get(CASE_NUMBER, "")
    if not (case_number.isalnum() and len(case_number) <= MAX_CASE_NUMBER_CHARACTERS):
        raise MessageBroken("60", "has no case number")
    return case_number


def answer_to(message: Message, code: str) -> Message:
    """Return the answer to an advice of the network (0432 to 0422, 0632 to 0622): what names it,
    and ``code``."""
    kept = {
        number: message.fields[number]
        for number in ("3", "4", "7", "11", "32", "37", "42", "49", "60")
        if number in message.fields
    }
    return Message(f"{message.kind[:2]}32", {**kept, "39": code})


def our_word(case_number: str, grounds: str) -> dict[str, str]:
    """Return fields 3, 60 and 72 of our word in a case: with ``grounds`` a representment, without
    an acceptance. Grounds go as base64 of UTF-8, since field 72 is printable ASCII."""
    fields = {
        "3": REPRESENTMENT if grounds else ACCEPTANCE,
        "60": iso.additional_data({CASE_NUMBER: case_number}),
    }
    if grounds:
        fields["72"] = base64.b64encode(grounds.encode()).decode()
    return fields
