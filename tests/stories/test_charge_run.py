"""A charge run on a whole platform: planned, approved by another person, holders told, charged; the
payments process is killed in the middle of it, more than once; it ends right, and nobody is charged
twice by the network's own book.

``SEKISHO_CHARGES`` says how many enrolments (60)."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from sekisho.crossings import payments as said
from sekisho.processes.cluster import Cluster
from sekisho.processes.supervisor.data_folder import DataFolder
from sekisho.processes.terminal.connect import TerminalCrosser
from sekisho.simulators.card_network.book import double_charges, read_book
from sekisho.transport.errors import TransportError
from sekisho.vocabulary.clock import business_date, now
from tests.running_platform import RunningPlatform
from tests.stories.desk_people import Member, sign_up
from tests.stories.lay_enrolments import BODY, PREMIUM_YEN, is_declined
from tests.stories.network_day import end_the_day, until_settled

CHARGES = int(os.environ.get("SEKISHO_CHARGES", "60"))
KILLS = 3
LIMIT_SECONDS = 120.0 + CHARGES / 2
PROGRAM = Path(__file__).with_name("lay_enrolments.py")
REPOSITORY = Path(__file__).parents[2]

AT_ONCE = """
[group_life_premium.payments.charges]
notice_days = 0
per_second = 100
"""
"""Holders are told on the day of the charge, so that a story need not wait ten days."""


class Desk:
    """People at the terminal, and the books."""

    def __init__(self, platform: RunningPlatform) -> None:
        self.data = DataFolder(platform.data)
        self._crosser = TerminalCrosser(self.data)
        self._cluster = Cluster(
            self.data.postgres, run_folder=self.data.run / "pg", secrets_folder=self.data.secrets
        )

    def say(self, message: Any) -> Any:
        """Say it until it is answered; every message here may be said again."""
        until = time.monotonic() + 60
        while True:
            try:
                return self._crosser.cross(message, seconds=20)
            except TransportError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.2)

    def run(self, run_id: str) -> said.ChargeRunShown:
        shown: said.ChargeRunShown = self.say(said.ShowChargeRun(client_body="*", run_id=run_id))
        return shown

    def wait(self, run_id: str, true: Any, what: str) -> said.ChargeRunShown:
        until = time.monotonic() + LIMIT_SECONDS
        while not true(shown := self.run(run_id)):
            assert time.monotonic() < until, f"waited for: {what}; {shown}"
            time.sleep(0.2)
        return shown

    def ask(self, statement: str) -> list[tuple[Any, ...]]:
        with self._cluster.superuser_connection() as connection:
            connection.execute("SET search_path = payments")
            return connection.execute(statement).fetchall()


@pytest.fixture(scope="module")
def premium_platform() -> Iterator[RunningPlatform]:
    folder = Path(tempfile.mkdtemp(prefix="sekisho-charges-"))
    data = folder / "data"
    data.mkdir(mode=0o700)
    (data / "sites.toml").write_text(AT_ONCE)
    running = RunningPlatform(data).start()
    try:
        yield running
    finally:
        running.stop()
        shutil.rmtree(folder, ignore_errors=True)


def lay_down(platform: RunningPlatform, count: int, month: str, first: int) -> None:
    """Lay enrolments down, from number ``first`` on."""
    subprocess.run(
        [sys.executable, str(PROGRAM), str(platform.data), str(count), month, str(first)],
        check=True,
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        timeout=LIMIT_SECONDS,
    )


def kill(platform: RunningPlatform, process: str) -> None:
    os.kill(int(platform.status()[process]["pid"]), signal.SIGKILL)


def test_a_run_ends_right_whatever_is_killed(
    premium_platform: RunningPlatform, capsys: pytest.CaptureFixture[str]
) -> None:
    platform = premium_platform
    today = business_date(now())
    month = today.isoformat()[:7]
    lay_down(platform, CHARGES, month, 1)
    desk = Desk(platform)
    run_id = desk.say(
        said.PlanChargeRun(client_body=BODY, key="story", month=month, charge_on=today, by="clerk")
    ).run_id
    draft = desk.wait(run_id, lambda run: run.state == "draft", "the draft")
    assert (draft.items, draft.total_yen) == (CHARGES, CHARGES * PREMIUM_YEN)
    desk.say(
        said.ApproveChargeRun(
            client_body=BODY, run_id=run_id, items=draft.items, total_yen=draft.total_yen, by="boss"
        )
    )
    begun = time.monotonic()
    declined = sum(is_declined(serial) for serial in range(1, CHARGES + 1))
    good = CHARGES - declined
    for nth in range(1, KILLS + 1):
        part = good * nth // (KILLS + 1)
        desk.wait(run_id, lambda run, part=part: run.charged >= part, f"{part} charges")
        kill(platform, "payments")
    ended = desk.wait(
        run_id,
        lambda run: run.charged == good and not {t.state for t in run.totals} & {
            "waiting", "charging", "unknown",
        },
        "everybody's turn",
    )  # fmt: skip
    seconds = time.monotonic() - begun
    with capsys.disabled():
        rate = f"{CHARGES / seconds:.1f} a second"
        print(f"\nnote: {CHARGES} charges, {KILLS} kills of payments, {rate}", flush=True)
    _check_run(desk, ended, declined)
    _check_books(desk, platform)


def _check_run(desk: Desk, run: said.ChargeRunShown, declined: int) -> None:
    states = Counter({total.state: total.items for total in run.totals})
    assert states["charged"] == CHARGES - declined
    assert run.charged_yen == (CHARGES - declined) * PREMIUM_YEN
    by_code = Counter(
        code
        for (code,) in desk.ask(
            "SELECT response_code FROM charge_item WHERE state IN ('work_list', 'retrying')"
        )
    )
    assert by_code.total() == declined and set(by_code) <= {"51", "41", "54", "91"}
    soft = desk.ask("SELECT count(*) FROM charge_item WHERE state = 'retrying'")
    assert soft == [(by_code["51"] + by_code["91"],)]
    told = desk.ask("SELECT count(*) FROM charge_item WHERE notice <> ''")
    assert told == [(CHARGES,)]


def _check_books(desk: Desk, platform: RunningPlatform) -> None:
    twice = desk.ask(
        "SELECT policy_id FROM payment WHERE kind = 'charge' AND state IN ('captured', 'settled')"
        " GROUP BY policy_id, charge_month HAVING count(*) > 1"
    )
    assert twice == []
    book = list(read_book(desk.data.of("sim_card_network")))
    assert double_charges(book) == []
    taken = {entry.reference: entry.captured for entry in book if entry.captured}
    kept = dict(desk.ask("SELECT reference, total_yen FROM payment WHERE state = 'captured'"))
    assert taken == kept, "the network took what we believe it took, from each once"
    by_policy = Counter(
        policy
        for reference, policy in desk.ask("SELECT reference, policy_id FROM payment")
        if reference in taken
    )
    assert set(by_policy.values()) <= {1}
    assert "the books are right" in platform.sekisho("ledger", "verify")
    refused = "SELECT facts FROM evidence.line WHERE kind = 'payments.order_refused'"
    assert desk.ask(refused) == [], "every mail, postcard and order was taken"


def test_a_clerk_and_an_approver_at_the_desk(
    premium_platform: RunningPlatform, chromium: Browser
) -> None:
    platform = premium_platform
    today = business_date(now())
    lay_down(platform, 9, today.isoformat()[:7], 900_012)
    clerk = sign_up(chromium, platform, "hanako", "clerk", client_body=BODY)
    approver = sign_up(chromium, platform, "taro", "approver", client_body=BODY, width="phone")
    clerk.go("/charge-runs")
    clerk.page.fill("#charge_on", today.isoformat())
    clerk.page.click("main form button")
    clerk.page.wait_for_url("**/charge-runs/crun_*")
    address = clerk.page.url.removeprefix(clerk.desk)
    clerk.page.wait_for_selector("text=承認待ち")
    assert clerk.page.locator("form[action$='/approve']").count() == 0
    approver.go("/")
    approver.page.click("a[href='/charge-runs'] >> text=承認を待つ")
    approver.go(address)
    _fits(approver)
    assert f"{9 * PREMIUM_YEN:,}" in approver.page.inner_text("main")
    approver.fresh_code()
    approver.page.click("form[action$='/approve'] button")
    approver.page.wait_for_url("**" + address)
    desk = Desk(platform)
    run_id = address.rpartition("/")[2]
    # Number 900,020 has a card that is lost: its decline (41) is for a person.
    ended = desk.wait(run_id, lambda run: run.charged == 8 and run.done == 9, "everybody's turn")
    assert ended.on_work_list == 1
    for member in (clerk, approver):
        member.go(address)
        _fits(member)
        member.go(address + "/items")
        _fits(member)
        member.go(address + "/items?state=charged")
        _fits(member)
        assert "70900012" in member.page.inner_text("main")
    clerk.go(address + "/items?state=work_list")
    clerk.page.click("details summary >> nth=0")
    clerk.page.check("input[value=close]")
    clerk.page.fill("details input[name=reason]", "paid by slip")
    clerk.page.click("details form button")
    clerk.page.wait_for_url("**/items?state=work_list")
    assert desk.run(run_id).on_work_list == 0
    for member in (clerk, approver):
        member.page.context.close()


def test_the_day_of_the_runs_balances_to_the_yen(
    premium_platform: RunningPlatform, tmp_path: Path
) -> None:
    platform, desk = premium_platform, Desk(premium_platform)
    charged, yen = desk.ask(
        "SELECT count(*), sum(total_yen)::bigint FROM payment WHERE state = 'captured'"
    )[0]
    assert charged
    assert end_the_day(platform, tmp_path) == charged
    day = until_settled(platform, rows=charged)
    assert (day["captures"], day["net_yen"]) == (charged, yen)
    assert day["clearing_yen"] == day["ledger_yen"] == yen
    assert "No difference is open" in platform.sekisho("settlement", "differences")
    assert desk.ask("SELECT count(*) FROM payment WHERE state = 'captured'") == [(0,)]
    assert "the books are right" in platform.sekisho("ledger", "verify")


def _fits(member: Member) -> None:
    """The page is no wider than the screen."""
    wide = member.page.evaluate("document.documentElement.scrollWidth")
    assert wide <= member.page.viewport_size["width"], f"{member.page.url}: {wide} px"  # type: ignore[index]
    if shots := os.environ.get("SEKISHO_SHOTS"):
        width = member.page.viewport_size["width"]  # type: ignore[index]
        name = member.page.url.rpartition("/")[2][:8].partition("?")[0]
        member.page.screenshot(path=f"{shots}/charges-{name}-{width}.png", full_page=True)
