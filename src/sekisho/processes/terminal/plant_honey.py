"""`sekisho vault honey plant BODY` and `sekisho vault honey mark REFERENCE`."""

import argparse
import secrets
from typing import Any

from sekisho.processes.terminal.ask_vault import (
    ask_vault,
    find_payment,
    open_terminal,
    who_types,
)

KEY_BYTES = 16


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `sekisho vault honey`."""
    parser.add_argument("verb", choices=["plant", "mark"])
    parser.add_argument(
        "what", metavar="BODY|REFERENCE", help="whose cards, or the card check whose card to mark"
    )
    parser.add_argument("--number", type=int, default=10, metavar="N", help="how many (10)")
    parser.add_argument(
        "--within-hours",
        type=int,
        default=24,
        metavar="H",
        help="planted at random moments of the next H hours (24); 0: all at once",
    )


def run(arguments: argparse.Namespace) -> int:
    """Plant honey cards, or mark one's own: whoever has one released rings the alarm."""
    crosser = open_terminal(arguments.data)
    if arguments.verb == "plant":
        return _plant(crosser, arguments)
    return _mark(crosser, arguments)


def _plant(crosser: Any, arguments: argparse.Namespace) -> int:
    from sekisho.crossings.vault import PlantHoneyCards

    order = PlantHoneyCards(
        key=f"honey-{secrets.token_hex(KEY_BYTES)}",
        client_body=arguments.what,
        number=arguments.number,
        within_hours=arguments.within_hours,
        by=who_types(),
    )
    ask_vault(crosser, order)
    when = f"within {arguments.within_hours} hours" if arguments.within_hours else "now"
    print(f"{arguments.number} honey cards of {arguments.what} are planted {when}")
    return 0


def _mark(crosser: Any, arguments: argparse.Namespace) -> int:
    from sekisho.crossings.vault import MarkHoneyCard

    found = find_payment(crosser, arguments.what)
    order = MarkHoneyCard(
        client_body=found.client_body, payment_id=found.payment_id, by=who_types()
    )
    ask_vault(crosser, order)
    print(f"the card of {found.reference} is honey from now on")
    return 0
