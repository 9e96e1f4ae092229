"""Orders on paper: taken once, put off, told, done. Synchronous; every function runs inside the
caller's transaction, and what payments is told is posted in the same one."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

import msgspec
from django.db import connection

from sekisho import evidence
from sekisho.card_network.message import Stamp, retrieval_reference
from sekisho.card_network.records.models import Order
from sekisho.crossings import card_network as asked
from sekisho.crossings import payments as told
from sekisho.crossings.message import Crossing, Refusal
from sekisho.transport.outbox import post

RESUME_AFTER_S = 5.0
"""An order that nobody works on this long after it was taken is taken up by the look-out."""

MAX_DUE_ORDERS = 200
"""Orders that one look for due ones brings."""

_KINDS: dict[type[asked.Order], Order.Kind] = {
    asked.Authenticate: Order.Kind.AUTHENTICATE,
    asked.Authorise: Order.Kind.AUTHORISE,
    asked.Capture: Order.Kind.CAPTURE,
    asked.Reverse: Order.Kind.REVERSE,
}
_DECODERS = {
    kind: msgspec.msgpack.Decoder(message, strict=True) for message, kind in _KINDS.items()
}

_INSERT = """
WITH trace AS (SELECT lpad(nextval('trace_numbers')::text, 6, '0') AS number)
INSERT INTO orders (kind, payment_id, attempt, digest, body, taken_at, merchant_id, amount_yen,
    original_id, trace_number, sent_at, retrieval_reference, card, state, tries, due_at, told,
    result, response_code, approval_code, network_reference)
SELECT %s, %s, %s, %s, %s, %s, %s, %s, %s, trace.number, %s, %s || trace.number, '', 'taken', 0,
    %s, '', '', '', '', '' FROM trace
