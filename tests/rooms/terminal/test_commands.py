"""The commands of this room as they are typed: what they print, and how they end."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from sekisho.bill_files.samples import sample_policies
from sekisho.crossings.client_desk import InviteStaff, StaffInvited
from sekisho.crossings.console import InviteOperator, OperatorInvited
from sekisho.crossings.message import Refusal
from sekisho.crossings.payments import (
    LedgerVerified,
    ListUnpaidBills,
    PaymentHistory,
    ShowHistory,
    UnpaidBills,
    VerifyLedger,
)
from sekisho.processes.terminal import connect
from sekisho.processes.terminal.main import main
from sekisho.transport.errors import CrossingUnavailable
from sekisho.vocabulary.identifiers import new_reference
from tests.rooms.a_history import a_history
from tests.rooms.bill_files.files import (
    HEADINGS,
    POLICY_HEADINGS,
    VAULT_KEY,
    RecordingPayments,
    file_of,
    with_fields,
)

AT = datetime(2026, 5, 1, 3, tzinfo=UTC)
REFERENCE = new_reference()


class Platform(RecordingPayments):
    """The platform as the terminal reaches it."""

    def __init__(self) -> None:
        super().__init__()
        key = VAULT_KEY.public_key().public_bytes_raw()
        self.briefing = SimpleNamespace(public_keys={"vault.seal": key})
        self.asked: list[Any] = []
        self.failure: Exception | None = None

    def cross(self, message: Any, *, seconds: float = 10.0) -> Any:
        self.asked.append(message)
        if self.failure is not None:
            raise self.failure
        if isinstance(message, InviteStaff):
            return StaffInvited(link="http://localhost:7004/invitation/x/y", expires_at=AT)
        if isinstance(message, InviteOperator):
            return OperatorInvited(link="http://localhost:7005/invitation/y", expires_at=AT)
        if isinstance(message, VerifyLedger):
            return LedgerVerified(
                ok=False, transfers=2, entries=4, payments=1, linked=0, faults=["broken"]
            )
        if isinstance(message, ListUnpaidBills):
            return self.unpaid(message.limit)
        if isinstance(message, ShowHistory):
            return self.history(message.reference)
        return super().cross(message, seconds=seconds)

    @staticmethod
    def unpaid(limit: int) -> UnpaidBills:
        bill: dict[str, str | int] = {
            "payee_number": "13999",
            "payment_number": "1" * 20,
            "confirmation_number": "654321",
            "category_number": "831",
            "amount_yen": 12_500,
        }
        return UnpaidBills(bills=[bill] * limit, policies=[next(sample_policies())[0], "999999"])

    @staticmethod
    def history(reference: str) -> PaymentHistory:
        if reference != REFERENCE:
            raise Refusal("payment_unknown")
        return a_history(reference)


@pytest.fixture
def platform(monkeypatch: pytest.MonkeyPatch) -> Platform:
    found = Platform()
    monkeypatch.setattr(connect, "TerminalCrosser", lambda data: found)
    monkeypatch.setenv("LANG", "C.UTF-8")
    return found


@pytest.fixture
def bills(tmp_path: Path) -> Path:
    path = tmp_path / "bills.csv"
    path.write_bytes(file_of(HEADINGS, with_fields()).getvalue())
    return path


def test_a_good_file_is_taken_and_again_nothing_changes(
    platform: Platform, bills: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["bills", "import", str(bills)]) == 0
    assert "1 added" in capsys.readouterr().out
    assert main(["bills", "import", str(bills)]) == 0
    assert "taken before" in capsys.readouterr().out
    assert len(platform.counted) == 1
    assert platform.asked[0].client_body == "mihon_to"


def test_a_bad_file_is_told_by_line_and_field_and_ends_with_3(
    platform: Platform, bills: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with bills.open("a") as file:
        file.write(with_fields(payment_number="2" * 20, amount="x") + "\n")
    assert main(["bills", "import", str(bills)]) == 3
    out = capsys.readouterr().out
    assert "amount" in out
    assert "whole yen" in out
    assert not platform.asked
    assert main(["bills", "import", str(bills), "--json"]) == 3
    found = json.loads(capsys.readouterr().out)
    assert [(p["line"], p["field"], p["code"]) for p in found["problems"]] == [
        (3, "amount", "amount_unreadable")
    ]
    assert found["problems"][0]["to_do"]
    assert main(["bills", "import", str(bills), "--skip-bad"]) == 4
    assert len(platform.counted) == 1


def test_a_dry_run_takes_nothing(
    platform: Platform, bills: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["bills", "import", str(bills), "--dry-run"]) == 0
    assert "nothing changed" in capsys.readouterr().out
    assert not platform.counted


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"PK\x03\x04", "spreadsheet"), (b"", "empty"), (b"a,b\n1,2\n", "line 1"), (None, "read")],
)
def test_a_file_that_is_none_is_told_in_one_line(
    platform: Platform,
    bills: Path,
    capsys: pytest.CaptureFixture[str],
    content: bytes | None,
    says: str,
) -> None:
    bills.unlink() if content is None else bills.write_bytes(content)
    assert main(["bills", "import", str(bills)]) == 1
    error = capsys.readouterr().err
    assert says in error
    assert "Traceback" not in error


def test_a_folder_or_a_pipe_is_no_file(platform: Platform, tmp_path: Path) -> None:
    assert main(["bills", "import", str(tmp_path)]) == 1
    assert main(["bills", "import", "/dev/null"]) == 1


@pytest.mark.parametrize(
    "failure", [CrossingUnavailable("away"), Refusal("client_body_unknown", "no such body")]
)
@pytest.mark.parametrize(
    "words",
    [
        ["bills", "import", "FILE"],
        ["samples", "show"],
        ["samples"],
        ["ledger", "verify"],
        ["payments", "show", REFERENCE],
        ["console", "invite", "sora"],
    ],
)
def test_a_platform_that_says_no_is_told_without_a_trace(
    platform: Platform,
    bills: Path,
    capsys: pytest.CaptureFixture[str],
    failure: Exception,
    words: list[str],
) -> None:
    platform.failure = failure
    assert main([str(bills) if word == "FILE" else word for word in words]) == 1
    error = capsys.readouterr().err
    assert error.startswith("sekisho: ")
    assert "Traceback" not in error


def test_policies_are_taken_for_the_body_that_is_named(platform: Platform, tmp_path: Path) -> None:
    path = tmp_path / "policies.csv"
    path.write_bytes(file_of(POLICY_HEADINGS, "00123456,保険,48000,4,1965-02-03").getvalue())
    assert main(["policies", "import", str(path), "--client-body", "mihon_to"]) == 0
    assert platform.asked[0].kind == "policies"
    assert platform.asked[0].client_body == "mihon_to"


def test_samples_come_in_by_the_door_that_every_file_takes(
    platform: Platform, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["samples", "load", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["bills"]["added"] > 300
    assert found["policies"]["added"] > 100
    assert {type(message).__name__ for message in platform.asked} == {
        "OpenImport", "ImportBills", "ImportPolicies", "CommitImport",
    }  # fmt: skip
    counted = len(platform.counted)
    assert main(["samples"]) == 0
    assert len(platform.counted) == counted


def test_samples_show_what_a_newcomer_types(
    platform: Platform, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["samples", "show", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    el_number = found["bills"][0]["el_number"].replace(" ", "")
    assert el_number == "13999" + "1" * 20 + "654321" + "831"
    first = next(sample_policies())
    assert found["policies"] == [{"policy_number": first[0], "date_of_birth": first[6]}]
    assert main(["samples", "show"]) == 0
    assert first[6] in capsys.readouterr().out


def test_a_payment_is_shown_and_an_unknown_or_mistyped_one_is_told(
    platform: Platform, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["payments", "show", REFERENCE.lower()]) == 0
    out = capsys.readouterr().out
    for shown in (
        REFERENCE,
        "succeeded",
        "12,500",
        "2026-05-01 12:04:05",
        "12,610",
        "ECI 05",
        "issuer bears",
    ):
        assert shown in out
    assert main(["payments", "show", REFERENCE, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["status"] == "succeeded"
    assert main(["payments", "show", new_reference()]) == 1
    assert main(["payments", "show", "nonsense"]) == 1


def test_broken_books_end_with_3(platform: Platform, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ledger", "verify"]) == 3
    assert "broken" in capsys.readouterr().out


def test_invitations_print_a_link(platform: Platform, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["desk", "invite", "hanako", "--client-body", "mihon_to", "--role", "clerk"]) == 0
    assert "http://localhost:7004/invitation/x/y" in capsys.readouterr().out
    assert platform.asked[-1].roles == ["clerk"]
    assert main(["console", "invite", "sora", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["link"].endswith("/y")
    assert platform.asked[-1].roles == ["responder"]
