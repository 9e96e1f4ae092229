"""`sekisho charges decide`."""

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `sekisho charges decide`."""
    from sekisho.processes.terminal.ask_payments import add_deed_arguments
    from sekisho.processes.terminal.draw_charges import add_run_argument

    add_run_argument(parser)
    parser.add_argument("item", type=int, help="its number on the work list")
    parser.add_argument("what", choices=("retry", "close"), help="charge again, or close it")
    parser.add_argument("--amount", type=int, default=0, metavar="YEN", help="to charge again")
    parser.add_argument("--reason", required=True, help="why; stands on the item")
    add_deed_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Work one item off the work list."""
    from sekisho.crossings.payments import CloseChargeItem, RetryChargeItem
    from sekisho.processes.terminal.ask_payments import ask, confirm, print_json, who_types
    from sekisho.processes.terminal.draw_charges import TOLD, draw_items

    what = (
        f"charge item {arguments.item} again, {arguments.amount:,} yen"
        if arguments.what == "retry"
        else f"close item {arguments.item}"
    )
    if arguments.dry_run:
        print(f"Dry run: would {what}. Nothing changed.")
        return 0
    confirm(f"{what[0].upper()}{what[1:]}?", arguments)
    about = {
        "client_body": "*",
        "run_id": arguments.run,
        "item": arguments.item,
        "reason": arguments.reason,
        "by": who_types(),
    }
    if arguments.what == "retry":
        shown = ask(arguments, RetryChargeItem(amount_yen=arguments.amount, **about), TOLD)
    else:
        shown = ask(arguments, CloseChargeItem(**about), TOLD)
    if arguments.json:
        print_json(shown)
    else:
        draw_items([shown], 0)
    return 0
