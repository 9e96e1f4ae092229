"""`sekisho vault budget`."""

import argparse
from typing import TYPE_CHECKING

from sekisho.processes.terminal.ask_vault import ask_vault, open_terminal

if TYPE_CHECKING:
    from sekisho.crossings.vault import BudgetShown

EXIT_TRIPPED = 3


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `sekisho vault budget`."""
    parser.add_argument("--json", action="store_true", help="for programs: one JSON object")


def run(arguments: argparse.Namespace) -> int:
    """Show the hour's releases against their limits; exit status 3 when a breaker has tripped."""
    from sekisho.crossings.vault import ShowBudget

    shown: BudgetShown = ask_vault(open_terminal(arguments.data), ShowBudget())
    print_budget(shown, as_json=arguments.json)
    return EXIT_TRIPPED if any(one.tripped_at for one in shown.budgets) else 0


def print_budget(shown: "BudgetShown", *, as_json: bool) -> None:
    """Print each client body's budget of this hour."""
    import msgspec
    from rich.table import Table

    from sekisho.processes.terminal.draw_status import make_console
    from sekisho.vocabulary.clock import TOKYO

    if as_json:
        print(msgspec.json.format(msgspec.json.encode(shown), indent=1).decode())
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for head in ("client body", "hour", "released", "of", "allowed on top", "breaker"):
        right = head in ("released", "of", "allowed on top")
        table.add_column(head, justify="right" if right else "left")
    for one in shown.budgets:
        tripped = one.tripped_at and one.tripped_at.astimezone(TOKYO).strftime("%H:%M:%S")
        table.add_row(
            "all together" if one.client_body == "*" else one.client_body,
            one.hour.astimezone(TOKYO).strftime("%Y-%m-%d %H:%M"),
            f"{one.released:,}",
            f"{one.most:,}",
            f"{one.allowed_more:,}" if one.allowed_more else "",
            f"[red]tripped at {tripped}[/red]" if tripped else "closed",
        )
    make_console().print(table)
    if not shown.budgets:
        print("no client body has an item in the vault yet")
