"""`sekisho vault postcards`: what was printed, where it lies, and never to whom it goes."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from sekisho.crossings.vault import ListPostcards, PostcardShown, PostcardsListed
from sekisho.processes.terminal import connect
from sekisho.processes.terminal.main import main

AT = datetime(2026, 11, 24, 3, tzinfo=UTC)


def shown(state: str, why: str = "") -> PostcardShown:
    return PostcardShown(
        number=7,
        key="charge_notice:1",
        template="charge_notice",
        state=state,
        why=why,
        batch="mihon_kiko/2026-11-24-1.pdf",
        page=3,
        ordered_at=AT,
        ended_at=AT,
    )


class FakeVault:
    def __init__(self) -> None:
        self.asked: list[ListPostcards] = []
        self.postcards = [shown("printed")]

    def cross(self, message: ListPostcards, *, seconds: float = 10.0) -> Any:
        self.asked.append(message)
        return PostcardsListed(postcards=self.postcards)


@pytest.fixture
def vault(monkeypatch: pytest.MonkeyPatch) -> FakeVault:
    found = FakeVault()
    monkeypatch.setattr(connect, "TerminalCrosser", lambda data: found)
    return found


def test_files_are_named_with_their_folder(
    vault: FakeVault, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["vault", "postcards", "--data", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert "mihon_kiko/2026-11-24-1.pdf" in out
    assert str(tmp_path / "vault" / "post") in out.replace("\n", "")
    assert vault.asked[0].client_body == "*"
    vault.postcards = []
    assert main(["vault", "postcards", "--data", str(tmp_path), "--client-body", "mihon_to"]) == 0
    assert "no postcard was ordered" in capsys.readouterr().out
    assert vault.asked[1].client_body == "mihon_to"


def test_one_that_failed_says_why(
    vault: FakeVault, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    vault.postcards = [shown("failed", "addressee.name: the font has no U+1F600 (GRINNING FACE)")]
    words = ["vault", "postcards", "--data", str(tmp_path), "--state", "failed", "--json"]
    assert main(words) == 3
    (one,) = json.loads(capsys.readouterr().out)["postcards"]
    assert "U+1F600" in one["why"]
    assert vault.asked[0].state == "failed"
