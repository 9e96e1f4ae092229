"""A process dies under a payer's hands: it is started again, on the evidence, nothing is lost."""

from __future__ import annotations

import os
import signal
import time

import pytest
from playwright.sync_api import Browser

from tests.running_platform import RunningPlatform
from tests.stories.slips import SlipBook
from tests.stories.walk import APPROVED, open_payer

RESTART_LIMIT_SECONDS = 60


def _wait_for_another_life(platform: RunningPlatform, process: str, pid: int) -> None:
    until = time.monotonic() + RESTART_LIMIT_SECONDS
    while time.monotonic() < until:
        row = platform.status()[process]
        if row["pid"] not in (None, pid) and row["state"] == "healthy":
            return
        time.sleep(0.3)
    raise AssertionError(f"{process} did not come back")


@pytest.mark.parametrize("process", ["payments", "card_network", "payer_site.metropolitan_tax"])
def test_a_payment_goes_on_after_a_kill(
    chromium: Browser, platform: RunningPlatform, slips: SlipBook, process: str
) -> None:
    payer = open_payer(chromium, platform)
    payer.find_bill(slips.new())
    payer.agree()
    payer.enter_card(APPROVED)
    pid = platform.status()[process]["pid"]
    os.kill(pid, signal.SIGKILL)
    _wait_for_another_life(platform, process, pid)
    payer.pay()
    assert payer.wait_for_outcome() == "done"
    restarts = platform.sekisho("evidence", "show", "--kind", "process_restarted")
    assert process in restarts


def test_a_vault_that_forgot_the_code_asks_for_the_card_again(
    chromium: Browser, platform: RunningPlatform, slips: SlipBook
) -> None:
    """Codes live in the vault's memory alone: its death takes them along; nothing is charged."""
    payer = open_payer(chromium, platform)
    payer.find_bill(slips.new())
    payer.agree()
    payer.enter_card(APPROVED)
    pid = platform.status()["vault"]["pid"]
    os.kill(pid, signal.SIGKILL)
    _wait_for_another_life(platform, "vault", pid)
    payer.pay()
    assert payer.wait_for_outcome() == "bad"
    payer.page.click("#another-card")
    payer.enter_card(APPROVED)
    payer.pay()
    assert payer.wait_for_outcome() == "done"


def test_every_process_has_loaded_its_own_zone_and_no_other(platform: RunningPlatform) -> None:
    """After real work: what an import contract can't see, importlib and settings strings."""
    rows = platform.status()
    expected = {name: name.partition(".")[0] for name in rows}
    expected |= {name: "simulators" for name in rows if name.startswith("sim_")}
    expected |= {"notices": "security", "evidence_keeper": ""}
    assert {name: row["zones"] for name, row in rows.items()} == expected


def test_every_process_stands_in_its_sandbox_with_its_own_role(platform: RunningPlatform) -> None:
    rows = platform.status()
    assert all(row["state"] == "healthy" for row in rows.values())
    assert all(row["sandbox"] for row in rows.values())
    roles = [row["database_role"] for row in rows.values() if row["database_role"]]
    assert len(roles) == len(set(roles)) >= 7
    assert rows["payer_site.metropolitan_tax"]["database_role"] == "payer_site_metropolitan_tax"
