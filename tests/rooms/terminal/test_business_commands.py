"""`sekisho payments find`, `bills …` and `links …`: what is asked, shown and refused."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest

from sekisho.crossings import payments as said
from sekisho.crossings.message import Refusal
from sekisho.crossings.permits import may_send
from sekisho.processes.terminal import connect
from sekisho.processes.terminal.ask_payments import who_types
from sekisho.processes.terminal.main import main
from sekisho.vocabulary.clock import TOKYO
from tests.rooms.client_desk.specimens import specimen


class FakePayments:
    """Answers the terminal; ``heard`` is what it was asked."""

    heard: list[Any] = []
    refuses = ""

    def __init__(self, *_: Any) -> None: ...

    def cross(self, message: Any, *, seconds: float) -> Any:
        assert may_send("terminal", type(message))
        self.heard.append(message)
        if self.refuses:
            raise Refusal(self.refuses, "its detail")
        return specimen(message.reply)


@pytest.fixture(autouse=True)
def payments(monkeypatch: pytest.MonkeyPatch) -> type[FakePayments]:
    monkeypatch.setattr(connect, "TerminalCrosser", FakePayments)
    monkeypatch.setattr(FakePayments, "heard", [])
    monkeypatch.setattr(FakePayments, "refuses", "")
    return FakePayments


@pytest.mark.parametrize(
    ("words", "seen"),
    [
        (["payments", "find"], "--cursor"),
        (["bills", "find"], "--cursor"),
        (["links", "list"], "--cursor"),
        (["links", "show", "link_1"], "behind its pages' address"),
        (["links", "cancel", "link_1", "--yes"], "behind its pages' address"),
        (["bills", "withdraw", "bill_1", "--yes"], "is withdrawn"),
    ],
)
def test_what_is_shown(words: list[str], seen: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 0
    assert seen in capsys.readouterr().out
    assert main([*words, "--json"]) == 0
    json.loads(capsys.readouterr().out)


def test_every_filter_is_asked_for(payments: type[FakePayments]) -> None:
    words = (
        "payments find --body mihon_to --reference 7K3M --number R-1 --policy 123 --status unknown"
        " --kind bill --from 2026-11-01T00:00 --to 2026-11-02T00:00 --least 1 --most 2 --brand jcb"
        " --last-four 0000 --limit 7 --cursor abc"
    )
    main(words.split())
    assert payments.heard == [
        said.FindPayments(
            client_body="mihon_to",
            reference="7K3M",
            payment_number="R-1",
            policy_number="123",
            status="unknown",
            kind="bill",
            started_from=datetime(2026, 11, 1, tzinfo=TOKYO),
            started_to=datetime(2026, 11, 2, tzinfo=TOKYO),
            amount_from_yen=1,
            amount_to_yen=2,
            brand="jcb",
            last_four="0000",
            limit=7,
            cursor="abc",
        )
    ]


def test_a_link_is_made_by_who_types_once_per_key(payments: type[FakePayments]) -> None:
    words = ["links", "create", "--body", "mihon_to", "--amount", "5000", "--item", "使用料"]
    assert main([*words, "--reference", "R-1", "--key", "k1"]) == 0
    (made,) = payments.heard
    assert made.to_pay == said.ToPay(amount_yen=5000, item_ja="使用料", item_en="", reference="R-1")
    assert (made.key, made.by, made.client_body) == ("k1", who_types(), "mihon_to")


def test_a_link_needs_a_bill_or_all_of_what_is_paid(
    payments: type[FakePayments], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["links", "create", "--body", "mihon_to", "--amount", "5000"]) == 1
    assert "--item" in capsys.readouterr().err and payments.heard == []


def test_a_dry_run_changes_nothing(payments: type[FakePayments]) -> None:
    main(["links", "cancel", "link_1", "--dry-run"])
    main(["bills", "withdraw", "bill_1", "--dry-run"])
    assert [type(message) for message in payments.heard] == [said.ShowLink, said.ShowBill]


def test_a_refusal_is_told_in_words(
    payments: type[FakePayments], capsys: pytest.CaptureFixture[str]
) -> None:
    payments.refuses = "link_unknown"
    assert main(["links", "show", "link_1"]) == 1
    assert "there is no such link" in capsys.readouterr().err
