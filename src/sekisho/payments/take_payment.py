"""Take a payment: started by the payer's site, card entered at the vault, confirmed by the payer.

``start_payment`` writes the payment and opens the card form. ``card_entered`` comes from the vault.
``confirm_payment`` is "pay": in one transaction the bill is held, the claim opened in the ledger
and 3-D Secure ordered; it answers at once and ``card_outcomes`` goes on. Saying any of them again
changes nothing."""

from __future__ import annotations

from datetime import datetime

import psycopg

from sekisho.crossings.message import Refusal, Taken
from sekisho.crossings.payments import (
    CardEntered,
    ConfirmPayment,
    PaymentShown,
    PaymentStarted,
    StartPayment,
)
from sekisho.crossings.vault import StoreItems
from sekisho.payments import limits, post_orders
from sekisho.payments.business.read_link import refuse_link
from sekisho.payments.enrolment_status import enrolment_is_refused
from sekisho.payments.forget_typed import forget_at
from sekisho.payments.guard.decide import refuse_later, rule_on
from sekisho.payments.ledger.write import open_pending
from sekisho.payments.lifecycle import State
from sekisho.payments.move_payment import Payment, lock_payment, move
from sekisho.payments.open_card_form import already_begun, check_addresses, open_card_form
from sekisho.payments.read_bill import bill_by_id, refuse_closed, refuse_unpayable
from sekisho.payments.records.session import EVERY_BODY, Rows, acting_for
from sekisho.payments.room import Room, who
from sekisho.payments.show_payment import read_shown
from sekisho.payments.site_rules import SiteRules
from sekisho.payments.write_payment import (
    START_KEY,
    NewPayment,
    find_started,
    supersede_others,
    write_payment,
)
from sekisho.transport import cross
from sekisho.transport.doors import Caller
from sekisho.vocabulary.identifiers import new_id
from sekisho.vocabulary.twins import id_prefix

_HOLD = "payment_holds"
"""The unique index by which one payment holds a bill."""


def start_payment(room: Room, caller: Caller, message: StartPayment) -> PaymentStarted:
    """Begin to pay a bill. Raises ``Refusal`` as ``StartPayment`` describes, ``key_reused`` for
    the key of another payment, and the vault's refusals of the e-mail (field ``email``)."""
    rules = room.site_of(caller, message.bill_id)
    _check_start(message, rules)
    payment_id = new_id(id_prefix("pay", rules.site))
    email_token = _store_email(room, rules, message, payment_id)
    try:
        with acting_for(rules.client_body) as rows:
            earlier = find_started(rows, rules.site, message.key)
            if earlier is None:
                new = _agreed(room, rows, rules, message)._replace(
                    payment_id=payment_id, email_token=email_token
                )
                started = write_payment(rows, rules, new, by=who(caller), now=room.now())
                supersede_others(rows, new, by=who(caller), now=room.now())
    except psycopg.errors.UniqueViolation as violation:
        # The same key came twice at once: the other one began it.
        if violation.diag.constraint_name != START_KEY:
            raise
        with acting_for(rules.client_body) as rows:
            earlier = find_started(rows, rules.site, message.key)
    if earlier is not None:
        started = earlier.same_as(message.bill_id, message.total_yen)
        if not earlier.open:
            return already_begun(started)
    return open_card_form(
        rules, started, parent_origin=message.parent_origin, return_url=message.return_url
    )


def _store_email(
    room: Room, rules: SiteRules, message: StartPayment, payment_id: str
) -> str | None:
    """Have the vault keep the e-mail address, unless the payment can't begin or began already."""
    if message.sealed_email is None:
        return None
    with acting_for(rules.client_body) as rows:
        if find_started(rows, rules.site, message.key) is not None:
            return None
        _agreed(room, rows, rules, message)
    stored = cross(
        StoreItems(key=payment_id, client_body=rules.client_body, box=message.sealed_email)
    )
    return stored.tokens.get("email")


def _check_start(message: StartPayment, rules: SiteRules) -> None:
    if rules.section.kind != "bills" and not message.link_id:
        raise Refusal("bill_unknown", "this site takes no bills")
    if not 1 <= len(message.key) <= limits.MAX_KEY_CHARACTERS:
        raise Refusal("key_wrong", f"1 to {limits.MAX_KEY_CHARACTERS} characters", "key")
    if message.sealed_email is not None and len(message.sealed_email) > limits.MAX_BOX_BYTES:
        raise Refusal("box_broken", "too large", "sealed_email")
    check_addresses(message.parent_origin, message.return_url)


def _agreed(room: Room, rows: Rows, rules: SiteRules, message: StartPayment) -> NewPayment:
    """Return the payment that the payer agreed to, if its bill can be paid for that total now."""
    now = room.now()
    refuse_closed(rules, now)
    room.card_entries.refuse_closed(rows, rules.site)
    bill = bill_by_id(rows, message.bill_id)
    if message.link_id:
        refuse_link(rows, rules, message.link_id, message.bill_id, now)
    elif bill is not None and bill.payee_number not in rules.section.payee_numbers:
        bill = None
    if bill is None:
        raise Refusal("bill_unknown")
    fee = refuse_unpayable(bill, rules, now)
    if bill.amount_yen + fee.total_yen != message.total_yen:
        raise Refusal("amount_changed")
    return NewPayment(
        key=message.key,
        kind="bill",
        bill_id=bill.id,
        language=message.language,
        amount_yen=bill.amount_yen,
        fee_yen=fee.total_yen,
        fee_tax_yen=fee.tax_yen,
        link_id=message.link_id or None,
    )


