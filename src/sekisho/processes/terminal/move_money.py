"""What capturing and voiding have in common: look, ask the person, say it, show where it is."""

import argparse
from collections.abc import Callable

from sekisho.crossings.message import Crossing
from sekisho.crossings.payments import MoneyShown, ShowMoney
from sekisho.processes.terminal.ask_payments import ask, confirm, payment_named, print_json
from sekisho.processes.terminal.draw_history import at


def move_money(
    arguments: argparse.Namespace,
    deed: str,
    message: Callable[[str], Crossing[MoneyShown]],
    told: dict[str, str],
) -> int:
    """Do `deed` to the payment that was named, by the message made for its id."""
    asked = ShowMoney(client_body="*", payment_id=payment_named(arguments.reference))
    money = ask(arguments, asked, told)
    if not arguments.dry_run:
        confirm(f"{say_where(money)}\n{deed[0].upper()}{deed[1:]}?", arguments)
        money = ask(arguments, message(money.payment_id), told)
    if arguments.json:
        print_json(money)
        return 0
    print(say_where(money))
    if arguments.dry_run:
        print(f"Dry run: would {deed}. Nothing changed.")
    return 0


def say_where(money: MoneyShown) -> str:
    """One line: where the money of a payment is."""
    line = (
        f"{money.reference} is {money.state}: {money.captured_yen:,} yen captured, "
        f"{money.refunded_yen:,} given back, {money.left_yen:,} left"
    )
    return f"{line}; to be captured by {at(money.capture_by)}" if money.capture_by else line
