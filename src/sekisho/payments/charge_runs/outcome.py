"""What came of a charge, noted on its item in the transaction in which its payment ends."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import LiteralString, NamedTuple

from sekisho.payments.body_events import tell_body
from sekisho.payments.charge_runs.charges_section import (
    RETRY_AFTER_DAYS,
    UNSENT_LIMIT_TRIES,
    UNSENT_PAUSE,
)
from sekisho.payments.charge_runs.decline_table import judge
from sekisho.payments.charge_runs.tell_holder import Holder, tell_charged, tell_failed
from sekisho.payments.move_payment import Payment
from sekisho.payments.records.session import Rows
from sekisho.vocabulary.clock import TOKYO

_ITEM: LiteralString = (
    "SELECT i.run_id, i.number, i.month, i.state, i.tries, i.unsent, e.client_body, e.site,"
    " e.subject, e.email_token, e.language, o.policy_number, o.product_ja, o.product_en"
    " FROM charge_item i JOIN enrolment e ON e.id = i.enrolment_id"
    " JOIN policy o ON o.id = i.policy_id"
    " WHERE i.policy_id = %s AND i.payment_id = %s FOR NO KEY UPDATE OF i"
)
_OPEN = frozenset({"charging", "unknown"})


class _Item(NamedTuple):
    run_id: str
    number: int
    month: str
    state: str
    tries: int
    unsent: int
    holder: Holder


def charge_succeeded(rows: Rows, payment: Payment, now: datetime) -> None:
    """The money was taken. Also said by two operators of a payment that was given up before."""
    item = _item(rows, payment)
    if item is None or item.state in ("charged", "closed"):
        return
    _set(rows, item, "charged", "", None, now)
    tell_body(
        rows,
        payment.client_body,
        "charge.succeeded",
        payment.id,
        _facts(item, payment),
    )
    tell_charged(
        item.holder,
        f"charge_done:{payment.id}",
        month=item.month,
        amount_yen=payment.total_yen,
        reference=payment.reference,
        paid_at=now.astimezone(TOKYO).strftime("%Y-%m-%d %H:%M"),
    )


def charge_is_unknown(rows: Rows, payment: Payment, now: datetime) -> None:
    """Nobody knows: the item waits for the network, and is not tried again meanwhile."""
    item = _item(rows, payment)
    if item is not None and item.state == "charging":
        _set(rows, item, "unknown", "", None, now)


def charge_failed(rows: Rows, payment: Payment, event: str, now: datetime) -> None:
    """No money was taken, because of ``event``: tried again, or for a person to decide."""
    item = _item(rows, payment)
    if item is None or item.state not in _OPEN:
        return
    if event == "never_sent":
        _never_sent(rows, item, now)
        return
    if event == "operator_ended":
        _set(rows, item, "work_list", "network_record", None, now)
        _say_failed(rows, item, payment, "", None)
        return
    code = ""
    if event == "refused_by_issuer":
        row = rows.one(
            "SELECT response_code FROM attempt WHERE payment_id = %s AND number = %s",
            [payment.id, payment.attempt],
        )
        code = row[0] if row else ""
    reason = "declined" if event == "refused_by_issuer" else "given_back"
    may_yet = reason == "given_back" or judge(code) == "retry"
    if may_yet and item.tries <= len(RETRY_AFTER_DAYS):
        next_try = now + timedelta(days=RETRY_AFTER_DAYS[item.tries - 1])
        _set(rows, item, "retrying", reason, next_try, now, code)
        _say_failed(rows, item, payment, code, next_try.astimezone(TOKYO).date())
    else:
        _set(rows, item, "work_list", reason, None, now, code)
        _say_failed(rows, item, payment, code, None)


def _never_sent(rows: Rows, item: _Item, now: datetime) -> None:
    """The issuer was not asked: that says nothing of the card and counts against nobody."""
    if item.unsent + 1 >= UNSENT_LIMIT_TRIES:
        _set(rows, item, "work_list", "not_sent", None, now)
        return
    rows.do(
        "UPDATE charge_item SET state = 'waiting', reason = 'not_sent', unsent = unsent + 1,"
        " next_try_at = %s, changed_at = %s WHERE run_id = %s AND number = %s",
        [now + UNSENT_PAUSE, now, item.run_id, item.number],
    )


def _say_failed(
    rows: Rows, item: _Item, payment: Payment, code: str, next_try_on: date | None
) -> None:
    facts = _facts(item, payment) | {"response_code": code, "tried_again": next_try_on is not None}
    tell_body(rows, payment.client_body, "charge.failed", payment.id, facts)
    tell_failed(
        item.holder,
        f"charge_failed:{payment.id}",
        month=item.month,
        amount_yen=payment.total_yen,
        next_try_on=next_try_on,
    )


def _facts(item: _Item, payment: Payment) -> dict[str, str | int | bool | None]:
    return {
        "run_id": item.run_id,
        "number": item.number,
        "month": item.month,
        "policy_number": item.holder.policy_number,
        "amount_yen": payment.total_yen,
        "reference": payment.reference,
    }


def _item(rows: Rows, payment: Payment) -> _Item | None:
    """Return the item that the payment is of, locked; ``None`` once another try took its place."""
    row = rows.one(_ITEM, [payment.policy_id, payment.id])
    if row is None:
        return None
    card = f"{payment.brand} **** {payment.last_four}"
    *about, client_body, site, subject, email, language, number, ja, en = row
    holder = Holder(client_body, site, subject, email, language, number, ja, en, card)
    run_id, item_number, month, state, tries, unsent = about
    return _Item(run_id, item_number, month, state, tries, unsent, holder)


def _set(
    rows: Rows,
    item: _Item,
    state: str,
    reason: str,
    next_try_at: datetime | None,
    now: datetime,
    code: str | None = None,
) -> None:
    rows.do(
        "UPDATE charge_item SET state = %s, reason = %s, next_try_at = %s, unsent = 0,"
        " response_code = coalesce(%s, response_code), changed_at = %s"
        " WHERE run_id = %s AND number = %s",
        [state, reason, next_try_at, code, now, item.run_id, item.number],
    )
