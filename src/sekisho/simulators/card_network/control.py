"""What a person may have the host do: an order is a JSON file in its folder ``control``.

``<name>.json`` is taken within a second and answered by ``<name>.answer``; the terminal's
``sekisho simulator`` writes and reads them."""

from __future__ import annotations

import logging
import time
from pathlib import Path
from typing import Literal

import msgspec

from sekisho.simulators.card_network.book import Book
from sekisho.simulators.card_network.disputes import (
    DAYS_TO_ANSWER,
    FRAUD_REASON,
    DisputeRefused,
    Disputes,
)

LOG = logging.getLogger(__name__)

FOLDER = "control"
MAX_ORDER_BYTES = 4_096
MAX_ORDERS_AT_ONCE = 100
ANSWER_WAIT_S = 10.0
LOOK_S = 0.1


class OpenChargeback(msgspec.Struct, frozen=True, kw_only=True, tag="chargeback",
                     tag_field="do", forbid_unknown_fields=True):  # fmt: skip
    """Dispute the captured payment of a payer's reference."""

    reference: str
    amount: int | None = None
    reason_code: str = FRAUD_REASON
    days: int = DAYS_TO_ANSWER


class DecideCase(msgspec.Struct, frozen=True, kw_only=True, tag="decide",
                 tag_field="do", forbid_unknown_fields=True):  # fmt: skip
    """Decide a case now."""

    case_number: str
    result: Literal["won", "lost"]


class WriteClearing(msgspec.Struct, frozen=True, kw_only=True, tag="clearing",
                    tag_field="do", forbid_unknown_fields=True):  # fmt: skip
    """Write the clearing file of a business day (ISO 8601)."""

    day: str


Order = OpenChargeback | DecideCase | WriteClearing
_ORDERS: msgspec.json.Decoder[Order] = msgspec.json.Decoder(Order)


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """``said``: a case number, or the clearing file's name; why not, when not ``done``."""

    done: bool
    said: str
    count: int = 0


class NoAnswerFromHost(Exception):
    """The simulator does not run, or did not answer in time."""


def ask_host(folder: Path, order: Order, *, wait_s: float = ANSWER_WAIT_S) -> Answer:
    """Have the host whose folder is ``folder`` do ``order``. Raises ``NoAnswerFromHost``."""
    control = folder / FOLDER
    control.mkdir(exist_ok=True)
    name = f"{time.time_ns()}"
    draft = control / f"{name}.new"
    draft.write_bytes(msgspec.json.encode(order))
    draft.replace(control / f"{name}.json")
    answer = control / f"{name}.answer"
    deadline = time.monotonic() + wait_s
    while time.monotonic() < deadline:
        if answer.exists():
            said = msgspec.json.decode(answer.read_bytes(), type=Answer)
            answer.unlink()
            return said
        time.sleep(LOOK_S)
    (control / f"{name}.json").unlink(missing_ok=True)
    raise NoAnswerFromHost("the simulated card network did not answer; does it run?")


def waiting_orders(folder: Path) -> list[Path]:
    """Return the order files that wait, oldest first."""
    control = folder / FOLDER
    if not control.is_dir():
        return []
    return sorted(control.glob("*.json"))[:MAX_ORDERS_AT_ONCE]


def read_order(path: Path) -> Order | Answer:
    """Return the order in a file, or the answer that says why it is none."""
    try:
        with path.open("rb") as file:
            order: Order = _ORDERS.decode(file.read(MAX_ORDER_BYTES))
    except (OSError, msgspec.MsgspecError) as problem:
        return Answer(done=False, said=f"no order that is known here: {problem}")
    return order


def answer_order(path: Path, answer: Answer) -> None:
    """Put the answer beside the order and take the order away."""
    draft = path.with_suffix(".draft")
    draft.write_bytes(msgspec.json.encode(answer))
    draft.replace(path.with_suffix(".answer"))
    path.unlink(missing_ok=True)


def open_or_decide(book: Book, disputes: Disputes, order: OpenChargeback | DecideCase) -> Answer:
    """Do an order about a case."""
    try:
        if isinstance(order, DecideCase):
            case = book.chargeback(order.case_number)
            if case is None:
                return Answer(done=False, said=f"no case {order.case_number}")
            disputes.decide(case, won=order.result == "won")
            return Answer(done=True, said=order.case_number)
        captured = book.captured_by_reference(order.reference)
        if not captured:
            return Answer(done=False, said=f"no captured payment {order.reference}")
        opened = disputes.open(
            captured[-1], amount=order.amount, reason_code=order.reason_code, days=order.days
        )
    except DisputeRefused as refused:
        return Answer(done=False, said=str(refused))
    return Answer(done=True, said=opened.key.trace)
