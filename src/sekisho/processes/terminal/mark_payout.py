"""`sekisho payout mark`."""

import argparse
from datetime import date
from typing import Any

TOLD = {
    "payout_unknown": "no payout has this id; `sekisho payout list` shows them",
    "payout_over": "too late: {detail}",
    "not_approved": "it was not ordered from the bank: {detail}",
    "amount_differs": "another amount: {detail}. It stands on `sekisho settlement differences`",
    "day_wrong": "--made: {detail}",
    "reference_wrong": "--reference: {detail}",
    "reason_wrong": "--reason: {detail}",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `sekisho payout mark`."""
    from sekisho.processes.terminal.ask_payments import add_deed_arguments

    parser.add_argument("payout", help="its id")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--made", type=date.fromisoformat, metavar="DAY", help="the bank paid it")
    what.add_argument("--returned", action="store_true", help="the bank could not pay it")
    what.add_argument("--dropped", action="store_true", help="give it up; its days are free again")
    parser.add_argument("--amount", type=int, metavar="YEN", help="what the bank paid")
    parser.add_argument("--reference", default="", help="the bank's reference")
    parser.add_argument("--reason", default="", help="why it was returned or given up")
    add_deed_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Say what the bank said of a payout, or give one up."""
    from sekisho.crossings.payments import PayoutShown
    from sekisho.processes.terminal.ask_payments import ask, confirm, print_json

    message = _message(arguments)
    if arguments.dry_run:
        print(f"Dry run: would mark {arguments.payout}. Nothing changed.")
        return 0
    confirm(f"Mark {arguments.payout}?", arguments)
    shown: PayoutShown = ask(arguments, message, TOLD)
    if arguments.json:
        print_json(shown)
    else:
        print(f"{shown.payout_id} is {shown.state}: {shown.amount_yen:,} yen.")
    return 0


def _message(arguments: argparse.Namespace) -> Any:
    from sekisho.crossings.payments import DropPayout, MarkPayoutMade, MarkPayoutReturned
    from sekisho.processes.terminal.ask_payments import who_types
    from sekisho.processes.terminal.errors import TerminalError

    if arguments.made:
        if arguments.amount is None or not arguments.reference.strip():
            raise TerminalError("--made needs --amount and --reference, as the bank says them")
        return MarkPayoutMade(
            payout_id=arguments.payout,
            amount_yen=arguments.amount,
            made_on=arguments.made,
            bank_reference=arguments.reference,
            by=who_types(),
        )
    if not arguments.reason.strip():
        raise TerminalError("say --reason")
    kind = MarkPayoutReturned if arguments.returned else DropPayout
    return kind(payout_id=arguments.payout, reason=arguments.reason, by=who_types())
