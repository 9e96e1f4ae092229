"""A client body's program, given a key and the OpenAPI document: bill, link, webhook, refund."""

from __future__ import annotations

import json
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.running_platform import RunningPlatform
from tests.stories.body_machine import Machine, Receiver, Refused
from tests.stories.walk import APPROVED, Payer, open_payer

WAIT_SECONDS = 60
SCOPES = (
    *("bills:read", "bills:write", "payments:read", "links:read", "links:write", "refunds:read"),
    *("refunds:write", "events:read", "webhooks:read", "webhooks:write"),
)


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    opened = Receiver()
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def rehearsal(receiver: Receiver) -> Iterator[RunningPlatform]:
    """A platform whose webhooks may go to this machine's loopback."""
    folder = Path(tempfile.mkdtemp(prefix="sekisho-machine-"))
    data = folder / "data"
    data.mkdir()
    (data / "hooks.toml").write_text(
        f"allow_private = true\nallow_plain = true\nports = [{receiver.port}]\n"
    )
    running = RunningPlatform(data).start()
    try:
        yield running
    finally:
        running.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _machine(platform: RunningPlatform, name: str, *words: str, body: str = "mihon_to") -> Machine:
    command = ["keys", "make", name, "--client-body", body, "--json", *words]
    for scope in SCOPES:
        command += ["--scope", scope]
    key = json.loads(platform.sekisho(*command))["key"]
    return Machine(platform.address("client_desk"), key)


def _until(true: Callable[[], Any], what: str) -> Any:
    deadline = time.monotonic() + WAIT_SECONDS
    while not (found := true()):
        assert time.monotonic() < deadline, what
        time.sleep(0.2)
    return found


def _pay(chromium: Browser, platform: RunningPlatform, url: str) -> Payer:
    payer = open_payer(chromium, platform)
    payer.page.goto(url)
    payer.agree()
    payer.enter_card(APPROVED)
    payer.pay()
    assert payer.wait_for_outcome() == "done"
    return payer


@pytest.mark.parametrize("side", ["test", "live"])
def test_link_paid_body_told_refunded_told(
    chromium: Browser, rehearsal: RunningPlatform, receiver: Receiver, side: str
) -> None:
    machine = _machine(rehearsal, f"till {side}", *(["--live"] if side == "live" else []))
    made = machine.call("add_webhook_endpoint", {"url": receiver.address})
    receiver.secret = made["secret"]
    asked = {
        "to_pay": {
            "amount_yen": 12_000,
            "item_ja": "施設使用料",
            "item_en": "Hall hire",
            "reference": f"HALL-{side}",
        }
    }
    link = machine.call("create_payment_link", asked, idempotency_key=f"hall-{side}")
    again = machine.call("create_payment_link", asked, idempotency_key=f"hall-{side}")
    assert link["link_id"] == again["link_id"]
    assert link["test"] is (side == "test")
    with pytest.raises(Refused) as refused:
        machine.call(
            "create_payment_link",
            {"to_pay": {**asked["to_pay"], "amount_yen": 1}},
            idempotency_key=f"hall-{side}",
        )
    assert (refused.value.status, refused.value.problem["code"]) == (422, "key_reused")

    payer = _pay(chromium, rehearsal, link["url"])
    paid = _until(lambda: "payment.captured" in receiver.kinds(), "the body was never told")
    assert paid
    link = machine.call("show_payment_link", link_id=link["link_id"])
    assert link["state"] == "paid"
    assert link["reference"] == payer.reference

    receiver.deaf = True
    payment = machine.call("show_payment", payment_id=link["payment_id"])
    refund = machine.call(
        "refund_payment",
        {
            "amount_yen": 5_000,
            "fee_yen": 0,
            "left_yen": payment["left_yen"],
            "reason": "用途変更",
        },
        payment_id=link["payment_id"],
    )
    _until(
        lambda: machine.call("show_refund", refund_id=refund["refund_id"])["status"] == "done",
        "the refund was never done",
    )
    # A receiver that was down is told again by itself, five seconds later.
    time.sleep(2)
    receiver.deaf = False
    _until(lambda: "refund.done" in receiver.kinds(), "the refund was never told")
    assert receiver.forged == 0
    assert len(set(receiver.ids)) == len(receiver.ids)
    machine.call("remove_webhook_endpoint", endpoint_id=made["endpoint"]["endpoint_id"])
    receiver.heard.clear()


def test_another_bodys_machine_finds_nothing(rehearsal: RunningPlatform) -> None:
    tax = _machine(rehearsal, "accounts", "--live")
    premium = _machine(rehearsal, "accounts", "--live", body="mihon_kiko")
    ours = tax.call("list_payments")["data"]
    assert ours, "the story above paid one"
    assert premium.call("list_payments")["data"] == []
    for name, place, value in (
        ("show_payment", "payment_id", ours[0]["payment_id"]),
        ("show_bill", "bill_id", tax.call("list_bills")["data"][0]["bill_id"]),
        ("show_payment_link", "link_id", tax.call("list_payment_links")["data"][0]["link_id"]),
    ):
        with pytest.raises(Refused) as refused:
            premium.call(name, **{place: value})
        assert refused.value.status == 404
