"""`sekisho payments show`."""

import argparse
import json
from typing import TYPE_CHECKING

from sekisho.processes.terminal.errors import TerminalError

if TYPE_CHECKING:
    from sekisho.crossings.payments import PaymentHistory


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `sekisho payments show`."""
    parser.add_argument("reference", help="the payer's reference, such as 7K3M-9QXD-2F4H-6")
    parser.add_argument("--json", action="store_true", help="for programs: one JSON object")


def run(arguments: argparse.Namespace) -> int:
    """Show every step and ledger entry of one payment."""
    import msgspec

    from sekisho.crossings.message import Refusal
    from sekisho.crossings.payments import ShowHistory
    from sekisho.processes.supervisor.data_folder import find_data_folder
    from sekisho.processes.terminal.connect import TerminalCrosser
    from sekisho.transport.errors import TransportError
    from sekisho.vocabulary.identifiers import read_reference

    typed = arguments.reference
    try:
        reference = typed if "_" in typed else read_reference(typed)
    except ValueError as error:
        raise TerminalError(str(error)) from None
    crosser = TerminalCrosser(find_data_folder(arguments.data))
    try:
        history: PaymentHistory = crosser.cross(ShowHistory(reference=reference), seconds=5.0)
    except Refusal as refusal:
        raise TerminalError(f"no payment has the reference {reference} ({refusal})") from None
    except TransportError as error:
        raise TerminalError(f"payments does not answer: {error}") from None
    if arguments.json:
        print(json.dumps(msgspec.to_builtins(history), ensure_ascii=False, indent=1))
    else:
        show(history)
    return 0


def show(history: "PaymentHistory") -> None:
    """One payment for people."""
    from rich.table import Table

    from sekisho.processes.terminal.draw_status import make_console
    from sekisho.vocabulary.clock import TOKYO

    console = make_console()
    console.print(
        f"[bold]{history.reference}[/bold] {history.state}, {history.amount_yen:,} yen and "
        f"{history.fee_yen:,} yen fee, {history.client_body} by {history.site}"
    )
    events = Table(box=None, pad_edge=False)
    for name in ("at", "from", "to", "by", "why"):
        events.add_column(name)
    for event in history.events:
        at = event.at.astimezone(TOKYO).strftime("%Y-%m-%d %H:%M:%S")
        events.add_row(at, event.from_state, event.to_state, event.by, event.why)
    console.print(events)
    for entry in history.entries:
        console.print("  " + "  ".join(f"{name} {value}" for name, value in entry.items()))
