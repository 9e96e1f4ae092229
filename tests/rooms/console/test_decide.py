"""Deciding on the console: a fresh code for each act, another person for the approval, once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from sekisho import transport
from sekisho.console.records.models import Visit
from sekisho.crossings import payments as said
from sekisho.crossings.evidence_keeper import AlarmShown, AlarmsListed, ListAlarms
from sekisho.crossings.message import Refusal
from sekisho.crossings.permits import may_send
from sekisho.sign_in.gate import Gate, Proof
from sekisho.transport import CrossingUnavailable
from sekisho.vocabulary.clock import now
from sekisho.vocabulary.identifiers import new_id, new_reference
from tests.rooms.a_history import AT, a_dispute, a_history
from tests.rooms.console.conftest import room
from tests.rooms.console.operators import code_of, signed_in, signed_in_again

pytestmark = pytest.mark.usefixtures("clean")

PAYMENT = new_id("pay")
REFERENCE = new_reference()
CASE = f"/cases/{PAYMENT}"
WHY = "record of the acquirer of 1 May"


class Payments:
    """Payments with one open case; decides as ``payments.cases`` does, and remembers."""

    def __init__(self) -> None:
        self.decided: list[said.DecideCase] = []
        self.set_entries: list[said.SetCardEntry] = []
        self.reconciled: list[date | None] = []
        self.case = said.CaseShown(
            payment_id=PAYMENT,
            reference=REFERENCE,
            client_body="mihon_to",
            site="metropolitan_tax",
            state="unknown",
            total_yen=12_610,
            note="unknown: the network was asked 7 times, days enough",
            since=AT,
            asked_for=None,
            proposed_by="",
            reason="",
            open=True,
        )
        self.site = said.SiteCardEntry(
            site="metropolitan_tax", open=True, since=None, by="", why=""
        )

    def cross(self, message: Any, *, seconds: float) -> Any:
        match message:
            case said.ListCases():
                return said.CasesShown(cases=[self.case] if self.case.open else [], more=0)
            case said.ShowHistory():
                return a_history(REFERENCE, payment_id=PAYMENT, state="unknown")
            case said.DecideCase():
                return self.decide(message)
            case ListAlarms():
                alarm = AlarmShown(
                    line_id=3,
                    at=AT,
                    role="vault",
                    kind="alarm.vault.honey_card_released",
                    subject="item_1",
                    facts='{"source":"<b>x</b>"}',
                )
                return AlarmsListed(alarms=[alarm], last_day=1)
            case said.ListDisputes():
                return said.DisputesShown(disputes=[a_dispute(status="open")])
            case said.ShowGuard():
                return said.GuardShown(sites=[self.site], counts=[])
            case said.SetCardEntry():
                self.set_entries.append(message)
                return said.GuardShown(sites=[self.site], counts=[])
            case said.ShowBalance() | said.VerifyLedger() | said.ShowReconciliations():
                return self.books(message)
            case said.Reconcile():
                self.reconciled.append(message.day)
                return self.books(said.ShowReconciliations(limit=1)).results[0]
        raise CrossingUnavailable("away")

    def decide(self, message: said.DecideCase) -> said.CaseShown:
        if message.approves and message.by == self.case.proposed_by:
            raise Refusal("same_person", "another person must decide the same", "by")
        self.decided.append(message)
        fields = {name: getattr(self.case, name) for name in self.case.__struct_fields__}
        if message.approves or message.decision == "ask_again":
            fields |= {"open": False, "state": "captured"}
        else:
            fields |= {
                "asked_for": message.decision,
                "proposed_by": message.by,
                "reason": message.reason,
            }
        self.case = said.CaseShown(**fields)
        return self.case

    @staticmethod
    def books(message: Any) -> Any:
        if isinstance(message, said.ShowBalance):
            if message.at is not None and message.at > now():
                raise Refusal("at_wrong", "in the future", "at")
            accounts = [
                said.AccountBalance(
                    client_body="mihon_to", account=name, debit_yen=yen, credit_yen=12_610 - yen
                )
                for name, yen in (("acquirer", 12_610), ("payer", 0))
            ]
            return said.BalanceShown(at=message.at or AT, final=True, accounts=accounts)
        if isinstance(message, said.VerifyLedger):
            return said.LedgerVerified(
                ok=True, transfers=1, entries=2, payments=1, linked=1, faults=[]
            )
        result = said.Reconciled(
            day=date(2026, 5, 1),
            ran_at=AT,
            payments=3,
            transfers=6,
            lines=9,
            money_yen={"captured": 37_830},
            differences=["pay_9: captured, evidence has nothing"],
            more=0,
        )
        return said.ReconciliationsShown(results=[result])


@pytest.fixture(autouse=True)
def payments() -> Iterator[Payments]:
    found = Payments()
    transport.use(found)
    yield found
    transport.use(None)


class Clock:
    """The pages' clock; an app's next code needs another half minute."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return now() + self.ahead

    def next_code(self, name: str) -> str:
        self.ahead += timedelta(seconds=31)
        return code_of(name, self())


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    prove_again = Gate.prove_again

    def prove_then(self: Gate, visit: Any, proof: Proof, moment: datetime, *, act: str) -> None:
        prove_again(self, visit, proof, found(), act=act)

    monkeypatch.setattr(Gate, "prove_again", prove_then)
    return found


