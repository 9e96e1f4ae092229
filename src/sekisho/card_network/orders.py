"""Orders on paper: taken once, put off, told, done. Synchronous; every function runs inside the
caller's transaction, and what payments is told is posted in the same one."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from datetime import datetime
from typing import Any

import msgspec
from django.db import connection

from sekisho import evidence
from sekisho.card_network import statements
from sekisho.card_network.message import Stamp
from sekisho.card_network.outcomes import SILENT_KINDS, outcome_of, tell, tell_again
from sekisho.card_network.records.models import Order
from sekisho.crossings import card_network as asked
from sekisho.crossings.message import Crossing, Refusal
from sekisho.database.pipeline import write
from sekisho.transport.outbox import post_if

RESUME_AFTER_S = 5.0
"""An order that nobody works on this long after it was taken is taken up by the look-out."""

MAX_DUE_ORDERS = 200
"""Orders that one look for due ones brings."""

_KINDS: dict[type[asked.Order], Order.Kind] = {
    asked.Authenticate: Order.Kind.AUTHENTICATE,
    asked.Authorise: Order.Kind.AUTHORISE,
    asked.Capture: Order.Kind.CAPTURE,
    asked.Reverse: Order.Kind.REVERSE,
    asked.Refund: Order.Kind.REFUND,
    asked.AnswerChargeback: Order.Kind.ANSWER,
}
_DECODERS = {
    kind: msgspec.msgpack.Decoder(message, strict=True) for message, kind in _KINDS.items()
}


def take(
    message: asked.Order, *, now: datetime, original: Order | None = None
) -> tuple[Order, bool]:
    """Write an order down with its trace number and return it, and whether it is new. The same
    order again is the one written before. Raises ``Refusal`` ``order_differs`` when payment and
    attempt name another order."""
    order, values = draft(message, now=now, original=original)
    with connection.cursor() as cursor:
        cursor.execute(statements.INSERT, values)
        row = cursor.fetchone()
    if row is not None:
        return statements.numbered(order, row), True
    return known(order), False


def draft(
    message: asked.Order, *, now: datetime, original: Order | None = None
) -> tuple[Order, list[Any]]:
    """Return the order that ``message`` gives, not written yet, and its values for the insert."""
    order = Order(
        kind=_KINDS[type(message)].value,
        payment_id=message.payment_id,
        attempt=message.attempt,
        part=_part_of(message),
        digest=_digest(message),
        body=msgspec.msgpack.encode(message),
        taken_at=now,
        merchant_id=getattr(message, "merchant_id", ""),
        amount_yen=getattr(message, "amount_yen", original.amount_yen if original else 0),
        original=original,
    )
    return order, statements.draft_of(order, resume_after_s=RESUME_AFTER_S)


def known(order: Order) -> Order:
    """Return the order written before under the numbers of ``order``. Raises ``Refusal``
    ``order_differs``."""
    before = Order.objects.select_related("original").get(
        kind=order.kind, payment_id=order.payment_id, attempt=order.attempt, part=order.part
    )
    if before.digest and bytes(before.digest) != order.digest:
        raise Refusal(
            "order_differs",
            "the same numbers name an order with another content",
            "refund_id" if order.kind == Order.Kind.REFUND else "attempt",
        )
    return before


def _part_of(message: asked.Order) -> str:
    if isinstance(message, asked.Refund):
        return message.refund_id
    return message.case_number if isinstance(message, asked.AnswerChargeback) else ""


def _digest(message: asked.Order) -> bytes:
    """Return what tells orders of one payment and attempt apart. Why an authorisation is given
    back may be said differently the second time; it is the same reversal."""
    if isinstance(message, asked.Reverse):
        message = msgspec.structs.replace(message, reason="cancelled")
    return hashlib.sha256(msgspec.msgpack.encode(message)).digest()


def _insert(kind: Order.Kind, about: Order | tuple[str, int], *, now: datetime) -> Order | None:
    """Write down an order of the connector's own about an order or a payment and attempt."""
    if isinstance(about, Order):
        facts: dict[str, Any] = {
            "payment_id": about.payment_id,
            "attempt": about.attempt,
            "merchant_id": about.merchant_id,
            "amount_yen": about.amount_yen,
            "original": about,
        }
    else:
        facts = {"payment_id": about[0], "attempt": about[1], "merchant_id": "", "amount_yen": 0}
    order = Order(kind=kind.value, digest=b"", body=b"", taken_at=now, **facts)
    with connection.cursor() as cursor:
        cursor.execute(statements.INSERT, statements.draft_of(order, resume_after_s=RESUME_AFTER_S))
        row = cursor.fetchone()
    return None if row is None else statements.numbered(order, row)


