"""`sekisho payments refund`."""

import argparse
import hashlib

TOLD = {
    "payment_unknown": "no payment has this reference",
    "not_captured": "nothing to give back: {detail}",
    "left_changed": "somebody else changed this payment meanwhile: {detail}. Look again",
    "amount_wrong": "this can't be given back: {detail}",
    "key_reused": "this --key made another refund; choose another",
    "in_dispute": "not refunded: {detail}",
    "reason_wrong": "--reason: {detail}",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `sekisho payments refund`."""
    from sekisho.processes.terminal.ask_payments import add_deed_arguments

    parser.add_argument("reference", help="the payer's reference, or the payment's id")
    parser.add_argument("--amount", type=int, required=True, metavar="YEN", help="of the bill")
    parser.add_argument("--fee", type=int, default=0, metavar="YEN", help="of the fee (0)")
    parser.add_argument("--reason", required=True, help="why; stands in the history for good")
    parser.add_argument(
        "--key",
        help="makes the refund one, however often it is said; otherwise payment, amounts and "
        "reason do",
    )
    add_deed_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Give captured money back, once; a second equal refund needs another reason or key."""
    from sekisho.crossings.payments import MoneyShown, RefundPayment, RefundShown, ShowMoney
    from sekisho.processes.terminal.ask_payments import (
        ask,
        confirm,
        payment_named,
        print_json,
        who_types,
    )
    from sekisho.processes.terminal.move_money import say_where

    reference = payment_named(arguments.reference)
    money: MoneyShown = ask(arguments, ShowMoney(client_body="*", payment_id=reference), TOLD)
    give = f"give back {arguments.amount:,} yen of the bill and {arguments.fee:,} yen of the fee"
    if arguments.dry_run:
        if arguments.json:
            print_json(money)
        else:
            print(f"{say_where(money)}\nDry run: would {give}. Nothing changed.")
        return 0
    confirm(f"{say_where(money)}\n{give[0].upper()}{give[1:]}?", arguments)
    message = RefundPayment(
        client_body="*",
        key=arguments.key or _key(money.payment_id, arguments),
        payment_id=money.payment_id,
        amount_yen=arguments.amount,
        fee_yen=arguments.fee,
        left_yen=money.left_yen,
        reason=arguments.reason,
        by=who_types(),
    )
    shown: RefundShown = ask(arguments, message, TOLD)
    if arguments.json:
        print_json(shown)
    else:
        print(f"Refund {shown.refund_id} is {shown.status}; {shown.left_yen:,} yen are left.")
    return 0


def _key(payment_id: str, arguments: argparse.Namespace) -> str:
    """The same words are the same refund: a command repeated after a lost answer pays once."""
    said = (payment_id, str(arguments.amount), str(arguments.fee), arguments.reason.strip())
    return "terminal:" + hashlib.sha256("\0".join(said).encode()).hexdigest()
