"""A body's machine is told of every payment, whatever dies between: on a real platform, by a
script that knows the API and the Standard Webhooks specification, nothing else."""

from __future__ import annotations

import json
import os
import shutil
import signal
import tempfile
import time
import urllib.error
import urllib.request
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook

from tests.engine_load import Engine, ThinPayer, hand_in_bills
from tests.rooms.hook_sender.receiver import OK, Receiver, receiving
from tests.running_platform import RunningPlatform

APPROVED = "4111111111111111"
PAYMENTS = 9
KILLS: dict[int, tuple[str, ...]] = {
    2: ("hook_sender",),
    4: ("client_desk",),
    6: ("client_desk", "hook_sender"),
}
"""Who is killed, by the number of the payment after which."""
WAIT_SECONDS = 120.0
SCOPES = ("events:read", "webhooks:read", "webhooks:write")


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    def slowly(line: Any) -> None:
        time.sleep(0.2)
        line.sendall(OK)

    with receiving(slowly) as one:
        yield one


@pytest.fixture(scope="module")
def platform(receiver: Receiver) -> Iterator[RunningPlatform]:
    folder = Path(tempfile.mkdtemp(prefix="sekisho-hooks-"))
    data = folder / "data"
    data.mkdir(mode=0o700)
    rehearsal = f"allow_private = true\nallow_plain = true\nports = [{receiver.port}]\n"
    (data / "hooks.toml").write_text(rehearsal)
    (data / "sites.toml").write_text('[metropolitan_tax.payments.guard]\nmode = "watch"\n')
    running = RunningPlatform(data).start()
    try:
        yield running
    finally:
        running.stop()
        shutil.rmtree(folder, ignore_errors=True)


class Machine:
    """A body's program with a key of the API."""

    def __init__(self, platform: RunningPlatform) -> None:
        scopes = [word for scope in SCOPES for word in ("--scope", scope)]
        body = ("--client-body", "mihon_to", "--live")
        made = json.loads(platform.sekisho("keys", "make", "story", *body, *scopes, "--json"))
        self._key = made["key"]
        self._base = platform.address("client_desk") + "/api/v1"

    def ask(self, path: str, said: dict[str, Any] | None = None) -> Any:
        """GET, or POST what is said."""
        headers = {"Authorization": f"Bearer {self._key}", "Content-Type": "application/json"}
        body = None
        if said is not None:
            headers["Idempotency-Key"] = "story-1"
            body = json.dumps(said).encode()
        asked = urllib.request.Request(self._base + path, data=body, headers=headers)
        try:
            with urllib.request.urlopen(asked, timeout=30) as answer:
                return json.loads(answer.read())
        except urllib.error.HTTPError as refused:
            raise AssertionError(refused.read().decode()) from None


def wait_until(true: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not true():
        assert time.monotonic() < deadline, f"waited too long until {what}"
        time.sleep(0.05)


def kill(platform: RunningPlatform, process: str) -> None:
    wait_until(lambda: bool(platform.status()[process]["pid"]), f"{process} lives")
    os.kill(platform.status()[process]["pid"], signal.SIGKILL)


def told_ids(receiver: Receiver) -> dict[str, set[str]]:
    """The ids under which each payment's capture was told."""
    ids = defaultdict(set)
    for heard in receiver.heard:
        said = json.loads(heard.body)
        if said["type"] == "payment.captured":
            ids[said["data"]["id"]].add(heard.headers["webhook-id"])
    return ids


def test_every_payment_is_told_though_desk_and_sender_are_killed(
    platform: RunningPlatform, receiver: Receiver
) -> None:
    machine = Machine(platform)
    added = machine.ask(
        "/webhook-endpoints",
        {"url": f"http://localhost:{receiver.port}/in", "description": "story"},
    )
    engine = Engine(platform.data)
    paid = []
    for number, slip in enumerate(hand_in_bills(platform, range(1_000, 1_000 + PAYMENTS))):
        payer = ThinPayer(engine, slip, [APPROVED])
        assert payer.pay() == "succeeded", payer.left
        paid.append(payer.payment_id)
        for process in KILLS.get(number, ()):
            kill(platform, process)
    wait_until(lambda: set(paid) <= told_ids(receiver).keys(), "every payment was told")
    ids = told_ids(receiver)
    assert all(len(ids[payment]) == 1 for payment in paid), "a repeat has another id"
    hook = Webhook(added["secret"])
    assert hook.verify(receiver.heard[-1].body, receiver.heard[-1].headers)
    wait_until(lambda: platform.status()["client_desk"]["state"] == "healthy", "the desk is well")
    listed = {event["data"]["id"] for event in machine.ask("/events?limit=100")["data"]}
    assert set(paid) <= listed
    assert "REHEARSAL" in platform.sekisho("status", check=False)
    engine.close()
