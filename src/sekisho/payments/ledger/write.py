"""Write transfers, each in the transaction of the edge it belongs to.

The database does the writing and refuses, as a ``CheckViolation`` or ``UniqueViolation`` that names
the rule: ``one_pending`` a second claim; ``pending_first`` what has nothing before it, or another
amount; ``posted_first`` money after the yes for a payment that was not posted; ``refund_left`` more
than what is left; ``settled_once`` and ``about_once`` anything twice. Nobody waits for its answer:
a refusal is raised by a later line, at the latest by the commit. The caller has locked the
payment."""

from __future__ import annotations

from collections.abc import Sequence

from sekisho import evidence
from sekisho.payments.errors import LedgerWrong
from sekisho.payments.ledger.entry import Leg, check_legs, pending_legs
from sekisho.payments.move_payment import Payment
from sekisho.payments.records.session import Rows
from sekisho.vocabulary.identifiers import new_id

MIN_WHY_CHARACTERS = 8
MAX_WHY_CHARACTERS = 500


def open_pending(rows: Rows, payment: Payment) -> None:
    """Open the claim of a payment that was confirmed; a check of 0 yen has none."""
    if payment.total_yen:
        legs = pending_legs(payment.amount_yen, payment.fee_yen, payment.fee_tax_yen)
        rows.do(
            "SELECT open_claim(%s, %s, %s, %s::text[], %s::bigint[])",
            [payment.id, payment.client_body, payment.total_yen, *_columns(legs)],
        )


def post(rows: Rows, payment: Payment) -> None:
    """Post the claim: the money was captured."""
    _end(rows, payment, "posted")


def void(rows: Rows, payment: Payment) -> None:
    """End the claim without money; a check of 0 yen has none."""
    if payment.total_yen:
        _end(rows, payment, "voided")


def expire(rows: Rows, payment: Payment) -> None:
    """End the claim without money as its time is over; a check of 0 yen has none."""
    if payment.total_yen:
        _end(rows, payment, "expired")


def _end(rows: Rows, payment: Payment, kind: str) -> None:
    rows.do(
        "SELECT end_claim(%s, %s, %s, %s)",
        [payment.id, payment.client_body, kind, payment.total_yen],
    )


def open_refund(
    rows: Rows, payment: Payment, refund_id: str, amount_yen: int, fee_yen: int
) -> None:
    """Set aside ``amount_yen`` of the bill and ``fee_yen`` of the fee (its tax included): the payer
    is owed both. The database refuses more than what is left of either (``refund_left``)."""
    rows.do(
        "SELECT open_refund(%s, %s, %s, %s, %s)",
        [payment.id, payment.client_body, refund_id, amount_yen, fee_yen],
    )


def post_refund(rows: Rows, payment: Payment, refund_id: str) -> None:
    """The network gave the money back: it takes it from what it owes us."""
    _follow(rows, payment, "refund_posted", refund_id)


def void_refund(rows: Rows, payment: Payment, refund_id: str) -> None:
    """The refund was not made: what was set aside is owed as before."""
    _follow(rows, payment, "refund_voided", refund_id)


def open_dispute(rows: Rows, payment: Payment, case_number: str, amount_yen: int) -> None:
    """The network took ``amount_yen`` back for now."""
    rows.do(
        "SELECT open_dispute(%s, %s, %s, %s)",
        [payment.id, payment.client_body, case_number, amount_yen],
    )


def win_dispute(rows: Rows, payment: Payment, case_number: str) -> None:
    """The network owes the money again."""
    _follow(rows, payment, "dispute_won", case_number)


def lose_dispute(rows: Rows, payment: Payment, case_number: str) -> None:
    """The money is gone: the client body is owed less of its bill, then we of our fee."""
    _follow(rows, payment, "dispute_lost", case_number)


def settle(rows: Rows, payment: Payment, amount_yen: int) -> None:
    """The network paid what it had captured; it must be that amount (``settled_amount``)."""
    rows.do(
        "SELECT settle_claim(%s, %s, %s)",
        [payment.id, payment.client_body, amount_yen],
    )


def settle_refund(rows: Rows, payment: Payment, refund_id: str) -> None:
    """The network kept a posted refund back from what it paid."""
    _follow(rows, payment, "refund_settled", refund_id)


def settle_dispute(rows: Rows, payment: Payment, case_number: str) -> None:
    """The network kept a chargeback back from what it paid, whatever becomes of the dispute."""
    _follow(rows, payment, "dispute_settled", case_number)


def settle_win(rows: Rows, payment: Payment, case_number: str) -> None:
    """The network paid a won dispute back (the clearing's representment)."""
    _follow(rows, payment, "win_settled", case_number)


def _follow(rows: Rows, payment: Payment, kind: str, about: str) -> None:
    rows.do("SELECT follow(%s, %s, %s, %s)", [payment.id, payment.client_body, kind, about])


def correct(rows: Rows, client_body: str, legs: Sequence[Leg], why: str, by: str) -> str:
    """Put right what no other transfer does, by a further one; return the correction's id. It is
    put on evidence in the same transaction. Raises ``LedgerWrong``."""
    why = why.strip()
    if not MIN_WHY_CHARACTERS <= len(why) <= MAX_WHY_CHARACTERS or not by:
        raise LedgerWrong(
            f"a correction says by whom, and why in {MIN_WHY_CHARACTERS} to"
            f" {MAX_WHY_CHARACTERS} characters"
        )
    check_legs(legs)
    correction = new_id("correction")
    rows.do(
        "SELECT correct(%s, %s, %s::text[], %s::bigint[], %s)",
        [client_body, correction, *_columns(legs), f"{by}: {why}"],
    )
    evidence.append(
        kind="payments.corrected",
        subject=correction,
        facts={
            "client_body": client_body,
            "by": by,
            "why": why,
            "total_yen": sum(leg.amount_yen for leg in legs if leg.amount_yen > 0),
            "legs": [[leg.account, leg.amount_yen] for leg in legs],
        },
    )
    return correction


def _columns(legs: Sequence[Leg]) -> tuple[list[str], list[int]]:
    return [leg.account for leg in legs], [leg.amount_yen for leg in legs]
