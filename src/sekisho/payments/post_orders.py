"""What payments tells others after a step: orders to the card network, mails, forgetting. Each is
posted in the transaction of the step and leaves after its commit."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, Protocol

from sekisho import evidence
from sekisho.crossings import card_network, vault
from sekisho.crossings.vault import ReleasePurpose, SignedPermit
from sekisho.payments.move_payment import Payment
from sekisho.payments.records.session import Rows
from sekisho.payments.room import Room
from sekisho.transport.outbox import post
from sekisho.vocabulary.clock import TOKYO

SENDS = (
    card_network.Authenticate,
    card_network.ChallengeReturned,
    card_network.Authorise,
    card_network.Capture,
    card_network.Reverse,
    card_network.Inquire,
    card_network.Refund,
    card_network.AnswerChargeback,
    vault.ForgetCard,
    vault.ForgetItems,
    vault.ForgetSecurityCode,
    vault.PrintPostcard,
    vault.SendMail,
)
"""Every crossing that leaves by the outbox."""


def ask_to_authenticate(
    room: Room,
    rows: Rows,
    payment: Payment,
    *,
    notification_url: str,
    browser: card_network.BrowserFacts,
) -> None:
    """Order 3-D Secure for the card in use."""
    section = room.sites[payment.site].section
    post(
        card_network.Authenticate(
            payment_id=payment.id,
            attempt=payment.attempt,
            signed_permit=_permit(room, rows, payment, "authenticate"),
            merchant_id=section.merchant_id,
            merchant_name=section.merchant_name,
            amount_yen=payment.total_yen,
            purpose="payment" if payment.kind == "bill" else "enrolment",
            notification_url=notification_url,
            browser=browser,
        )
    )


def ask_to_authorise(
    room: Room,
    rows: Rows,
    payment: Payment,
    entry_mode: card_network.EntryMode = "ecommerce",
) -> None:
    """Order the authorisation of the total by the card in use. A security code goes along only
    where the payer typed one: not from paper (``moto``), not for a charge (``recurring``)."""
    typed = entry_mode == "ecommerce"
    post(
        card_network.Authorise(
            payment_id=payment.id,
            attempt=payment.attempt,
            signed_permit=_permit(room, rows, payment, "authorise", with_security_code=typed),
            merchant_id=_merchant(room, payment),
            amount_yen=payment.total_yen,
            entry_mode=entry_mode,
            reference=payment.reference,
        )
    )


def _permit(
    room: Room,
    rows: Rows,
    payment: Payment,
    purpose: ReleasePurpose,
    *,
    with_security_code: bool = True,
) -> SignedPermit:
    now = room.now()
    signed = room.press.issue(
        payment_id=payment.id,
        client_body=payment.client_body,
        card_token=payment.card_token,
        purpose=purpose,
        now=now,
        with_security_code=with_security_code,
    )
    rows.do(
        "INSERT INTO permit_issued (id, payment_id, client_body, attempt, purpose, issued_at)"
        " VALUES (%s, %s, %s, %s, %s, %s)",
        [signed.permit.permit_id, payment.id, payment.client_body, payment.attempt, purpose, now],
    )
    return signed


def _merchant(room: Room, payment: Payment) -> str:
    return room.sites[payment.site].section.merchant_id


def tell_challenge_returned(payment: Payment, cres: str) -> None:
    """Say that the browser is back from the challenge."""
    post(card_network.ChallengeReturned(payment_id=payment.id, attempt=payment.attempt, cres=cres))


def ask_to_capture(room: Room, payment: Payment) -> None:
    """Order the capture of the whole total; said again it is the same order."""
    post(
        card_network.Capture(
            payment_id=payment.id,
            attempt=payment.attempt,
            merchant_id=_merchant(room, payment),
            amount_yen=payment.total_yen,
        )
    )


def ask_to_reverse(
    room: Room,
    payment: Payment,
    reason: Literal["time_out", "cancelled", "card_check_done"],
    *,
    attempt: int | None = None,
) -> None:
    """Order that the authorisation of ``attempt`` (default: the card in use) be given back."""
    post(
        card_network.Reverse(
            payment_id=payment.id,
            attempt=payment.attempt if attempt is None else attempt,
            merchant_id=_merchant(room, payment),
            reason=reason,
        )
    )


def reversal_reason(event: str) -> Literal["time_out", "cancelled"]:
    """Return the reason of the reversal that ``event`` led to: the same order has the same one."""
    return "time_out" if event == "yes_too_late" else "cancelled"


def ask_to_refund(
    room: Room, payment: Payment, refund_id: str, attempt: int, amount_yen: int
) -> None:
    """Order that captured money be given back; said again it is the same refund."""
    post(
        card_network.Refund(
            payment_id=payment.id,
            attempt=attempt,
            refund_id=refund_id,
            merchant_id=_merchant(room, payment),
            amount_yen=amount_yen,
        )
    )


class Case(Protocol):
    """What an answer needs of a dispute."""

    @property
    def case_number(self) -> str: ...
    @property
    def attempt(self) -> int: ...
    @property
    def amount_yen(self) -> int: ...


def answer_chargeback(
    room: Room, payment: Payment, case: Case, answer: Literal["accept", "contest"], grounds: str
) -> None:
    """Tell the network that a chargeback is accepted, or contested with ``grounds``."""
    post(
        card_network.AnswerChargeback(
            payment_id=payment.id,
            attempt=case.attempt,
            case_number=case.case_number,
            merchant_id=_merchant(room, payment),
            amount_yen=case.amount_yen,
            answer=answer,
            grounds=grounds,
        )
    )


def ask_what_became(room: Room, payment: Payment) -> None:
    """Ask what became of the authorisation."""
    post(
        card_network.Inquire(
            payment_id=payment.id, attempt=payment.attempt, merchant_id=_merchant(room, payment)
        )
    )


def forget_code(payment: Payment) -> None:
    """Have the security code wiped: the authorisation was answered (PCI DSS 3.3.1)."""
    post(vault.ForgetSecurityCode(payment_id=payment.id))


def forget_items(payment: Payment, token: str) -> None:
    """Have what was typed for the payment forgotten."""
    post(vault.ForgetItems(client_body=payment.client_body, payment_id=payment.id, token=token))


def forget_card(
    payment_id: str,
    card_token: str | None,
    reason: Literal["settled", "ended", "replaced", "cancelled"],
) -> None:
    """Have one card forgotten, or with no token everything that was entered for the payment; the
    security code goes with it."""
    post(vault.ForgetCard(payment_id=payment_id, card_token=card_token or None, reason=reason))


def mail_receipt(rows: Rows, payment: Payment, now: datetime) -> None:
    """Send the receipt of captured money, if a mail was wanted."""
    if payment.email_token is None:
        return
    bill = rows.one(
        "SELECT item_ja, item_en, fiscal_year, term FROM bill WHERE id = %s", [payment.bill_id]
    )
    item_ja, item_en, fiscal_year, term = bill or ("", "", 0, "")
    facts: dict[str, str | int] = {
        "reference": payment.reference,
        "item": item_ja if payment.language == "ja" else item_en or item_ja,
        "fiscal_year": str(fiscal_year),
        "amount_yen": payment.amount_yen,
        "fee_yen": payment.fee_yen,
        "total_yen": payment.total_yen,
        "paid_at": now.astimezone(TOKYO).strftime("%Y-%m-%d %H:%M"),
        "card": _card(payment),
    }
    if term:
        facts["term"] = term
    _mail(payment, "payment_receipt", facts)


def mail_refund(
    rows: Rows, payment: Payment, refund_id: str, amount_yen: int, now: datetime
) -> None:
    """Say that ``amount_yen`` is on its way back to the payer's card, if a mail was wanted."""
    if payment.email_token is None:
        return
    facts: dict[str, str | int] = {
        "reference": payment.reference,
        "item": _item(rows, payment),
        "refund_yen": amount_yen,
        "total_yen": payment.total_yen,
        "refunded_at": now.astimezone(TOKYO).strftime("%Y-%m-%d %H:%M"),
        "card": _card(payment),
    }
    _mail(payment, "refund_done", facts, about=refund_id)


