"""One platform with an intruder in the tax site; a bill was paid and a premium applied for."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from sekisho.simulators import test_cards
from tests import browser
from tests.running_platform import RunningPlatform
from tests.stories.slips import SlipBook
from tests.stories.walk import PERSON, open_payer

VICTIM = "payer_site.metropolitan_tax"
LOOT_LIMIT_SECONDS = 120


@dataclass
class Canaries:
    """What was typed in the browser and must be found nowhere in clear."""

    card: str = test_cards.load_number(7_391_046, "visa")
    code: str = "739"
    amex: str = "370003010000004"
    amex_code: str = "7391"
    bill_email: str = "canary.kanaria@example.jp"
    person: dict[str, str] = field(default_factory=lambda: dict(PERSON))


@dataclass
class Infiltrated:
    """The platform after the browser run, and what the intruder got."""

    platform: RunningPlatform
    canaries: Canaries
    loot: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def site_folder(self) -> Path:
        return self.platform.data / VICTIM


@pytest.fixture(scope="session")
def infiltrated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Infiltrated]:
    folder = Path(tempfile.mkdtemp(prefix="sekisho-wall-"))
    program = Path(__file__).with_name("infiltrated_platform.py")
    platform = RunningPlatform(folder / "data", up=[sys.executable, str(program)])
    platform.start()
    try:
        found = Infiltrated(platform, Canaries())
        own, other = _live_a_day(found, SlipBook(platform, tmp_path_factory.mktemp("slips")))
        _let_loose(found, own, other)
        yield found
    finally:
        platform.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _live_a_day(found: Infiltrated, slips: SlipBook) -> tuple[dict[str, Any], dict[str, Any]]:
    """Pay a bill and apply for premiums with the canaries; return both payments' histories."""
    canaries, platform = found.canaries, found.platform
    with browser.chromium() as chromium:
        payer = open_payer(chromium, platform)
        payer.find_bill(slips.new())
        payer.agree(canaries.bill_email)
        payer.enter_card(canaries.card, canaries.code)
        payer.pay()
        assert payer.wait_for_outcome() == "done"
        holder = open_payer(chromium, platform, "payer_site.group_life_premium")
        holder.apply_for(slips.new_policy())
        holder.enter_card(canaries.amex, canaries.amex_code)
        holder.pay()
        holder.prove()
        assert holder.wait_for_outcome() == "done"
        references = payer.reference, holder.reference
    own, other = (
        json.loads(platform.sekisho("payments", "show", one, "--json")) for one in references
    )
    return own, other


def _let_loose(found: Infiltrated, own: dict[str, Any], other: dict[str, Any]) -> None:
    """Tell the intruder all that an attacker could find out, and wait for its loot."""
    platform, data = found.platform, found.platform.data
    rows = platform.status()
    briefing = json.loads((data / "secrets" / "terminal" / "briefing.json").read_text())
    peers = {peer["process"]: peer for peer in briefing["peers"] if peer.get("socket")}
    knows = {
        "own_payment": own["payment_id"],
        "other_payment": other["payment_id"],
        "other_reference": other["reference"],
        "pids": {name: row["pid"] for name, row in rows.items() if name != VICTIM},
        "ports": {
            name: int(row["address"].rpartition(":")[2].strip("/"))
            for name, row in rows.items()
            if row["address"] and name != VICTIM
        },
        "sockets": {name: peer["socket"] for name, peer in peers.items()},
        "keys": {name: _hex(peer["crossing_key"]) for name, peer in peers.items()},
        "files": {
            str(path.relative_to(data)): str(path)
            for path in sorted(data.rglob("*"))
            if path.is_file()
            and not path.is_relative_to(found.site_folder)
            and not path.is_relative_to(data / "log" / VICTIM)
            and "postgres/pgdata/base" not in str(path)
        },
        "folders": {
            str(path.relative_to(data)): str(path)
            for path in [*data.iterdir(), Path("/tmp"), Path("/etc"), Path.home()]
            if path.is_relative_to(data) and path.is_dir() and path.name != VICTIM
        },
    }
    (found.site_folder / "go.new").write_text(json.dumps(knows))
    (found.site_folder / "go.new").rename(found.site_folder / "go.json")
    deadline = time.monotonic() + LOOT_LIMIT_SECONDS
    while not (found.site_folder / "loot.json").exists():
        assert time.monotonic() < deadline, "the intruder did not come back"
        time.sleep(0.2)
    listed = json.loads((found.site_folder / "loot.json").read_text())
    found.loot = {f"{at} {one['name']}": one for at, one in enumerate(listed)}


def _hex(base64_text: str) -> str:
    import base64

    return base64.b64decode(base64_text).hex()