ON CONFLICT (kind, payment_id, attempt) DO NOTHING
RETURNING id, trace_number, retrieval_reference
"""


def take(
    message: asked.Order, *, now: datetime, original: Order | None = None
) -> tuple[Order, bool]:
    """Write an order down with its trace number and return it, and whether it is new. The same
    order again is the one written before. Raises ``Refusal`` ``order_differs`` when payment and
    attempt name another order."""
    body = msgspec.msgpack.encode(message)
    digest = _digest(message)
    kind = _KINDS[type(message)]
    order = _insert(
        kind=kind,
        payment_id=message.payment_id,
        attempt=message.attempt,
        digest=digest,
        body=body,
        merchant_id=getattr(message, "merchant_id", ""),
        amount_yen=getattr(message, "amount_yen", original.amount_yen if original else 0),
        original=original,
        now=now,
    )
    if order is not None:
        return order, True
    known = Order.objects.get(kind=kind, payment_id=message.payment_id, attempt=message.attempt)
    if known.digest and bytes(known.digest) != digest:
        raise Refusal(
            "order_differs",
            "this payment and attempt name an order with another content",
            "attempt",
        )
    return known, False


def _digest(message: asked.Order) -> bytes:
    """Return what tells orders of one payment and attempt apart. Why an authorisation is given
    back may be said differently the second time; it is the same reversal."""
    if isinstance(message, asked.Reverse):
        message = msgspec.structs.replace(message, reason="cancelled")
    return hashlib.sha256(msgspec.msgpack.encode(message)).digest()


def tell_again(order: Order) -> None:
    """Post a known outcome once more, for a sender that asks again. Not for authentications."""
    if order.result and order.kind != Order.Kind.AUTHENTICATE:
        post(outcome_of(order, order.result), key=f"again-{order.id}")


def _insert(
    *,
    kind: Order.Kind,
    payment_id: str,
    attempt: int,
    digest: bytes,
    body: bytes,
    merchant_id: str,
    amount_yen: int,
    original: Order | None,
    now: datetime,
) -> Order | None:
    sent_at = now.replace(microsecond=0)
    order = Order(
        kind=kind.value,
        payment_id=payment_id,
        attempt=attempt,
        digest=digest,
        body=body,
        taken_at=now,
        merchant_id=merchant_id,
        amount_yen=amount_yen,
        original=original,
        sent_at=sent_at,
        due_at=now + timedelta(seconds=RESUME_AFTER_S),
    )
    values: list[Any] = [
        order.kind,
        order.payment_id,
        order.attempt,
        order.digest,
        order.body,
        order.taken_at,
        order.merchant_id,
        order.amount_yen,
        order.original_id,
        order.sent_at,
        retrieval_reference("", sent_at),
        order.due_at,
    ]
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, values)
        row = cursor.fetchone()
    if row is None:
        return None
    order.id, order.trace_number, order.retrieval_reference = row
    order._state.adding = False
    return order


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


def take_place(payment_id: str, attempt: int, *, now: datetime) -> Order | None:
    """Return the authorisation of payment and attempt. One that never came is written down and told
    as not sent, so that it is not sent either if it comes later; ``None`` is returned then."""
    order = _insert(
        kind=Order.Kind.AUTHORISE,
        payment_id=payment_id,
        attempt=attempt,
        digest=b"",
        body=b"",
        merchant_id="",
        amount_yen=0,
        original=None,
        now=now,
    )
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
    undo = _insert(
        kind=Order.Kind.UNDO,
        payment_id=order.payment_id,
        attempt=order.attempt,
        digest=b"",
        body=b"",
        merchant_id=order.merchant_id,
        amount_yen=order.amount_yen,
        original=order,
        now=now,
    )
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


def leave_unknown(order: Order, *, until: datetime | None) -> None:
    """The outcome is not known now; look again at ``until``, or when its undo is done."""
    order.state, order.due_at = Order.State.UNKNOWN, until
    Order.objects.filter(id=order.id, result="").update(state=order.state, due_at=until)


def open_challenge(order: Order, *, until: datetime, outcome: Crossing[Any]) -> None:
    """Tell payments of a challenge and wait for its result until ``until``."""
    order.state, order.due_at = Order.State.CHALLENGE, until
    opened = Order.objects.filter(id=order.id, result="", told="")
    if opened.update(state=order.state, due_at=until, told="challenge"):
        post(outcome)


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
        post(outcome_of(order, "unknown"))
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
    """Write the outcome down and post it to payments (``outcome``, or what ``outcome_of`` makes).
    An order that is done stays as it is, and nothing is posted."""
    order.response_code, order.approval_code = response_code, approval_code
    order.network_reference = network_reference
    changed = Order.objects.filter(id=order.id, result="").update(
        state=Order.State.DONE,
        result=result,
        told=result,
        response_code=response_code,
        approval_code=approval_code,
        network_reference=network_reference,
        body=b"",
        due_at=None,
        done_at=now,
        card=order.card,
    )
    if not changed:
        return
    order.state, order.result = Order.State.DONE, result
    if order.kind != Order.Kind.UNDO:
        post(outcome or outcome_of(order, result))
    if order.told == "unknown":
        evidence.append(
            kind="card_network.outcome_found",
            subject=order.payment_id,
            facts={"order": order.kind, "attempt": order.attempt, "result": result},
        )


def outcome_of(order: Order, result: Any) -> Crossing[Any]:
    """Return what payments is told of an order (not of an authentication, see three_d_secure)."""
    if order.kind == Order.Kind.AUTHORISE:
        return told.AuthorisationOutcome(
            payment_id=order.payment_id,
            attempt=order.attempt,
            result=result,
            response_code=order.response_code,
            approval_code=order.approval_code,
            network_reference=order.retrieval_reference or "",
            trace_number=order.trace_number or "",
        )
    kind = told.CaptureOutcome if order.kind == Order.Kind.CAPTURE else told.ReversalOutcome
    return kind(
        payment_id=order.payment_id,
        attempt=order.attempt,
        result=result,
        response_code=order.response_code,
    )
