"""`sekisho settlement show`."""

import argparse
from datetime import date

TOLD = {"settlement_unknown": "{detail}; `sekisho settlement list` shows what is settled"}
ROWS = (
    ("captured (bill and fee)", "captures", "captured_yen", 1),
    ("refunded", "refunds", "refunded_yen", -1),
    ("charged back", "chargebacks", "chargeback_yen", -1),
    ("given back after a won dispute", "representments", "represented_yen", 1),
    ("the network paid", "", "clearing_yen", 1),
    ("of it our fee", "", "fee_yen", 1),
    ("of it consumption tax", "", "fee_tax_yen", 1),
    ("of it bound in disputes", "disputes_lost", "disputes_yen", 1),
    ("corrections", "", "corrections_yen", 1),
    ("owed to the client body", "", "net_yen", 1),
    ("the ledger says", "", "ledger_yen", 1),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `sekisho settlement show`."""
    from sekisho.processes.terminal.ask_payments import add_json_argument

    parser.add_argument("body", help="the client body, as mihon_to")
    parser.add_argument("day", type=date.fromisoformat, help="the business day, as 2026-11-24")
    add_json_argument(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print one day as the clearing, the ledger and the payout tell it."""
    from sekisho.crossings.payments import SettlementShown, ShowSettlement
    from sekisho.processes.terminal.ask_payments import ask, print_json
    from sekisho.processes.terminal.draw_history import plain_table
    from sekisho.processes.terminal.draw_status import make_console

    message = ShowSettlement(client_body=arguments.body, day=arguments.day)
    shown: SettlementShown = ask(arguments, message, TOLD)
    if arguments.json:
        print_json(shown)
        return 0
    table = plain_table("", "number", "yen", right=("number", "yen"))
    for label, count, yen, sign in ROWS:
        number = f"{getattr(shown, count):,}" if count else ""
        table.add_row(label, number, f"{sign * getattr(shown, yen):,}")
    paid = "not in a payout yet" if shown.payout_yen is None else f"{shown.payout_yen:,}"
    table.add_row("the payout says", "", paid)
    make_console().print(table)
    if shown.payout_id:
        print(f"Payout {shown.payout_id}")
    if shown.differences_open:
        print(f"{shown.differences_open:,} differences: `sekisho settlement differences`")
    return 0
