"""`sekisho settlement …` and `sekisho payout …`: what is asked, shown, written and refused."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest

from sekisho.bank_files.zengin import read_transfers
from sekisho.crossings import payments as said
from sekisho.crossings.message import Refusal
from sekisho.crossings.permits import may_send
from sekisho.processes.terminal import connect
from sekisho.processes.terminal.ask_payments import who_types
from sekisho.processes.terminal.main import main
from tests.rooms.client_desk.specimens import specimen

DAY = date(2026, 11, 24)
ACCOUNT = said.BankAccount(
    bank_code="9991",
    bank_name="ﾐﾎﾝ",
    branch_code="101",
    branch_name="ﾎﾝﾃﾝ",
    kind="1",
    number="1234567",
    holder="ﾐﾎﾝﾄ",
)


def a_payout(number: int, **changes: Any) -> said.PayoutShown:
    facts = {"payout_id": f"payout_{number}", "account": ACCOUNT, "state": "approved"}
    return specimen(
        said.PayoutShown, **{**facts, "amount_yen": 40_000 + number, "pay_on": DAY, **changes}
    )


class FakePayments:
    """Answers the terminal; ``heard`` is what it was asked."""

    heard: list[Any] = []
    payouts: list[said.PayoutShown] = []
    refuses = ""

    def __init__(self, *_: Any) -> None: ...

    def cross(self, message: Any, *, seconds: float) -> Any:
        assert may_send("terminal", type(message))
        self.heard.append(message)
        if self.refuses:
            raise Refusal(self.refuses, "its detail")
        match message:
            case said.ListSettlements():
                one = specimen(said.SettlementShown, day=DAY, net_yen=40_000)
                return said.SettlementsShown(settlements=[one], next_after="")
            case said.ShowSettlement():
                return specimen(said.SettlementShown, day=DAY, net_yen=40_000, payout_yen=None)
            case said.ListDifferences():
                return specimen(said.DifferencesShown, open=1, next_after="")
            case said.ListClearings():
                return specimen(said.ClearingsShown)
            case said.ListPayouts():
                # A page each: the command turns them.
                left = [one for one in self.payouts if one.payout_id > message.after]
                after = left[0].payout_id if len(left) > 1 else ""
                owed = specimen(said.OwedShown, client_body="mihon_to", amount_yen=-7_000)
                return said.PayoutsShown(payouts=left[:1], owed=[owed], next_after=after)
            case said.TakeDifference():
                return specimen(said.DifferenceShown)
        return a_payout(1)


@pytest.fixture(autouse=True)
def payments(monkeypatch: pytest.MonkeyPatch) -> type[FakePayments]:
    monkeypatch.setattr(connect, "TerminalCrosser", FakePayments)
    monkeypatch.setattr(FakePayments, "heard", [])
    monkeypatch.setattr(FakePayments, "refuses", "")
    monkeypatch.setattr(FakePayments, "payouts", [a_payout(1), a_payout(2)])
    return FakePayments


def test_what_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    for words, seen, status in (
        (["settlement", "list"], "40,000", 0),
        (["settlement", "show", "mihon_to", "2026-11-24"], "not in a payout yet", 0),
        (["settlement", "files"], "2026-11-20", 0),
        (["settlement", "differences"], "row_differs", 3),
        (["payout", "list"], "carried over", 0),
    ):
        assert main(words) == status
        assert seen in capsys.readouterr().out
        main([*words, "--json"])
        json.loads(capsys.readouterr().out)


def test_who_takes_a_difference_is_who_types(payments: type[FakePayments]) -> None:
    main(["settlement", "differences", "--take", "diff_1"])
    assert payments.heard[0] == said.TakeDifference(difference_id="diff_1", by=who_types())


def test_a_payout_is_prepared_and_marked(
    payments: type[FakePayments], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["payout", "prepare", "mihon_to", "2026-11-24", "--yes"]) == 0
    assert "Another person approves it" in capsys.readouterr().out
    marked = ["payout", "mark", "payout_1", "--made", "2026-11-24", "--yes"]
    assert main(marked) == 1
    assert "--amount" in capsys.readouterr().err
    assert main([*marked, "--amount", "40001", "--reference", "FB-1"]) == 0
    assert main(["payout", "mark", "payout_1", "--returned", "--reason", "closed", "--yes"]) == 0
    assert main(["payout", "mark", "payout_1", "--dropped", "--yes"]) == 1
    assert [type(one) for one in payments.heard] == [
        said.PreparePayout,
        said.MarkPayoutMade,
        said.MarkPayoutReturned,
    ]
    payments.refuses = "amount_differs"
    assert main([*marked, "--amount", "1", "--reference", "FB-1"]) == 1
    assert "another amount: its detail" in capsys.readouterr().err


def test_the_terminal_approves_nothing() -> None:
    assert not may_send("terminal", said.ApprovePayout)
    assert not may_send("terminal", said.CloseDifference)


def test_the_banks_file(
    payments: type[FakePayments], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    payments.payouts.append(a_payout(3, pay_on=date(2026, 11, 25)))
    file = tmp_path / "furikomi.txt"
    assert main(["payout", "file", "2026-11-24", "--to", str(file)]) == 0
    assert "2 transfers, 80,003 yen" in capsys.readouterr().out
    read = read_transfers(file.read_bytes(), year=2026)
    assert (read.day, [one.amount_yen for one in read.transfers]) == (DAY, [40_001, 40_002])
    assert read.transfers[0].receiver == "ﾐﾎﾝﾄ" and file.stat().st_mode & 0o777 == 0o600
    assert main(["payout", "file", "2026-11-24", "--to", str(file)]) == 1
    assert "can't be written" in capsys.readouterr().err
    assert main(["payout", "file", "2026-11-23", "--to", str(tmp_path / "x")]) == 1
    assert "no approved payout" in capsys.readouterr().err


def test_what_the_format_cant_say_is_not_written(
    payments: type[FakePayments], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = msgspec.structs.replace(ACCOUNT, holder="見本都")
    payments.payouts[1] = a_payout(2, account=wrong)
    file = tmp_path / "furikomi.txt"
    assert main(["payout", "file", "2026-11-24", "--to", str(file)]) == 1
    assert "受取人名" in capsys.readouterr().err and not file.exists()
