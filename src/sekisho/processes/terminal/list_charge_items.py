"""`sekisho charges items`."""

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `sekisho charges items`."""
    from typing import get_args

    from sekisho.crossings.payments import ChargeItemState
    from sekisho.processes.terminal.ask_payments import add_json_argument
    from sekisho.processes.terminal.draw_charges import add_run_argument

    add_run_argument(parser)
    states = get_args(ChargeItemState)
    parser.add_argument("--state", default="", choices=("", *states), help="those alone")
    parser.add_argument("--after", type=int, default=0, metavar="ITEM", help="behind this one")
    parser.add_argument("--limit", type=int, default=50, metavar="N", help="at most N (50)")
    add_json_argument(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print items of a run: `--state work_list` is what waits for a person."""
    from sekisho.crossings.payments import ListChargeItems
    from sekisho.processes.terminal.ask_payments import ask, print_json
    from sekisho.processes.terminal.draw_charges import TOLD, draw_items

    message = ListChargeItems(
        client_body="*",
        run_id=arguments.run,
        state=arguments.state,
        limit=arguments.limit,
        after=arguments.after,
    )
    shown = ask(arguments, message, TOLD)
    if arguments.json:
        print_json(shown)
    else:
        draw_items(shown.items, shown.next)
    return 0