def decide(visitor: Client, code: str, decision: str = "taken", reason: str = WHY) -> Any:
    return visitor.post(CASE + "?lang=en", {"decision": decision, "reason": reason, "code": code})


def test_a_case_is_shown_with_everything_of_its_payment() -> None:
    visitor = signed_in("responder")
    page = visitor.get("/cases?lang=en").content.decode()
    assert f'href="{CASE}"' in page
    assert "asked 7 times" in page
    page = visitor.get(CASE + "?lang=en").content.decode()
    for shown in ("12,610", "ECI 05", "issuer", "CB20260501001", "card_network"):
        assert shown in page
    rows = room.cluster.execute_sql("SELECT kind, subject FROM evidence.line ORDER BY id DESC")
    assert rows[0] == ("console.payment_looked_at", PAYMENT)


def test_one_proposes_another_approves(payments: Payments, clock: Clock) -> None:
    sora, kai = signed_in("responder"), signed_in("approver", name="kai")
    answer = decide(sora, clock.next_code("sora"))
    assert (answer.status_code, answer.headers["Location"]) == (302, CASE)
    page = sora.get(CASE + "?lang=en").content.decode()
    assert "it waits for another person" in page
    page = kai.get(CASE + "?lang=en").content.decode()
    assert "waits for approval" in page
    assert WHY in page
    assert "ask_again" not in page
    answer = decide(kai, clock.next_code("kai"), reason="seen in the same record")
    assert answer.headers["Location"] == "/cases?done=1"
    assert [(one.by, one.approves) for one in payments.decided] == [("sora", False), ("kai", True)]
    assert "No case is open" in kai.get("/cases?done=1&lang=en").content.decode()
    assert kai.get(CASE).status_code == 404
    kinds = room.cluster.execute_sql(
        "SELECT kind, facts::jsonb->>'by' FROM evidence.line"
        " WHERE kind LIKE 'console.case%' ORDER BY id"
    )
    assert kinds == [("console.case_proposed", "sora"), ("console.case_decided", "kai")]


def test_a_stolen_visit_decides_nothing(payments: Payments, clock: Clock) -> None:
    """The thief has the cookie and the page's token, but no app."""
    thief = signed_in("responder", "approver")
    used = code_of("sora", now())
    for code in (used, "000000", "", "123", used):
        assert decide(thief, code).status_code in (400, 403)
    assert payments.decided == []
    assert WHY in decide(thief, "111111").content.decode()
    for guess in ("222222", "333333", "444444"):
        decide(thief, guess)
    # Six wrong codes: the account is locked, and the stolen visit is over.
    assert Visit.objects.count() == 0
    assert decide(thief, clock.next_code("sora")).headers["Location"] == "/sign-in"
    assert payments.decided == []


def test_two_sessions_are_not_two_persons(payments: Payments, clock: Clock) -> None:
    here = signed_in("responder", "approver")
    there = signed_in_again("sora", at=now() + timedelta(seconds=30))
    clock.ahead += timedelta(seconds=31)
    decide(here, clock.next_code("sora"))
    answer = decide(there, clock.next_code("sora"), reason="I agree with myself")
    assert answer.status_code == 302
    assert [(one.by, one.approves) for one in payments.decided] == [("sora", False)] * 2
    assert payments.case.open
    assert "it waits for another person" in there.get(CASE + "?lang=en").content.decode()


def test_a_page_sent_twice_decides_once(payments: Payments, clock: Clock) -> None:
    visitor = signed_in("responder")
    code = clock.next_code("sora")
    for _ in range(3):
        assert decide(visitor, code).headers["Location"] == CASE
    assert len(payments.decided) == 1