def _item(rows: Rows, payment: Payment) -> str:
    row = rows.one("SELECT item_ja, item_en FROM bill WHERE id = %s", [payment.bill_id])
    item_ja, item_en = row or ("", "")
    return str(item_ja if payment.language == "ja" else item_en or item_ja)


def mail_failed(payment: Payment) -> None:
    """Say that no money was taken, to a payer who was last told that nobody knows."""
    if payment.email_token is not None and payment.kind == "bill":
        facts: dict[str, str | int] = {
            "reference": payment.reference,
            "total_yen": payment.total_yen,
        }
        _mail(payment, "payment_failed", facts)


def mail_enrolled(rows: Rows, payment: Payment) -> None:
    """Confirm an enrolment whose card is good."""
    row = rows.one(
        "SELECT o.product_ja, o.product_en, o.yearly_premium_yen, o.joined_month, e.applied_on,"
        " e.first_charge_month FROM enrolment e JOIN policy o ON o.id = e.policy_id"
        " WHERE e.id = %s",
        [payment.enrolment_id],
    )
    if payment.email_token is None or row is None:
        return
    product_ja, product_en, premium, month, applied_on, first_month = row
    facts: dict[str, str | int] = {
        "reference": payment.reference,
        "product": product_ja if payment.language == "ja" else product_en or product_ja,
        "yearly_premium_yen": premium,
        "joined_month": str(month),
        "applied_on": applied_on.isoformat(),
        "first_charge_month": first_month,
        "card": _card(payment),
    }
    _mail(payment, "enrolment_done", facts)


def order_was_refused(message: str, why: str) -> None:
    """Put on evidence that a receiver refused what payments posted: a person must look."""
    evidence.append(
        kind="payments.order_refused", subject=message, facts={"message": message, "why": why[:500]}
    )


def _card(payment: Payment) -> str:
    return f"{payment.brand} **** {payment.last_four}"


def _mail(
    payment: Payment,
    template: Literal["payment_receipt", "payment_failed", "enrolment_done", "refund_done"],
    facts: dict[str, str | int],
    *,
    about: str = "",
) -> None:
    post(
        vault.SendMail(
            key=f"{template}:{about or payment.id}",
            token=payment.email_token or "",
            client_body=payment.client_body,
            template=template,
            language="ja" if payment.language == "ja" else "en",
            facts={**facts, "site": payment.site},
        )
    )
