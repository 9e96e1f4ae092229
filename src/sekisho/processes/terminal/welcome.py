"""What `sekisho up` prints: its progress, then all that a newcomer needs to pay the first bill."""

import subprocess
import sys
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

from sekisho.processes.terminal.draw_status import make_console

if TYPE_CHECKING:
    from sekisho.crossings.supervisor import PlatformShown
    from sekisho.processes.supervisor.data_folder import DataFolder
    from sekisho.processes.supervisor.up import Platform

SAMPLE_BILLS = 3
SAMPLES_LIMIT_SECONDS = 120
SAMPLES_MARK = "samples.loaded"

STEPS = {
    "database": "starting PostgreSQL",
    "keys": "keys",
    "schemas": "schemas",
    "processes": "starting processes",
}
SHOWN = (
    ("payer_site.metropolitan_tax", "Tax site"),
    ("payer_site.group_life_premium", "Premium site"),
    ("client_desk", "Client desk"),
    ("console", "Console"),
    ("notices", "Notices"),
    ("sim_mailbox", "Mails sent"),
)


def show_progress(step: str) -> None:
    """Say what is done now, on one line that stays."""
    print(f"  {STEPS.get(step, step)} ...", file=sys.stderr, flush=True)


def show_slow_start(status: "PlatformShown") -> None:
    """Say which processes did not come up; the supervisor goes on trying."""
    console = make_console()
    console.print("[red]Not everything came up:[/red]")
    for row in status.processes:
        if row.state not in ("healthy", "needs a person"):
            faults = [f"{name}: {fault}" for name, fault in row.faults.items()]
            why = escape("; ".join(faults) or row.last_end)
            console.print(f"  {row.process}: {row.state} {why}")
    console.print(f"The logs are in {status.folder}/log; starting goes on. Ctrl-C stops.")


def welcome(platform: "Platform", data: "DataFolder", seconds: float, *, samples: bool) -> None:
    """Load the samples at the first start, then print addresses, bills, cards and how to stop."""
    if samples:
        _load_samples(data)
    status = platform.status()
    console = make_console()
    console.print()
    console.print(f"[bold]sekisho is ready[/bold] ({seconds:.1f} s)")
    addresses = {row.process: row.address for row in status.processes}
    table = _table()
    for process, title in SHOWN:
        if addresses.get(process):
            table.add_row(title, addresses[process])
    console.print(table)
    for title, part in (_to_pay(data), _cards()):
        if part.row_count:
            console.print(f"\n[bold]{title}[/bold]")
            console.print(part)
    missing = sorted({row.sandbox_missing for row in status.processes if row.sandbox_missing})
    for what in missing:
        console.print(f"[red]The kernel does not enforce: {what}[/red]")
    console.print(f"\nData in {data.root}. `sekisho status` shows the processes.")
    console.print("[bold]Ctrl-C[/bold] stops everything; `make up` goes on with the same data.")


def _load_samples(data: "DataFolder") -> None:
    mark = data.root / SAMPLES_MARK
    if mark.exists():
        return
    print("  sample data ...", file=sys.stderr, flush=True)
    # In a process of its own: what reading files takes in memory goes away with it.
    command = [sys.executable, "-I", "-m", "sekisho.processes.terminal.main", "samples"]
    done = subprocess.run(
        [*command, "load", "--data", str(data.root)],
        check=False,
        timeout=SAMPLES_LIMIT_SECONDS,
        capture_output=True,
        text=True,
    )
    if done.returncode == 0:
        mark.touch()
    else:
        print(f"  sample data could not be loaded: {done.stderr[-500:]}", file=sys.stderr)


def _to_pay(data: "DataFolder") -> tuple[str, Table]:
    from sekisho.processes.terminal.connect import TerminalCrosser
    from sekisho.processes.terminal.errors import TerminalError
    from sekisho.processes.terminal.load_samples import what_to_pay

    table = _table()
    try:
        found = what_to_pay(TerminalCrosser(data), SAMPLE_BILLS)
    except TerminalError as error:
        print(f"  {error}", file=sys.stderr)
        found = {"bills": [], "policies": []}
    for bill in found["bills"]:
        yen = f"{bill.get('amount_yen', 0):,} yen"
        table.add_row("Bill", f"eL {bill['el_number']}", yen)
    for policy in found["policies"][:1]:
        born = f"born {policy['date_of_birth']}"
        table.add_row("Policy", policy["policy_number"], born)
    return "To pay", table


def _cards() -> tuple[str, Table]:
    from sekisho.simulators import test_cards

    table = _table()
    for card in test_cards.describe():
        table.add_row(card.number, card.brand, card.what_it_does_en)
    code = f"any security code but {test_cards.WRONG_CODE}"
    return f"Test cards (expiry {test_cards.EXPIRY}, {code})", table


def _table() -> Table:
    table = Table(box=None, show_header=False, pad_edge=True)
    for _ in range(3):
        table.add_column(no_wrap=True)
    return table