def card_entered(room: Room, message: CardEntered) -> Taken:
    """Note the card that the vault took. Raises ``Refusal`` ``payment_unknown``,
    ``payment_over``."""
    now = room.now()
    with acting_for(EVERY_BODY) as rows:
        payment = lock_payment(rows, message.payment_id)
        if payment is None:
            raise Refusal("payment_unknown")
        if payment.card_token == message.card_token:
            return Taken()
        if (
            payment.state not in (State.CREATED, State.CARD_ENTERED)
            or payment.expires_at <= now
            or payment.attempt >= limits.CARDS_PER_PAYMENT_LIMIT
            or room.card_entries.is_closed(rows, payment.site)
        ):
            raise Refusal("payment_over")
        _write_attempt(rows, payment, message, now)
        replaced = payment.state == State.CARD_ENTERED
        move(
            rows,
            payment,
            State.CARD_ENTERED,
            "card_replaced" if replaced else "card_taken",
            by="vault",
            attempt=payment.attempt + 1,
        )
        if replaced:
            post_orders.forget_card(payment.id, payment.card_token, "replaced")
    return Taken()


def _write_attempt(rows: Rows, payment: Payment, card: CardEntered, now: datetime) -> None:
    rows.do(
        "INSERT INTO attempt (payment_id, number, client_body, card_token, subject, brand,"
        " last_four, issuer_bin, fingerprint, entered_at)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        [
            payment.id,
            payment.attempt + 1,
            payment.client_body,
            card.card_token,
            card.subject,
            card.brand[:20],
            card.last_four[-4:],
            card.issuer_bin[:8],
            card.fingerprint,
            now,
        ],
    )


def confirm_payment(room: Room, caller: Caller, message: ConfirmPayment) -> PaymentShown:
    """The payer said "pay". Whoever holds the bill first pays it; a payment that comes second is
    shown as superseded. Raises ``Refusal`` ``payment_unknown``."""
    rules = room.site_of(caller, message.payment_id)
    if len(message.notification_url) > limits.MAX_URL_CHARACTERS:
        raise Refusal("address_wrong", "too long", "notification_url")
    try:
        with acting_for(rules.client_body) as rows:
            _confirm(room, rows, rules, message, by=who(caller))
            return read_shown(rows, message.payment_id, rules.site)
    except psycopg.errors.UniqueViolation as violation:
        if violation.diag.constraint_name != _HOLD:
            raise
    with acting_for(rules.client_body) as rows:
        _give_way(room, rows, rules, message.payment_id, by=who(caller))
        return read_shown(rows, message.payment_id, rules.site)


def _confirm(room: Room, rows: Rows, rules: SiteRules, message: ConfirmPayment, *, by: str) -> None:
    now = room.now()
    # Bill before payment, as the import locks them: two who wait for each other would both fail.
    still_so = _what_is_paid_stands(rows, message.payment_id, rules.site)
    payment = lock_payment(rows, message.payment_id, site=rules.site)
    if payment is None:
        raise Refusal("payment_unknown")
    if payment.state != State.CARD_ENTERED:
        return
    if payment.expires_at <= now:
        _close(rows, payment, State.EXPIRED, "session_over", by=by, now=now)
        return
    if not still_so:
        _close(rows, payment, State.CANCELLED_BY_CLIENT_BODY, "bill_changed", by=by, now=now)
        return
    ruling = rule_on(room, rows, rules, payment, message)
    if ruling == "wait":
        return
    held = move(
        rows,
        payment,
        State.AUTHENTICATING,
        "confirmed",
        by=by,
        confirmed_at=now,
        due_at=now + limits.AUTHENTICATION_LIMIT,
        asked=0,
    )
    open_pending(rows, held)
    if ruling == "refuse":
        refuse_later(room, held)
        return
    post_orders.ask_to_authenticate(
        room,
        rows,
        held,
        notification_url=message.notification_url,
        browser=message.browser,
    )


def _what_is_paid_stands(rows: Rows, payment_id: str, site: str) -> bool:
    """Lock the bill or policy against changes; return whether it is still what was agreed to."""
    bill = rows.one(
        "SELECT NOT b.withdrawn AND b.amount_yen = p.amount_yen FROM payment p"
        " JOIN bill b ON b.id = p.bill_id WHERE p.id = %s AND p.site = %s FOR SHARE OF b",
        [payment_id, site],
    )
    if bill is not None:
        return bool(bill[0])
    policy = rows.one(
        "SELECT NOT o.ended AND p.card_change = EXISTS (SELECT FROM enrolment e"
        " WHERE e.policy_id = o.id AND e.status = 'active'"
        " AND (NOT p.card_change OR e.id = p.enrolment_id))"
        # A card from paper is never asked about before a second person checked it.
        " AND NOT EXISTS (SELECT FROM paper_application a WHERE a.payment_id = p.id)"
        " FROM payment p JOIN policy o ON o.id = p.policy_id"
        " WHERE p.id = %s AND p.site = %s FOR SHARE OF o",
        [payment_id, site],
    )
    return policy is not None and bool(policy[0])


def _give_way(room: Room, rows: Rows, rules: SiteRules, payment_id: str, *, by: str) -> None:
    payment = lock_payment(rows, payment_id, site=rules.site)
    if payment is not None and payment.state == State.CARD_ENTERED:
        _close(rows, payment, State.SUPERSEDED, "overtaken", by=by, now=room.now())


def _close(
    rows: Rows, payment: Payment, target: State, event: str, *, by: str, now: datetime
) -> None:
    due_at = forget_at(payment, now)
    move(rows, payment, target, event, by=by, finished_at=now, due_at=due_at)
    enrolment_is_refused(rows, payment, by=by, why=event)
    post_orders.forget_card(payment.id, None, "cancelled")
