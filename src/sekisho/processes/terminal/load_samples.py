"""`sekisho samples [load|show]`."""

import argparse
import json
from typing import TYPE_CHECKING, Any

from sekisho.processes.terminal.errors import TerminalError

if TYPE_CHECKING:
    from sekisho.processes.terminal.connect import TerminalCrosser

BILLS_SHOWN = 5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `sekisho samples`."""
    parser.add_argument("verb", nargs="?", choices=["load", "show"], default="load")
    parser.add_argument("--json", action="store_true", help="for programs: one JSON object")


def run(arguments: argparse.Namespace) -> int:
    """Load the sample bills and policies through the door that every file takes, or show what of
    them is still to pay."""
    from sekisho.processes.supervisor.data_folder import find_data_folder
    from sekisho.processes.terminal.connect import TerminalCrosser

    crosser = TerminalCrosser(find_data_folder(arguments.data))
    found = load(crosser) if arguments.verb == "load" else what_to_pay(crosser, BILLS_SHOWN)
    if arguments.json:
        print(json.dumps(found, ensure_ascii=False, indent=1))
    elif arguments.verb == "load":
        for kind, counts in found.items():
            print(f"{kind}: " + ", ".join(f"{count} {name}" for name, count in counts.items()))
    else:
        _show(found)
    return 0


def load(crosser: "TerminalCrosser") -> dict[str, Any]:
    """Load both sample files; a second time changes nothing."""
    from sekisho.bill_files.samples import BODY_OF_KIND, sample_file
    from sekisho.processes.terminal.take_file import take
    from sekisho.vocabulary.clock import business_date, now

    counts: dict[str, Any] = {}
    for kind, client_body in BODY_OF_KIND.items():
        source = sample_file(kind, business_date(now()))
        name = f"sample_{kind}.csv"
        found = take(crosser, source, name, kind=kind, client_body=client_body, quiet=True)
        if not found.taken:
            raise TerminalError(f"the sample {kind} were refused: {found.problems[:3]}")
        counts[kind] = {
            "added": found.added,
            "changed": found.changed,
            "unchanged": found.unchanged,
        }
    return counts


def what_to_pay(crosser: "TerminalCrosser", limit: int) -> dict[str, Any]:
    """A few bills that can be paid, each with its eL number, and policies with their (made-up)
    dates of birth. Raises TerminalError."""
    from sekisho.bill_files.samples import sample_birth
    from sekisho.crossings.message import Refusal
    from sekisho.crossings.payments import ListUnpaidBills, UnpaidBills
    from sekisho.transport.errors import TransportError

    try:
        shown: UnpaidBills = crosser.cross(ListUnpaidBills(limit=limit), seconds=5.0)
    except (Refusal, TransportError) as error:
        raise TerminalError(f"payments does not say: {error}") from None
    births = ((number, sample_birth(number)) for number in shown.policies)
    return {
        "bills": [bill | {"el_number": el_number(bill)} for bill in shown.bills],
        "policies": [
            {"policy_number": number, "date_of_birth": birth} for number, birth in births if birth
        ],
    }


def el_number(bill: dict[str, Any]) -> str:
    """The four numbers of a slip in one, in groups of four."""
    names = ("payee_number", "payment_number", "confirmation_number", "category_number")
    digits = "".join(str(bill.get(name, "")) for name in names)
    return " ".join(digits[at : at + 4] for at in range(0, len(digits), 4))


def _show(found: dict[str, Any]) -> None:
    from rich.table import Table

    from sekisho.processes.terminal.draw_status import make_console

    console = make_console()
    table = Table(title="To pay", box=None, pad_edge=False, title_justify="left")
    for name in ("payee", "payment", "confirmation", "category"):
        table.add_column(name, no_wrap=True)
    table.add_column("yen", justify="right")
    for bill in found["bills"]:
        table.add_row(
            *(str(bill.get(f"{name}_number", "")) for name in
              ("payee", "payment", "confirmation", "category")),
            f"{bill.get('amount_yen', 0):,}",
        )  # fmt: skip
        table.add_row("", f"[dim]eL {bill['el_number']}[/dim]")
    console.print(table)
    for policy in found["policies"]:
        console.print(f"policy {policy['policy_number']}, born {policy['date_of_birth']}")
