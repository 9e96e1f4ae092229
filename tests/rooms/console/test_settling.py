"""Settlement on the console: one prepares a payout, another approves it, each with a fresh code."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import msgspec
import pytest

from sekisho import transport
from sekisho.crossings import payments as said
from sekisho.crossings.message import Refusal
from sekisho.crossings.permits import may_send
from tests.rooms.console.conftest import room
from tests.rooms.console.operators import signed_in
from tests.rooms.console.test_decide import Clock, clock

__all__ = ["clock"]
pytestmark = pytest.mark.usefixtures("clean")

PAYOUT = "payout_" + "0" * 26
DIFFERENCE = "diff_" + "0" * 26
AT = datetime(2026, 11, 21, tzinfo=UTC)
DAY = date(2026, 11, 20)


def a_payout() -> said.PayoutShown:
    account = said.BankAccount(
        bank_code="9991",
        bank_name="ﾐﾎﾝ",
        branch_code="101",
        branch_name="ﾎﾝﾃﾝ",
        kind="1",
        number="1234567",
        holder="ﾐﾎﾝﾄ",
    )
    return said.PayoutShown(
        payout_id=PAYOUT,
        client_body="mihon_to",
        first_day=DAY,
        last_day=DAY,
        days=1,
        captures=2,
        bills_yen=42_000,
        refunded_yen=2_000,
        disputes_lost_yen=0,
        corrections_yen=0,
        carried_yen=0,
        amount_yen=40_000,
        fee_yen=455,
        fee_tax_yen=45,
        state="prepared",
        order_number=0,
        account=account,
        prepared_by="console:sora",
        prepared_at=AT,
        approved_by="",
        approved_at=None,
        pay_on=None,
        made_on=None,
        made_by="",
        bank_reference="",
        why="",
    )


def a_difference() -> said.DifferenceShown:
    return said.DifferenceShown(
        difference_id=DIFFERENCE,
        client_body="mihon_to",
        day=DAY,
        kind="never_named",
        subject="7K3M-9QXD-2F4H-T",
        said="captured 12143 yen; no clearing named it",
        amount_yen=12_143,
        state="open",
        found_at=AT,
        taken_by="",
        proposed_by="",
        reason="",
        closed_by="",
        closed_at=None,
        needs_second=True,
    )


class Settling:
    """Payments with one payout and one difference. ``said``: what was done."""

    def __init__(self) -> None:
        self.payout = a_payout()
        self.difference = a_difference()
        self.said: list[Any] = []

    def cross(self, message: Any, *, seconds: float) -> Any:
        match message:
            case said.ListClearings():
                return said.ClearingsShown(clearings=[])
            case said.ListDifferences():
                return said.DifferencesShown(differences=[self.difference], open=1, next_after="")
            case said.ListPayouts():
                owed = said.OwedShown(
                    client_body="mihon_to", first_day=DAY, last_day=DAY, days=1, amount_yen=7_000
                )
                return said.PayoutsShown(payouts=[self.payout], owed=[owed], next_after="")
            case said.ShowPayout() if message.payout_id == PAYOUT:
                return self.payout
            case said.ShowPayout():
                raise Refusal("payout_unknown")
        assert may_send("console", type(message))
        if isinstance(message, said.ApprovePayout) and message.amount_yen != 40_000:
            raise Refusal("amount_differs", "it is over 40000 yen", "amount_yen")
        self.said.append(message)
        return self._done(message)

    def _done(self, message: Any) -> Any:
        change = msgspec.structs.replace
        match message:
            case said.ApprovePayout():
                self.payout = change(
                    self.payout,
                    state="approved",
                    approved_by=f"console:{message.by}",
                    approved_at=AT,
                    pay_on=message.pay_on,
                    order_number=1,
                )
            case said.CloseDifference() if self.difference.state == "open":
                self.difference = change(
                    self.difference, state="proposed", proposed_by=f"console:{message.by}"
                )
            case said.CloseDifference():
                self.difference = change(
                    self.difference, state="closed", closed_by=f"console:{message.by}"
                )
            case said.TakeDifference():
                self.difference = change(self.difference, state="taken", taken_by="console:sora")
        return self.difference if hasattr(message, "difference_id") else self.payout


@pytest.fixture(autouse=True)
def settling() -> Iterator[Settling]:
    found = Settling()
    transport.use(found)
    yield found
    transport.use(None)


def test_one_prepares_another_approves(settling: Settling, clock: Clock) -> None:
    sora, kai = signed_in("responder"), signed_in("approver", name="kai")
    page = sora.get("/settlement?lang=en").content.decode()
    assert PAYOUT in page and "7,000" in page and "no clearing named it" in page
    answer = sora.post(
        "/settlement/prepare",
        {"body": "mihon_to", "last_day": "2026-11-20", "code": clock.next_code("sora")},
    )
    assert answer.headers["Location"] == f"/payouts/{PAYOUT}"
    assert 'value="approve"' not in sora.get(f"/payouts/{PAYOUT}").content.decode()
    page = kai.get(f"/payouts/{PAYOUT}?lang=en").content.decode()
    assert 'value="approve"' in page and "1234567" in page and 'value="drop"' not in page
    typed = {"act": "approve", "amount_yen": "39999", "day": "2026-11-24"}
    wrong = kai.post(f"/payouts/{PAYOUT}?lang=en", {**typed, "code": clock.next_code("kai")})
    assert wrong.status_code == 409 and "not the amount" in wrong.content.decode()
    typed["amount_yen"] = "40000"
    assert kai.post(f"/payouts/{PAYOUT}", {**typed, "code": "000000"}).status_code == 403
    done = kai.post(f"/payouts/{PAYOUT}", {**typed, "code": clock.next_code("kai")})
    assert done.status_code == 302
    assert [type(one).__name__ for one in settling.said] == ["PreparePayout", "ApprovePayout"]
    rows = room.cluster.execute_sql(
        "SELECT facts::jsonb->>'act' FROM evidence.line WHERE kind = 'console.settlement_act'"
        " ORDER BY id"
    )
    assert [act for (act,) in rows] == ["prepare payout mihon_to", f"approve payout {PAYOUT}"]


def test_a_responder_does_not_approve(settling: Settling, clock: Clock) -> None:
    visitor = signed_in("responder", name="ren")
    typed = {"act": "approve", "amount_yen": "40000", "day": "2026-11-24"}
    answer = visitor.post(f"/payouts/{PAYOUT}", {**typed, "code": clock.next_code("ren")})
    assert answer.status_code == 403 and settling.said == []
    assert signed_in("observer", name="mio").get("/settlement").status_code == 403


def test_what_the_bank_said(settling: Settling, clock: Clock) -> None:
    settling.payout = msgspec.structs.replace(
        settling.payout, state="approved", approved_by="console:kai", approved_at=AT, pay_on=DAY
    )
    sora = signed_in("responder")
    typed = {"act": "made", "amount_yen": "40000", "day": "2026-11-24", "reference": "FB-1"}
    incomplete = {**typed, "reference": "", "code": clock.next_code("sora")}
    assert sora.post(f"/payouts/{PAYOUT}", incomplete).status_code == 400
    sora.post(f"/payouts/{PAYOUT}", {**typed, "code": clock.next_code("sora")})
    sora.post(
        f"/payouts/{PAYOUT}",
        {"act": "returned", "reason": "no such account", "code": clock.next_code("sora")},
    )
    assert [type(one) for one in settling.said] == [said.MarkPayoutMade, said.MarkPayoutReturned]
    assert sora.get("/payouts/payout_" + "1" * 26).status_code == 404


def test_a_difference_is_closed_by_two(settling: Settling, clock: Clock) -> None:
    sora, kai = signed_in("responder"), signed_in("approver", name="kai")
    where = f"/differences/{DIFFERENCE}"
    typed = {"act": "close", "reason": "the network corrects it"}
    assert kai.post(where, {**typed, "code": clock.next_code("kai")}).status_code == 403
    assert sora.post(where, {**typed, "code": clock.next_code("sora")}).status_code == 302
    page = sora.get(where + "?lang=en").content.decode()
    assert "Another person" in page and 'value="close"' not in page
    assert 'value="close"' in kai.get(where).content.decode()
    assert kai.post(where, {**typed, "code": clock.next_code("kai")}).status_code == 302
    assert settling.difference.closed_by == "console:kai"
    assert sora.get("/differences/diff_" + "1" * 26).status_code == 404