def read(order: Order) -> Any:
    """Return the order as it came. Raises ``msgspec.MsgspecError`` when it is done (emptied)."""
    return _DECODERS[Order.Kind(order.kind)].decode(bytes(order.body))


def draw_trace_number() -> str:
    """Return the next trace number, six digits; they come round again after 999,999."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT lpad(nextval('trace_numbers')::text, 6, '0')")
        return str(cursor.fetchone()[0])


def stamp_of(order: Order, acquirer_id: str) -> Stamp:
    """Return what names the order's message for the network."""
    assert order.trace_number is not None
    assert order.sent_at is not None
    assert order.retrieval_reference is not None
    return Stamp(acquirer_id, order.trace_number, order.sent_at, order.retrieval_reference)


def due(*, now: datetime, leave_out: Collection[int]) -> list[Order]:
    """Return orders that somebody must look at now, oldest first."""
    return list(
        Order.objects.filter(due_at__lte=now)
        .exclude(id__in=list(leave_out))
        .select_related("original")
        .order_by("due_at")[:MAX_DUE_ORDERS]
    )


def find_authorisation(payment_id: str, attempt: int) -> Order | None:
    """Return the authorisation of payment and attempt, locked until the transaction ends so that a
    capture and a reversal of it can't both be taken."""
    return (
        Order.objects.select_for_update()
        .filter(payment_id=payment_id, attempt=attempt, kind=Order.Kind.AUTHORISE)
        .first()
    )


def read_again(order: Order) -> Order:
    """Return the order as it is now, with its original."""
    return Order.objects.select_related("original").get(id=order.id)


def followers(original: Order, kind: Order.Kind) -> list[Order]:
    """Return the orders of ``kind`` about ``original``, latest first."""
    return list(Order.objects.filter(original=original, kind=kind).order_by("-id"))


def captured_yen(authorisation: Order) -> int:
    """Return what was captured of an authorisation."""
    captures = followers(authorisation, Order.Kind.CAPTURE)
    return sum(one.amount_yen for one in captures if one.result == "captured")


def take_place(payment_id: str, attempt: int, *, now: datetime) -> Order | None:
    """Return the authorisation of payment and attempt. One that never came is written down and told
    as not sent, so that it is not sent either if it comes later; ``None`` is returned then."""
    order = _insert(Order.Kind.AUTHORISE, (payment_id, attempt), now=now)
    if order is not None:
        finish(order, "not_sent", now=now)
        return None
    return Order.objects.get(kind=Order.Kind.AUTHORISE, payment_id=payment_id, attempt=attempt)


# --- what becomes of it -------------------------------------------------------------------------


def begin_undo(order: Order, *, now: datetime) -> Order | None:
    """Write down that the authorisation ``order`` is given back, before the first reversal leaves;
    from now on it can't be approved. Return the undo order; ``None`` when the outcome of ``order``
    is known, which stays."""
    open_still = Order.objects.filter(id=order.id, result="")
    if not open_still.update(state=Order.State.UNKNOWN, due_at=None):
        return None
    order.state, order.due_at = Order.State.UNKNOWN, None
    undo = _insert(Order.Kind.UNDO, order, now=now)
    return undo or Order.objects.get(
        kind=Order.Kind.UNDO, payment_id=order.payment_id, attempt=order.attempt
    )


def put_off(order: Order, *, until: datetime, tries: int | None = None) -> None:
    """Look at the order again at ``until``; ``tries`` are its messages without an answer so far.
    An order that is done stays as it is."""
    order.due_at = until
    order.tries = order.tries if tries is None else tries
    Order.objects.filter(id=order.id, result="").update(due_at=until, tries=order.tries)


