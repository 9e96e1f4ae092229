"""`sekisho payout prepare`."""

import argparse
from datetime import date

TOLD = {
    "payout_unknown": "no client body has this id",
    "nothing_to_pay": "nothing to pay: {detail}",
    "account_unknown": "nobody knows its account: {detail}",
    "test_body": "{detail}: a test is never paid",
    "prepared_already": "another payout is prepared: {detail}",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `sekisho payout prepare`."""
    from sekisho.processes.terminal.ask_payments import add_deed_arguments

    parser.add_argument("body", help="the client body, as mihon_to")
    parser.add_argument("day", type=date.fromisoformat, help="the last day to pay, as 2026-11-24")
    add_deed_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Gather settled days into a payout. Another person approves it on the console."""
    from sekisho.crossings.payments import PayoutShown, PreparePayout
    from sekisho.processes.terminal.ask_payments import ask, confirm, print_json, who_types

    if arguments.dry_run:
        print("Dry run: `sekisho payout list` shows what is owed. Nothing changed.")
        return 0
    confirm(f"Prepare a payout for {arguments.body} up to {arguments.day}?", arguments)
    message = PreparePayout(client_body=arguments.body, last_day=arguments.day, by=who_types())
    shown: PayoutShown = ask(arguments, message, TOLD)
    if arguments.json:
        print_json(shown)
    else:
        print(
            f"{shown.payout_id}: {shown.amount_yen:,} yen for {shown.days} days"
            f" ({shown.first_day} to {shown.last_day}). Another person approves it on the console."
        )
    return 0
