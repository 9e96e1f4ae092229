"""`sekisho bills withdraw`."""

import argparse

TOLD = {
    "bill_unknown": "the client body has no such bill",
    "bill_paid": "it is paid already, reference {detail}",
    "bill_in_payment": "it is being paid now, reference {detail}",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `sekisho bills withdraw`."""
    from sekisho.processes.terminal.ask_payments import add_deed_arguments

    parser.add_argument("bill", metavar="ID", help="the bill's id")
    add_deed_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Withdraw a bill: nobody can pay it from now on."""
    from sekisho.crossings.payments import BillShown, ShowBill, WithdrawBill
    from sekisho.processes.terminal.ask_payments import ask, confirm, print_json, who_types

    shown: BillShown = ask(arguments, ShowBill(client_body="*", bill_id=arguments.bill), TOLD)
    words = f"{shown.payment_number}, {shown.item_ja}, {shown.amount_yen:,} yen: {shown.state}"
    if arguments.dry_run:
        print(f"{words}\nDry run: would withdraw it. Nothing changed.")
        return 0
    confirm(f"{words}\nWithdraw it?", arguments)
    message = WithdrawBill(client_body=shown.client_body, bill_id=shown.bill_id, by=who_types())
    shown = ask(arguments, message, TOLD)
    if arguments.json:
        print_json(shown)
    else:
        print(f"Bill {shown.bill_id} is {shown.state}.")
    return 0