def look_now(order: Order, *, now: datetime) -> None:
    """Have an open authorisation looked at at once: its undo if it has one, else itself. An undo
    that was given up is said once more."""
    undo = Order.objects.filter(original=order, kind=Order.Kind.UNDO, result="").first()
    if undo is not None:
        Order.objects.filter(id=undo.id).update(state=Order.State.TAKEN, due_at=now)
    elif order.state == Order.State.UNKNOWN:
        Order.objects.filter(id=order.id, result="").update(due_at=now)


def say_again(order: Order, *, now: datetime) -> None:
    """Payments asks for an order that it gave before: tell its outcome again, or say its message
    once more at once when it waits for a later try or was given up. Not for authorisations, which
    are inquired after, nor for authentications."""
    if order.result:
        tell_again(order)
    elif order.told == "unknown" or order.state == Order.State.STUCK:
        order.state, order.due_at = Order.State.TAKEN, now
        open_still = Order.objects.filter(id=order.id, result="")
        open_still.update(state=order.state, due_at=now)


def leave_unknown(order: Order, *, until: datetime | None) -> None:
    """The outcome is not known now; look again at ``until``, or when its undo is done."""
    order.state, order.due_at = Order.State.UNKNOWN, until
    Order.objects.filter(id=order.id, result="").update(state=order.state, due_at=until)


def open_challenge(order: Order, *, until: datetime, outcome: Crossing[Any]) -> None:
    """Tell payments of a challenge and wait for its result until ``until``."""
    order.state, order.due_at = Order.State.CHALLENGE, until
    post_if(statements.OPEN_CHALLENGE, [until, order.id], outcome)


def end_challenge_soon(payment_id: str, attempt: int, *, until: datetime) -> bool:
    """Wait for a challenge's result until ``until`` at most. Return whether there is such an
    authentication, open or done."""
    known = Order.objects.filter(
        kind=Order.Kind.AUTHENTICATE, payment_id=payment_id, attempt=attempt
    )
    known.filter(state=Order.State.CHALLENGE, due_at__gt=until).update(due_at=until)
    return known.exists()


def give_up(order: Order) -> None:
    """The network never said: an operator must look (health shows it, evidence keeps it)."""
    order.state, order.due_at = Order.State.STUCK, None
    Order.objects.filter(id=order.id, result="").update(state=order.state, due_at=None)
    evidence.append(
        kind="card_network.outcome_never_known",
        subject=order.payment_id,
        facts={"order": order.kind, "attempt": order.attempt, "tries": order.tries},
    )


def tell_unknown(order: Order) -> None:
    """Tell payments once that nobody knows the outcome yet."""
    order.told = "unknown"
    if Order.objects.filter(id=order.id, told="", result="").update(told="unknown"):
        tell(order, "unknown")
        evidence.append(
            kind="card_network.outcome_unknown",
            subject=order.payment_id,
            facts={"order": order.kind, "attempt": order.attempt},
        )


def finish(
    order: Order,
    result: str,
    *,
    now: datetime,
    response_code: str = "",
    approval_code: str = "",
    network_reference: str = "",
    outcome: Crossing[Any] | None = None,
) -> None:
    """Write the outcome down and post it to payments (``outcome``, or what ``outcomes`` makes).
    An order that is done stays as it is, and nothing is posted. For an order that payments was not
    told of as unknown it is one plain statement: ``Scribe.note`` takes it."""
    order.response_code, order.approval_code = response_code, approval_code
    order.network_reference = network_reference
    found = order.told == "unknown" and Order.objects.filter(id=order.id, result="").exists()
    if outcome is None and order.kind not in SILENT_KINDS:
        outcome = outcome_of(order, result)
    values = statements.finish_values(order, result, now)
    if outcome is None:
        write(statements.FINISH, values)
    else:
        post_if(statements.FINISH, values, outcome)
    order.state, order.result = Order.State.DONE, result
    if found:
        evidence.append(
            kind="card_network.outcome_found",
            subject=order.payment_id,
            facts={"order": order.kind, "attempt": order.attempt, "result": result},
        )
