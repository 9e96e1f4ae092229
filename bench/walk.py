"""What one payment costs, from the payer's first page to the captured payment.

Measured on a platform of its own: payers walk the real pages over HTTP (WAF, card form, 3-D Secure
without challenge, authorisation, capture), PAYERS at a time. CPU is user + system time of each
process over the run, from the operating system, divided by the payments made; payments/s is the
whole platform with this load generator and the simulators on the same machine.

    python -m bench.walk [NUMBER]
"""

from __future__ import annotations

import csv
import sys
import tempfile
import threading
import time
from datetime import timedelta
from itertools import count
from pathlib import Path

import psutil

from bench.http_payer import HttpPayer, WalkBroke
from sekisho.simulators import test_cards
from sekisho.vocabulary.clock import business_date, now
from tests.running_platform import RunningPlatform

PAYERS = 4
WARM_UP = 4
DEFAULT_PAYMENTS = 100


def main() -> None:
    """Make the payments, print the table."""
    number = int(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT_PAYMENTS
    with tempfile.TemporaryDirectory(prefix="sekisho-bench-") as folder:
        platform = RunningPlatform(Path(folder) / "data").start()
        try:
            bills = _bills(platform, Path(folder), number + WARM_UP)
            _pay_all(platform, bills[:WARM_UP])
            before = _cpu(platform)
            began = time.monotonic()
            outcomes = _pay_all(platform, bills[WARM_UP:])
            seconds = time.monotonic() - began
            _show(before, _cpu(platform), outcomes, seconds)
        finally:
            platform.stop()


def _bills(platform: RunningPlatform, folder: Path, number: int) -> list[dict[str, str]]:
    today = business_date(now())
    found = []
    path = folder / "bills.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer: csv.DictWriter[str] | None = None
        for at in range(number):
            numbers = {
                "payee_number": "13999",
                "payment_number": f"{60_000_000_000_000_000_000 + at}",
                "confirmation_number": "135790",
                "category_number": "001",
            }
            row = numbers | {
                "item_ja": "個人事業税",
                "fiscal_year": "2026",
                "amount": "12000",
                "first_payable": (today - timedelta(days=1)).isoformat(),
                "due_date": (today + timedelta(days=30)).isoformat(),
            }
            if writer is None:
                writer = csv.DictWriter(file, row)
                writer.writeheader()
            writer.writerow(row)
            found.append(numbers)
    platform.sekisho("bills", "import", str(path), "--client-body", "mihon_to")
    return found


def _pay_all(platform: RunningPlatform, bills: list[dict[str, str]]) -> dict[str, int]:
    site = platform.address("payer_site.metropolitan_tax")
    outcomes: dict[str, int] = {}
    waiting, lock, serial = list(bills), threading.Lock(), count(1)

    def work() -> None:
        while True:
            with lock:
                if not waiting:
                    return
                bill, at = waiting.pop(), next(serial)
            payer = HttpPayer(site, f"127.1.{at // 200}.{at % 200 + 1}")
            try:
                outcome = payer.pay(bill, test_cards.load_number(int(bill["payment_number"][-6:])))
            except (WalkBroke, OSError) as error:
                outcome = f"broke: {error}"
            with lock:
                outcomes[outcome] = outcomes.get(outcome, 0) + 1

    threads = [threading.Thread(target=work) for _ in range(PAYERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def _cpu(platform: RunningPlatform) -> dict[str, float]:
    """CPU seconds of each process so far; PostgreSQL with all of its own processes."""
    used = {}
    rows = {name: row["pid"] for name, row in platform.status().items()}
    rows["supervisor"] = platform.pid
    for name, pid in rows.items():
        times = psutil.Process(pid).cpu_times()
        used[name] = times.user + times.system
    used["postgres"] = 0.0
    for process in psutil.Process(platform.pid).children(recursive=True):
        try:
            if process.name() == "postgres":
                times = process.cpu_times()
                used["postgres"] += times.user + times.system
        except psutil.NoSuchProcess:
            continue
    return used


def _show(
    before: dict[str, float], after: dict[str, float], outcomes: dict[str, int], seconds: float
) -> None:
    done = outcomes.get("done", 0)
    print(f"outcomes: {outcomes}")
    print(f"{done / seconds:.1f} payments/s with {PAYERS} payers at a time ({seconds:.1f} s)")
    print("CPU milliseconds for each payment, whole way with all pages:")
    total = 0.0
    for name in sorted(after, key=lambda n: before.get(n, 0) - after[n]):
        cost = (after[name] - before.get(name, 0)) * 1000 / max(done, 1)
        total += cost
        print(f"  {name:<32} {cost:8.2f}")
    print(f"  {'all':<32} {total:8.2f}")


if __name__ == "__main__":
    main()
