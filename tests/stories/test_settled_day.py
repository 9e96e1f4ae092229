"""A day on a whole platform: payers pay, one is given money back, the network delivers the day's
file, the day is settled to the yen, the client body is paid by two operators with the bank's file,
and its staff see and download all of it."""

from __future__ import annotations

import json
import shutil
import tempfile
import time
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from sekisho.bank_files.reconciled_fixed import read_fixed
from sekisho.bank_files.zengin import read_transfers
from sekisho.crossings import payments as said
from sekisho.processes.supervisor.data_folder import DataFolder
from sekisho.transport.briefing import Peer
from sekisho.transport.keys import CROSSING_KEY, signing_key
from sekisho.transport.sender import SocketCrosser
from sekisho.vocabulary.clock import business_date, now
from tests.engine_load import Engine, ThinPayer, hand_in_bills
from tests.running_platform import RunningPlatform
from tests.stories.desk_people import WIDTHS, sign_up
from tests.stories.network_day import SETTLED_LIMIT_SECONDS, end_the_day, until_settled

AMOUNTS = (12_000, 30_000, 500)
GIVEN_BACK_YEN = 2_000
CARD = "4111111111111111"


@pytest.fixture(scope="module")
def settling() -> Iterator[RunningPlatform]:
    folder = Path(tempfile.mkdtemp(prefix="sekisho-settling-"))
    running = RunningPlatform(folder / "data").start()
    try:
        yield running
    finally:
        running.stop()
        shutil.rmtree(folder, ignore_errors=True)


def as_console(platform: RunningPlatform) -> SocketCrosser:
    """The console's own hands at the doors of payments: its pages are tried in their room."""
    data = DataFolder(platform.data)
    keys = json.loads((data.secrets / "public_keys.json").read_text())
    payments = Peer(
        process="payments",
        zone="payments",
        name=None,
        crossing_key=b64decode(keys["payments"][CROSSING_KEY]),
        socket=str(data.socket_of("payments")),
    )
    return SocketCrosser(
        process="console",
        zone="console",
        key=signing_key(data.of("console") / "keys", CROSSING_KEY),
        peers=[payments],
    )


def pay(platform: RunningPlatform) -> list[ThinPayer]:
    engine = Engine(platform.data)
    slips = hand_in_bills(platform, AMOUNTS)
    payers = [ThinPayer(engine, slip, [CARD]) for slip in slips]
    assert [payer.pay() for payer in payers] == ["succeeded"] * len(AMOUNTS)
    engine.close()
    return payers


def give_back(platform: RunningPlatform, reference: str) -> None:
    words = ("payments", "refund", reference, "--amount", str(GIVEN_BACK_YEN), "--reason", "twice")
    platform.sekisho(*words, "--yes")
    until = time.monotonic() + SETTLED_LIMIT_SECONDS
    while "done" not in platform.sekisho("payments", "show", reference):
        assert time.monotonic() < until
        time.sleep(0.5)


def test_a_day_is_settled_and_paid_out(settling: RunningPlatform, tmp_path: Path) -> None:
    payers = pay(settling)
    give_back(settling, payers[0].reference)
    assert end_the_day(settling, tmp_path) == len(AMOUNTS) + 1
    day = until_settled(settling)
    net, total = sum(AMOUNTS) - GIVEN_BACK_YEN, sum(payer.total_yen for payer in payers)
    assert (day["captures"], day["refunds"], day["net_yen"]) == (3, 1, net)
    assert day["clearing_yen"] == day["ledger_yen"] == total - GIVEN_BACK_YEN
    assert "No difference is open" in settling.sekisho("settlement", "differences")

    today = business_date(now()).isoformat()
    made = settling.sekisho("payout", "prepare", "mihon_to", today, "--yes", "--json")
    payout = json.loads(made)["payout_id"]
    console = as_console(settling)
    yes = said.ApprovePayout(
        payout_id=payout, amount_yen=net, pay_on=business_date(now()), by="kai"
    )
    assert console.cross(yes, seconds=10).state == "approved"
    console.close()
    file = tmp_path / "furikomi.txt"
    settling.sekisho("payout", "file", today, "--to", str(file))
    (transfer,) = read_transfers(file.read_bytes(), year=business_date(now()).year).transfers
    assert transfer.amount_yen == net
    marked = ("--made", today, "--amount", str(net), "--reference", "FB-1", "--yes")
    settling.sekisho("payout", "mark", payout, *marked)
    balance = json.loads(settling.sekisho("ledger", "balance", "--json"))["accounts"]
    left = {one["account"]: one["debit_yen"] - one["credit_yen"] for one in balance}
    assert left["client_body"] == left["payouts"] == left["acquirer"] == 0
    assert left["bank"] == -left["fee"] - left["tax"] == total - sum(AMOUNTS)
    settling.sekisho("ledger", "verify")
    settling.sekisho("ledger", "reconcile", "--day", today)


def test_its_staff_see_and_download_it(
    settling: RunningPlatform, chromium: Browser, tmp_path: Path
) -> None:
    clerk = sign_up(chromium, settling, "mio", "viewer")
    today = business_date(now()).isoformat()
    net = sum(AMOUNTS) - GIVEN_BACK_YEN
    for name, width in WIDTHS.items():
        clerk.page.set_viewport_size({"width": width, "height": 900})
        for number, path in enumerate(("/settlements", f"/settlements/{today}", "/payouts")):
            clerk.go(path)
            assert f"{net:,}" in clerk.page.content()
            clerk.page.screenshot(path=str(tmp_path / f"{name}-{number}.png"), full_page=True)
            wide = clerk.page.evaluate("document.documentElement.scrollWidth")
            assert wide <= width, (path, wide)
    clerk.go(f"/settlements/{today}")
    with clerk.page.expect_download() as download:
        clerk.page.click("a[href*='form=fixed']")
    _, rows = read_fixed(Path(download.value.path()).read_bytes())
    assert sum(row.amount_yen for row in rows) == net
    clerk.go("/settlements")
    with clerk.page.expect_download() as download:
        clerk.page.click("a[href*='statement.pdf']")
    assert Path(download.value.path()).read_bytes().startswith(b"%PDF-")
