"""`sekisho disputes answer`."""

import argparse

TOLD = {
    "dispute_unknown": "no dispute has this case number; `sekisho disputes list` shows them",
    "dispute_over": "the network has ended it already: {detail}",
    "dispute_answered": "it was answered already: {detail}",
    "too_late": "the day to answer by is over: {detail}",
    "grounds_wrong": "--grounds: {detail}",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `sekisho disputes answer`."""
    from sekisho.processes.terminal.ask_payments import add_deed_arguments

    parser.add_argument("case", help="the network's number of the case")
    answer = parser.add_mutually_exclusive_group(required=True)
    answer.add_argument("--accept", action="store_true", help="the cardholder keeps the money")
    answer.add_argument("--contest", action="store_true", help="send --grounds to the network")
    parser.add_argument("--grounds", default="", help="what proves that the payment was right")
    add_deed_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Accept a chargeback or contest it; it can't be taken back."""
    from sekisho.crossings.payments import AnswerDispute, DisputeShown
    from sekisho.processes.terminal.ask_payments import ask, confirm, print_json, who_types
    from sekisho.processes.terminal.errors import TerminalError

    if arguments.contest and not arguments.grounds.strip():
        raise TerminalError("--contest needs --grounds: what proves that the payment was right")
    deed = "contest" if arguments.contest else "accept"
    if arguments.dry_run:
        print(f"Dry run: would {deed} {arguments.case}. Nothing changed.")
        return 0
    confirm(f"{deed.capitalize()} {arguments.case}? It can't be taken back.", arguments)
    message = AnswerDispute(
        client_body="*",
        case_number=arguments.case,
        answer="contest" if arguments.contest else "accept",
        grounds=arguments.grounds,
        by=who_types(),
    )
    shown: DisputeShown = ask(arguments, message, TOLD)
    if arguments.json:
        print_json(shown)
    else:
        print(f"{shown.case_number} is {shown.status}: {shown.amount_yen:,} yen.")
    return 0
