"""`sekisho vault allow BODY --reason TEXT`."""

import argparse
from typing import TYPE_CHECKING

from sekisho.processes.terminal.ask_vault import ask_vault, open_terminal, who_types

if TYPE_CHECKING:
    from sekisho.crossings.vault import BudgetShown


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `sekisho vault allow`."""
    parser.add_argument("client_body", metavar="BODY", help="such as mihon_to; * for all together")
    parser.add_argument("--reason", required=True, help="why; goes on the evidence")
    parser.add_argument("--json", action="store_true", help="for programs: one JSON object")


def run(arguments: argparse.Namespace) -> int:
    """Close a tripped breaker: another hour's budget may leave within this hour."""
    from sekisho.crossings.vault import ResetBudget
    from sekisho.processes.terminal.show_budget import print_budget

    message = ResetBudget(
        client_body=arguments.client_body, reason=arguments.reason, by=who_types()
    )
    shown: BudgetShown = ask_vault(open_terminal(arguments.data), message)
    print_budget(shown, as_json=arguments.json)
    return 0
