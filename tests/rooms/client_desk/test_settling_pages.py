"""Settled days, payouts and their files, as a client body's staff see them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import msgspec
import pytest
from django.test import Client

from sekisho import transport
from sekisho.bank_files.reconciled_csv import read_csv
from sekisho.bank_files.reconciled_fixed import read_fixed
from sekisho.client_desk.pages.settling.downloads import facts_of
from sekisho.crossings import payments as said
from sekisho.crossings.message import Refusal
from sekisho.printing import StatementWrong, statement
from tests.rooms.client_desk.staff import evidence_kinds, signed_in

pytestmark = pytest.mark.usefixtures("clean")

DAY = date(2026, 11, 20)
PAYOUT = "payout_" + "0" * 26


def settlement(**changes: Any) -> said.SettlementShown:
    facts: dict[str, Any] = {
        "client_body": "mihon_to",
        "day": DAY,
        "state": "closed",
        "closed_at": datetime(2026, 11, 21, tzinfo=UTC),
        "captures": 2,
        "captured_yen": 42_500,
        "bills_yen": 42_000,
        "refunds": 1,
        "refunded_yen": 2_000,
        "refunded_bills_yen": 2_000,
        "chargebacks": 0,
        "chargeback_yen": 0,
        "representments": 0,
        "represented_yen": 0,
        "disputes_lost": 0,
        "disputes_lost_yen": 0,
        "corrections_yen": 0,
        "fee_yen": 455,
        "fee_tax_yen": 45,
        "disputes_yen": 0,
        "clearing_yen": 40_500,
        "ledger_yen": 40_500,
        "net_yen": 40_000,
        "payout_id": PAYOUT,
        "payout_yen": 40_000,
        "differences_open": 1,
    }
    return said.SettlementShown(**{**facts, **changes})


def payout(**changes: Any) -> said.PayoutShown:
    account = said.BankAccount(
        bank_code="9991",
        bank_name="ﾐﾎﾝ",
        branch_code="101",
        branch_name="ﾎﾝﾃﾝ",
        kind="1",
        number="1234567",
        holder="ﾐﾎﾝﾄ",
    )
    facts: dict[str, Any] = {
        "payout_id": PAYOUT,
        "client_body": "mihon_to",
        "first_day": DAY,
        "last_day": DAY,
        "days": 1,
        "captures": 2,
        "bills_yen": 42_000,
        "refunded_yen": 2_000,
        "disputes_lost_yen": 0,
        "corrections_yen": 0,
        "carried_yen": 0,
        "amount_yen": 40_000,
        "fee_yen": 455,
        "fee_tax_yen": 45,
        "state": "made",
        "order_number": 1,
        "account": account,
        "prepared_by": "",
        "prepared_at": datetime(2026, 11, 21, tzinfo=UTC),
        "approved_by": "",
        "approved_at": None,
        "pay_on": date(2026, 11, 24),
        "made_on": date(2026, 11, 24),
        "made_by": "",
        "bank_reference": "FB-1",
        "why": "",
    }
    return said.PayoutShown(**{**facts, **changes})


def month(**changes: Any) -> said.MonthFigures:
    facts: dict[str, Any] = {
        "client_body": "mihon_to",
        "month": "2026-11",
        "final": False,
        "days": [settlement()],
        "captures": 2,
        "captured_yen": 42_500,
        "bills_yen": 42_000,
        "fee_yen": 455,
        "fee_tax_yen": 45,
        "refunds": 1,
        "refunded_yen": 2_000,
        "refunded_fee_yen": 0,
        "disputes_lost": 0,
        "disputes_lost_yen": 0,
        "corrections_yen": 0,
        "net_yen": 40_000,
        "opening_owed_yen": 0,
        "paid_yen": 40_000,
        "closing_owed_yen": 0,
        "payouts": [payout()],
    }
    return said.MonthFigures(**{**facts, **changes})


def line(number: int, **changes: Any) -> said.ReconciliationLine:
    facts: dict[str, Any] = {
        "number": number,
        "kind": "capture",
        "day": DAY,
        "payment_id": "pay_1",
        "reference": "7K3M-9QXD-2F4H-T",
        "payee_number": "13999",
        "payment_number": "9000000000000002",
        "category_number": "001",
        "fiscal_year": 2026,
        "term": "第3期",
        "policy_number": "",
        "amount_yen": 12_000,
        "fee_yen": 143,
        "paid_on": DAY,
        "payout_id": PAYOUT,
    }
    return said.ReconciliationLine(**{**facts, **changes})


class Settled:
    """Payments with one settled day. ``heard``: every question."""

    def __init__(self) -> None:
        self.heard: list[Any] = []
        self.lines = [
            line(1),
            line(2, amount_yen=30_000, fee_yen=357),
            line(3, kind="refund", amount_yen=-2_000, fee_yen=0),
        ]
        self.differences = [
            said.DifferenceShown(
                difference_id="diff_1",
                client_body="mihon_to",
                day=DAY,
                kind="never_named",
                subject="7K3M-9QXD-2F4H-T",
                said="captured 12143 yen; no clearing named it",
                amount_yen=12_143,
                state="open",
                found_at=datetime(2026, 11, 21, tzinfo=UTC),
                taken_by="",
                proposed_by="",
                reason="",
                closed_by="",
                closed_at=None,
                needs_second=True,
            )
        ]

    def cross(self, message: Any, *, seconds: float) -> Any:
        self.heard.append(message)
        own = message.client_body == "mihon_to"
        match message:
            case said.MonthlyFigures():
                return month(month=message.month)
            case said.ListDifferences():
                return said.DifferencesShown(differences=self.differences, open=1, next_after="")
            case said.ShowSettlement() if own and message.day == DAY:
                return settlement()
            case said.ShowSettlement():
                raise Refusal("settlement_unknown")
            case said.ListPayouts():
                owed = said.OwedShown(
                    client_body="mihon_to", first_day=DAY, last_day=DAY, days=1, amount_yen=-7_000
                )
                return said.PayoutsShown(payouts=[payout()], owed=[owed], next_after=PAYOUT)
            case said.ShowPayout() if own and message.payout_id == PAYOUT:
                return payout()
            case said.ShowPayout():
                raise Refusal("payout_unknown")
            case said.ReconciliationLines():
                # One a page: the download has to turn pages.
                left = [one for one in self.lines if one.number > message.after]
                return said.LinesShown(
                    lines=left[:1], next_after=left[0].number if len(left) > 1 else 0
                )
        raise AssertionError(message)


@pytest.fixture
def settled() -> Iterator[Settled]:
    fake = Settled()
    transport.use(fake)
    yield fake
    transport.use(None)


def test_a_month_with_its_days_and_differences(settled: Settled) -> None:
    text = signed_in(roles=("viewer",)).get("/settlements?month=2026-11&lang=en").content.decode()
    for seen in ("2026-11-20", "42,000", "40,000", "not every day", "no clearing named it"):
        assert seen.lower() in text.lower()
    assert "/settlements/lines?since=2026-11-01&amp;until=2026-11-30&amp;form=fixed" in text
    assert {message.client_body for message in settled.heard} == {"mihon_to"}


def test_one_day_three_ways(settled: Settled) -> None:
    visitor = signed_in(roles=("viewer",))
    text = visitor.get("/settlements/2026-11-20?lang=en").content.decode()
    for seen in ("40,500", "They agree", "no clearing named it", PAYOUT):
        assert seen in text
    assert visitor.get("/settlements/2026-11-19").status_code == 404
    assert visitor.get("/settlements/2026-13-19").status_code == 404
    japanese = visitor.get("/settlements/2026-11-20?lang=ja").content.decode()
    assert "三つの帳簿の照合" in japanese


def test_payouts_and_the_fee_statement(settled: Settled) -> None:
    visitor = signed_in(roles=("viewer",))
    text = visitor.get("/payouts?lang=en").content.decode()
    assert PAYOUT in text and "-7,000" in text and "carried over" in text
    assert f'href="/payouts?after={PAYOUT}"' in text
    one = visitor.get(f"/payouts/{PAYOUT}?lang=en").content.decode()
    for seen in ("40,000", "455", "45", "1234567", "2026-11-24", "FB-1"):
        assert seen in one
    assert visitor.get("/payouts/payout_" + "1" * 26).status_code == 404


def test_the_lines_in_each_form(settled: Settled) -> None:
    visitor = signed_in(roles=("viewer",))
    for form in ("fixed", "csv_utf8", "csv_sjis"):
        address = f"/settlements/lines?since=2026-11-20&until=2026-11-20&form={form}"
        answer = visitor.get(address)
        body = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
        if form == "fixed":
            head, rows = read_fixed(body)
            assert (head.client_body, head.name) == ("mihon_to", "見本都")
        else:
            rows = read_csv(body, "utf-8" if form == "csv_utf8" else "shift_jis")
        assert [row.amount_yen for row in rows] == [12_000, 30_000, -2_000]
        assert sum(row.amount_yen for row in rows) == settlement().net_yen
        assert "keshikomi-20261120-20261120" in answer["Content-Disposition"]
    assert "client_desk.reconciliation_downloaded" in evidence_kinds()


def test_what_a_file_cant_say_is_told_before_a_byte_is_sent(settled: Settled) -> None:
    settled.lines[2] = msgspec.structs.replace(settled.lines[2], term="𠮷期")
    visitor = signed_in(roles=("viewer",))
    address = "/settlements/lines?since=2026-11-20&until=2026-11-20&form=fixed&lang=en"
    answer = visitor.get(address)
    text = answer.content.decode()
    assert answer.status_code == 409
    assert "Record 4" in text and "期別" in text and "U+20BB7" in text


@pytest.mark.parametrize(
    "asked",
    ["since=x&until=2026-11-20&form=fixed", "since=2026-11-21&until=2026-11-20&form=fixed",
     "since=2020-01-01&until=2026-11-20&form=fixed", "since=2026-11-20&until=2026-11-20&form=xml"],
)  # fmt: skip
def test_what_is_asked_wrongly(settled: Settled, asked: str) -> None:
    assert signed_in().get("/settlements/lines?" + asked).status_code == 400
    assert not settled.heard


def test_the_statement_is_a_pdf_of_the_ledgers_figures(settled: Settled) -> None:
    answer = signed_in(roles=("viewer",)).get("/settlements/statement.pdf?month=2026-11")
    assert answer["Content-Type"] == "application/pdf" and answer.content[:5] == b"%PDF-"
    facts = facts_of(month(), date(2026, 12, 1))
    assert (facts.owed_after_yen, facts.payer_fees_yen, facts.payer_tax_yen) == (0, 500, 45)
    assert "まだ終わっていません" in facts.notes[0]
    with pytest.raises(StatementWrong):
        statement(facts_of(month(closing_owed_yen=1), date(2026, 12, 1)), datetime.now(UTC))


def test_nobody_is_signed_in(settled: Settled) -> None:
    for address in ("/settlements", "/payouts", "/settlements/statement.pdf"):
        assert Client().get(address).status_code in (302, 303)
    assert not settled.heard
