"""`sekisho ledger balance`."""

import argparse
from datetime import datetime

BALANCE_SECONDS = 120.0
TOLD = {"at_wrong": "--at: {detail}"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `sekisho ledger balance`."""
    from sekisho.processes.terminal.ask_payments import add_json_argument

    parser.add_argument(
        "--at",
        metavar="MOMENT",
        help="as it stood then: 2026-11-23, or 2026-11-23T15:00 (Asia/Tokyo unless it says more)",
    )
    add_json_argument(parser)


def read_moment(text: str) -> datetime:
    """A typed moment; a day alone is its end in Tokyo. Raises TerminalError."""
    from datetime import date, timedelta

    from sekisho.processes.terminal.errors import TerminalError
    from sekisho.vocabulary.clock import TOKYO

    try:
        if "T" not in text and " " not in text:
            day = date.fromisoformat(text) + timedelta(days=1)
            return datetime(day.year, day.month, day.day, tzinfo=TOKYO)
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise TerminalError(f"--at: {text!r} is no moment, such as 2026-11-23T15:00") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=TOKYO)


def run(arguments: argparse.Namespace) -> int:
    """Print the trial balance; exit status 3 when it does not sum to zero."""
    from sekisho.crossings.payments import BalanceShown, ShowBalance
    from sekisho.processes.terminal.ask_payments import EXIT_FAULTS, ask, print_json
    from sekisho.processes.terminal.draw_history import at, plain_table
    from sekisho.processes.terminal.draw_status import make_console

    moment = read_moment(arguments.at) if arguments.at else None
    shown: BalanceShown = ask(arguments, ShowBalance(at=moment), TOLD, seconds=BALANCE_SECONDS)
    off = sum(row.balance_yen for row in shown.accounts)
    if arguments.json:
        print_json(shown)
        return EXIT_FAULTS if off else 0
    heads = ("body", "account", "debit", "credit", "balance")
    table = plain_table(*heads, right=("debit", "credit", "balance"))
    body = ""
    for row in shown.accounts:
        table.add_row(
            row.client_body if row.client_body != body else "",
            row.account,
            f"{row.debit_yen:,}",
            f"{row.credit_yen:,}",
            f"{row.balance_yen:,}",
        )
        body = row.client_body
    console = make_console()
    console.print(table)
    final = "final" if shown.final else "newest transfers are not in the chain yet"
    console.print(f"As of {at(shown.at)} ({final}).")
    console.print(f"[red]Off by {off:,} yen[/red]" if off else "Debits and credits are equal.")
    return EXIT_FAULTS if off else 0
