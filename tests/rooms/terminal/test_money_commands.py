"""Commands about money after the yes, cases and the guard: what is asked, shown and refused."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from datetime import UTC, date, datetime
from typing import Any

import pytest

from sekisho.crossings import payments as said
from sekisho.crossings.message import Refusal
from sekisho.payments.lifecycle import EDGES, State
from sekisho.processes.terminal import connect
from sekisho.processes.terminal.ask_payments import who_types
from sekisho.processes.terminal.main import main
from sekisho.transport.errors import CrossingUnavailable
from sekisho.vocabulary.identifiers import new_reference
from tests.rooms.a_history import AT, a_dispute, a_refund

REFERENCE = new_reference()


def money(**changes: Any) -> said.MoneyShown:
    fields: dict[str, Any] = {
        "payment_id": "pay_1",
        "reference": REFERENCE,
        "state": "captured",
        "captured_yen": 12_610,
        "refunded_yen": 0,
        "left_yen": 12_610,
        "capture_by": None,
    }
    return said.MoneyShown(**(fields | changes))


def a_case() -> said.CaseShown:
    return said.CaseShown(
        payment_id="pay_1",
        reference=REFERENCE,
        client_body="mihon_to",
        site="metropolitan_tax",
        state="unknown",
        total_yen=12_610,
        note="unknown: the network was asked 7 times, days enough",
        since=AT,
        asked_for="taken",
        proposed_by="sora",
        reason="the acquirer's record",
        open=True,
    )


def a_guard() -> said.GuardShown:
    site = said.SiteCardEntry(
        site="metropolitan_tax", open=False, since=AT, by="payments:guard", why="decline rate"
    )
    count = said.GuardCount(
        site="metropolitan_tax",
        scope="bin",
        key="4111…",
        window_hours=1,
        attempts=40,
        declines=38,
        action="close",
    )
    return said.GuardShown(sites=[site], counts=[count])


def balance(*yen: int) -> said.BalanceShown:
    names = ("acquirer", "client_body")
    return said.BalanceShown(
        at=AT,
        final=True,
        accounts=[
            said.AccountBalance(
                client_body="mihon_to",
                account=name,
                debit_yen=max(0, one),
                credit_yen=max(0, -one),
            )
            for name, one in zip(names, yen, strict=True)
        ],
    )


def reconciled(*differences: str) -> said.Reconciled:
    return said.Reconciled(
        day=date(2026, 5, 1),
        ran_at=AT,
        payments=3,
        transfers=6,
        lines=9,
        money_yen={"captured": 37_830},
        differences=list(differences),
        more=0,
    )


class Payments:
    """Payments behind the terminal's crosser: answers of a table, and what was asked."""

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.answers: dict[type[Any], Any] = {
            said.ShowMoney: money(),
            said.RefundPayment: a_refund(),
            said.CapturePayment: money(),
            said.VoidPayment: money(state="reversing", captured_yen=0, left_yen=0),
            said.ListDisputes: said.DisputesShown(disputes=[a_dispute(status="open")]),
            said.AnswerDispute: a_dispute(status="contested"),
            said.ListCases: said.CasesShown(cases=[a_case()], more=2),
            said.ShowGuard: a_guard(),
            said.SetCardEntry: a_guard(),
            said.ShowBalance: balance(12_610, -12_610),
            said.Reconcile: reconciled(),
        }

    def cross(self, message: Any, *, seconds: float) -> Any:
        self.asked.append(message)
        answer = self.answers[type(message)]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def deeds(self) -> list[Any]:
        return [one for one in self.asked if not isinstance(one, said.ShowMoney)]


@pytest.fixture
def there(monkeypatch: pytest.MonkeyPatch) -> Payments:
    found = Payments()
    monkeypatch.setattr(connect, "TerminalCrosser", lambda data: found)
    return found


REFUND = ["payments", "refund", REFERENCE, "--amount", "2500", "--reason", "paid twice"]
DEEDS = [
    REFUND,
    ["payments", "capture", REFERENCE],
    ["payments", "void", REFERENCE, "--reason", "the bill was wrong"],
    ["disputes", "answer", "CB1", "--contest", "--grounds", "receipt of 1 May"],
    ["disputes", "answer", "CB1", "--accept"],
    ["guard", "close", "metropolitan_tax", "--reason", "tested from many addresses"],
    ["guard", "open", "metropolitan_tax", "--reason", "it is over"],
]
QUESTIONS = [
    ["disputes", "list"],
    ["cases", "list"],
    ["guard", "show"],
    ["ledger", "balance"],
    ["ledger", "reconcile"],
]


