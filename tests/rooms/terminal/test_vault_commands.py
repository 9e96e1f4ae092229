"""The operator's commands of the vault and the alarms: what they ask, print, and how they end."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from sekisho.crossings.evidence_keeper import AlarmShown, AlarmsListed, ListAlarms
from sekisho.crossings.message import Refusal, Taken
from sekisho.crossings.payments import ShowHistory
from sekisho.crossings.vault import (
    BeginRotation,
    BodyBudget,
    BodyRotation,
    BudgetShown,
    EraseSubject,
    MarkHoneyCard,
    PlantHoneyCards,
    ResetBudget,
    RotationShown,
    ShowBudget,
    ShowRotation,
    SubjectErased,
)
from sekisho.processes.terminal import connect, rotate_keys
from sekisho.processes.terminal.main import main
from sekisho.transport.errors import CrossingUnavailable
from sekisho.vocabulary.identifiers import new_reference

AT = datetime(2026, 5, 1, 3, tzinfo=UTC)
REFERENCE = new_reference()


class FakeVault:
    """Answers as the vault does; ``left`` subjects wait for a rotation."""

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.failures: list[Exception] = []
        self.left = 0
        self.tripped: datetime | None = None

    def cross(self, message: Any, *, seconds: float = 10.0) -> Any:
        self.asked.append(message)
        if self.failures:
            raise self.failures.pop()
        if isinstance(message, BeginRotation | ShowRotation):
            return self.rotation()
        if isinstance(message, ShowBudget | ResetBudget):
            return self.budget()
        if isinstance(message, EraseSubject):
            return self.erased(message)
        if isinstance(message, ShowHistory):
            return SimpleNamespace(reference=REFERENCE, payment_id="pay_1", client_body="mihon_to")
        if isinstance(message, ListAlarms):
            alarm = AlarmShown(
                line_id=7,
                at=AT,
                role="vault",
                kind="alarm.vault.budget_spent",
                subject="mihon_to",
                facts='{"hour":"12\\u001b[2J"}',
            )
            return AlarmsListed(alarms=[alarm], last_day=3)
        return Taken()

    def rotation(self) -> RotationShown:
        body = BodyRotation(
            client_body="mihon_to", version=2, begun_at=AT, done=300 - self.left, left=self.left
        )
        self.left = max(0, self.left - 100)
        return RotationShown(bodies=[body])

    def budget(self) -> BudgetShown:
        shown = BodyBudget(
            client_body="*",
            hour=AT,
            released=60_000,
            most=60_000,
            allowed_more=0,
            tripped_at=self.tripped,
        )
        return BudgetShown(budgets=[shown])

    @staticmethod
    def erased(message: EraseSubject) -> SubjectErased:
        return SubjectErased(
            subject="sub_1",
            items={"email": 1},
            card_token="",
            payment_id="",
            mails_waiting=0,
            needed_by=["1 mails that are being delivered"],
            made_at=AT,
            erased_before=None,
            dry_run=message.dry_run,
        )


@pytest.fixture
def vault(monkeypatch: pytest.MonkeyPatch) -> FakeVault:
    found = FakeVault()
    monkeypatch.setattr(connect, "TerminalCrosser", lambda data: found)
    monkeypatch.setattr(rotate_keys, "LOOK_SECONDS", 0)
    return found


def test_alarms_are_listed_without_what_could_move_a_terminal(
    vault: FakeVault, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["alarms", "--limit", "5"]) == 0
    out = capsys.readouterr().out
    assert "vault.budget_spent" in out
    assert "3 alarms in the last 24 hours" in out
    assert "\x1b" not in out
    assert main(["alarms", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["last_day"] == 3
    assert shown["alarms"][0]["facts"]["hour"].startswith("12")
    assert [message.limit for message in vault.asked] == [5, 50]


def test_a_rotation_is_watched_to_its_end(
    vault: FakeVault, capsys: pytest.CaptureFixture[str]
) -> None:
    vault.left = 250
    assert main(["vault", "rotate", "mihon_to", "--watch", "--json"]) == 0
    (body,) = json.loads(capsys.readouterr().out)["bodies"]
    assert (body["done"], body["left"]) == (300, 0)
    assert vault.asked[0].client_body == "mihon_to"
    assert vault.asked[0].by.startswith("terminal:")


def test_a_vault_that_starts_anew_is_waited_for(vault: FakeVault) -> None:
    vault.left = 250
    vault.failures = []
    assert main(["vault", "rotate", "mihon_to"]) == 0
    vault.failures = [CrossingUnavailable("killed")]
    assert rotate_keys.watch(vault, "mihon_to").bodies[0].left == 0


def test_the_state_of_rotations_is_shown(
    vault: FakeVault, capsys: pytest.CaptureFixture[str]
) -> None:
    vault.left = 50
    assert main(["vault", "rotation"]) == 0
    assert "under way" in capsys.readouterr().out


def test_a_tripped_breaker_is_told_by_the_exit_status(
    vault: FakeVault, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["vault", "budget"]) == 0
    assert "60,000" in capsys.readouterr().out
    vault.tripped = AT
    assert main(["vault", "budget"]) == 3
    out = capsys.readouterr().out
    assert "all together" in out
    assert "tripped at 12:00:00" in out


def test_a_breaker_is_reset_with_a_reason(vault: FakeVault) -> None:
    assert main(["vault", "allow", "mihon_to", "--reason", "a rush"]) == 0
    (message,) = vault.asked
    assert (message.client_body, message.reason) == ("mihon_to", "a rush")


def test_an_erasure_by_token_needs_the_body(
    vault: FakeVault, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["vault", "erase", "sub_1", "--reason", "asked"]) == 1
    assert "--client-body" in capsys.readouterr().err
    assert vault.asked == []


def test_a_dry_run_shows_what_would_go(
    vault: FakeVault, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["vault", "erase", REFERENCE, "--reason", "asked by letter"]
    assert main([*words, "--dry-run"]) == 0
    out = capsys.readouterr().out
    assert "would go: its key, 1 email" in out
    assert "--even-if-needed" in out
    assert main([*words, "--even-if-needed"]) == 0
    assert "gone: its key" in capsys.readouterr().out
    dry, real = (message for message in vault.asked if isinstance(message, EraseSubject))
    assert (dry.subject, dry.client_body, dry.dry_run) == ("pay_1", "mihon_to", True)
    assert (real.dry_run, real.even_if_needed) == (False, True)


def test_a_refusal_is_told_in_words(vault: FakeVault, capsys: pytest.CaptureFixture[str]) -> None:
    vault.failures = [Refusal("subject_needed", "card kept for charges", "subject")]
    words = ["vault", "erase", "sub_1", "--client-body", "mihon_to", "--reason", "asked"]
    assert main(words) == 1
    assert "card kept for charges (subject_needed)" in capsys.readouterr().err


def test_honey_is_planted_and_marked(vault: FakeVault, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["vault", "honey", "plant", "mihon_to", "--number", "3"]) == 0
    assert main(["vault", "honey", "mark", REFERENCE]) == 0
    planted = next(m for m in vault.asked if isinstance(m, PlantHoneyCards))
    marked = next(m for m in vault.asked if isinstance(m, MarkHoneyCard))
    assert (planted.client_body, planted.number, planted.within_hours) == ("mihon_to", 3, 24)
    assert (marked.client_body, marked.payment_id) == ("mihon_to", "pay_1")