@pytest.mark.parametrize("decision", ["taken", "not_taken", "ask_again"])
def test_an_approver_proposes_nothing(payments: Payments, clock: Clock, decision: str) -> None:
    assert decide(signed_in("approver"), clock.next_code("sora"), decision).status_code == 403
    assert payments.decided == []


def test_a_responder_approves_nothing(payments: Payments, clock: Clock) -> None:
    decide(signed_in("responder"), clock.next_code("sora"))
    other = signed_in("responder", name="ren")
    assert decide(other, clock.next_code("ren")).status_code == 403
    assert len(payments.decided) == 1


@pytest.mark.parametrize(
    ("role", "page", "status"),
    [
        ("observer", "/cases", 403),
        ("observer", "/alarms", 200),
        ("observer", "/guard", 403),
        ("approver", "/cases", 200),
        ("approver", "/disputes", 403),
        ("approver", "/reconciliations", 403),
        ("auditor", CASE, 200),
        ("auditor", "/guard", 200),
        ("auditor", "/reconciliations", 200),
    ],
)
def test_each_role_sees_its_own(role: Any, page: str, status: int) -> None:
    assert signed_in(role).get(page).status_code == status


def test_an_auditor_only_looks(payments: Payments, clock: Clock) -> None:
    visitor = signed_in("auditor")
    assert "<textarea" not in visitor.get(CASE).content.decode()
    assert decide(visitor, clock.next_code("sora")).status_code == 403
    fields = {"site": "metropolitan_tax", "entry": "close", "reason": WHY}
    code = clock.next_code("sora")
    assert visitor.post("/guard", fields | {"code": code}).status_code == 403
    assert (payments.decided, payments.set_entries) == ([], [])


def test_a_site_is_closed_with_a_fresh_code(payments: Payments, clock: Clock) -> None:
    visitor = signed_in("responder")
    fields = {"site": "metropolitan_tax", "entry": "close", "reason": "tested from everywhere"}
    assert visitor.post("/guard", fields | {"code": "000000"}).status_code == 403
    code = clock.next_code("sora")
    assert visitor.post("/guard", fields | {"code": code}).status_code == 302
    (entry,) = payments.set_entries
    assert (entry.site, entry.open, entry.by) == ("metropolitan_tax", False, "sora")


def test_the_pages_of_watch_and_money(payments: Payments) -> None:
    visitor = signed_in("responder")
    for page, shown in (
        ("/alarms?lang=en", ("vault.honey_card_released", "&lt;b&gt;x&lt;/b&gt;", "24 hours: 1")),
        ("/disputes?lang=en", ("CB20260501001", "2026-05-31", "12,610")),
        ("/guard?lang=en", ("metropolitan_tax", "open", "No counter")),
        ("/ledger?lang=en", ("12,610", "Debits and credits are equal", "final")),
        ("/reconciliations?lang=en", ("2026-05-01", "evidence has nothing", "37,830")),
    ):
        text = visitor.get(page).content.decode()
        assert [one for one in shown if one not in text] == []


def test_a_past_balance_is_tokyos_and_a_future_one_is_none() -> None:
    visitor = signed_in("responder")
    page = visitor.get("/ledger", {"at": "2026-04-30T12:00", "lang": "en"}).content.decode()
    assert "2026-04-30 12:00:00" in page
    for wrong in ("2999-01-01T00:00", "yesterday"):
        page = visitor.get("/ledger", {"at": wrong, "lang": "en"}).content.decode()
        assert "This is no moment" in page


def test_a_day_is_compared_when_asked_for(payments: Payments) -> None:
    visitor = signed_in("responder")
    assert visitor.post("/reconciliations", {"day": "2026-05-01"}).status_code == 302
    assert payments.reconciled == [date(2026, 5, 1)]
    assert visitor.post("/reconciliations", {"day": "soon"}).status_code == 400


def test_those_who_do_not_answer_are_told() -> None:
    visitor = signed_in("responder", "approver")
    transport.use(None)
    for page in ("/cases", "/disputes", "/guard", "/ledger", "/reconciliations"):
        assert "応答しません" in visitor.get(page).content.decode()
    assert visitor.get(CASE).status_code == 503


def test_the_console_moves_no_money_by_itself() -> None:
    """No permit: whatever code runs in the console, it can't refund, capture or void."""
    for message in (
        said.RefundPayment,
        said.CapturePayment,
        said.VoidPayment,
        said.AnswerDispute,
        said.SettleRows,
    ):
        assert not may_send("console", message)
    assert may_send("console", said.DecideCase)