@pytest.mark.parametrize("words", DEEDS, ids=lambda words: " ".join(words[:2]))
def test_a_deed_wants_a_yes(
    there: Payments, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    assert main(words) == 1
    assert "nobody is here to confirm it" in capsys.readouterr().err
    assert main([*words, "--dry-run"]) == 0
    assert "Nothing changed" in capsys.readouterr().out
    assert there.deeds() == []
    assert main([*words, "--yes"]) == 0
    (deed,) = there.deeds()
    assert deed.by == who_types()


@pytest.mark.parametrize("answer", ["n\n", "\n", ""])
def test_anything_but_yes_is_no(
    there: Payments, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    class Person:
        @staticmethod
        def isatty() -> bool:
            return True

        @staticmethod
        def readline() -> str:
            return answer

    monkeypatch.setattr("sys.stdin", Person)
    assert main(REFUND) == 1
    assert there.deeds() == []
    monkeypatch.setattr(Person, "readline", staticmethod(lambda: "yes\n"))
    assert main(REFUND) == 0
    assert len(there.deeds()) == 1


@pytest.mark.parametrize("words", [*DEEDS, *QUESTIONS], ids=lambda words: " ".join(words[:2]))
def test_programs_get_one_json_object(
    there: Payments, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    yes = ["--yes"] if words in DEEDS else []
    assert main([*words, *yes, "--json"]) == 0
    assert isinstance(json.loads(capsys.readouterr().out), dict)


@pytest.mark.parametrize("words", [*DEEDS, *QUESTIONS], ids=lambda words: " ".join(words[:2]))
@pytest.mark.parametrize(
    "failure", [CrossingUnavailable("away"), Refusal("payment_unknown", "x"), Refusal("odd", "x")]
)
def test_a_no_is_told_without_a_trace(
    there: Payments, capsys: pytest.CaptureFixture[str], words: list[str], failure: Exception
) -> None:
    there.answers = dict.fromkeys(there.answers, failure)
    yes = ["--yes"] if words in DEEDS else []
    assert main([*words, *yes]) == 1
    error = capsys.readouterr().err
    assert error.startswith("sekisho: ")
    assert "Traceback" not in error


def test_a_refund_says_what_is_left_and_is_one_however_often_it_is_said(
    there: Payments, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):
        assert main([*REFUND, "--yes"]) == 0
    first, second = there.deeds()
    assert first == second
    assert (first.amount_yen, first.fee_yen, first.left_yen) == (2_500, 0, 12_610)
    assert (first.client_body, first.payment_id) == ("*", "pay_1")
    assert "10,110 yen are left" in capsys.readouterr().out
    assert main([*REFUND[:-1], "another reason", "--yes"]) == 0
    assert there.deeds()[-1].key != first.key
    there.answers[said.RefundPayment] = Refusal("left_changed", "5 yen are left")
    assert main([*REFUND, "--yes"]) == 1
    assert "5 yen are left. Look again" in capsys.readouterr().err


def test_a_contest_needs_grounds(there: Payments, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["disputes", "answer", "CB1", "--contest", "--yes"]) == 1
    assert "--grounds" in capsys.readouterr().err
    assert there.asked == []


def test_lists_are_readable(there: Payments, capsys: pytest.CaptureFixture[str]) -> None:
    for words, shown in (
        (["disputes", "list"], ("CB20260501001", "12,610", "2026-05-31", "open")),
        (["cases", "list"], (REFERENCE, "taken by sora", "and 2 more", "2026-05-01 12:04:05")),
        (["guard", "show"], ("closed", "decline rate", "38", "close")),
        (["ledger", "balance"], ("mihon_to", "acquirer", "12,610", "equal")),
        (["ledger", "reconcile"], ("3 payments", "37,830", "All three agree")),
    ):
        assert main(words) == 0
        out = capsys.readouterr().out
        assert [one for one in shown if one not in out] == []


def test_faults_of_the_books_end_with_3(
    there: Payments, capsys: pytest.CaptureFixture[str]
) -> None:
    there.answers[said.ShowBalance] = balance(12_610, -12_600)
    assert main(["ledger", "balance"]) == 3
    assert "Off by 10 yen" in capsys.readouterr().out
    there.answers[said.Reconcile] = reconciled("pay_1: captured, ledger 12,610, evidence nothing")
    assert main(["ledger", "reconcile", "--day", "2026-05-01"]) == 3
    assert "evidence nothing" in capsys.readouterr().out
    assert there.asked[-1].day == date(2026, 5, 1)


def test_a_moment_is_tokyos_and_a_day_its_end(
    there: Payments, capsys: pytest.CaptureFixture[str]
) -> None:
    for typed, meant in (
        ("2026-05-01", datetime(2026, 5, 1, 15, tzinfo=UTC)),
        ("2026-05-01T12:00", datetime(2026, 5, 1, 3, tzinfo=UTC)),
        ("2026-05-01T12:00+00:00", datetime(2026, 5, 1, 12, tzinfo=UTC)),
    ):
        assert main(["ledger", "balance", "--at", typed]) == 0
        assert there.asked[-1].at == meant
    assert main(["ledger", "balance", "--at", "yesterday"]) == 1
    assert "no moment" in capsys.readouterr().err


def test_the_graph_has_every_edge_in_every_form(capsys: pytest.CaptureFixture[str]) -> None:
    pairs = {(str(edge.source) or "start", edge.target.value) for edge in EDGES}
    assert main(["payments", "graph"]) == 0
    text = capsys.readouterr().out
    assert all(f"\n{state.value}\n" in text for state in State)
    for edge in EDGES:
        after = text.split(f"\n{edge.source}\n" if edge.source else "start\n", 1)[1]
        lines = after.split("\n    -> ")
        assert any(edge.target in line and edge.event in line for line in lines)
    assert main(["payments", "graph", "--dot"]) == 0
    dot = capsys.readouterr().out
    assert set(re.findall(r'"(\w+)" -> "(\w+)"', dot)) == pairs
    assert main(["payments", "graph", "--mermaid"]) == 0
    drawn = set(re.findall(r"^  (\S+) --> (\w+):", capsys.readouterr().out, re.M))
    assert {(source.replace("[*]", "start"), target) for source, target in drawn} == pairs
    if shutil.which("dot"):
        subprocess.run(["dot", "-Tsvg"], input=dot, text=True, check=True, capture_output=True)
