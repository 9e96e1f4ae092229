"""`sekisho clearing import`: settle what the card network's daily file names."""

import argparse
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from sekisho.processes.terminal.ask_payments import EXIT_FAULTS, ask, print_json
from sekisho.processes.terminal.errors import TerminalError

if TYPE_CHECKING:
    from sekisho.bank_files.clearing import ClearingTotals

PIECE_SECONDS = 60.0
MAX_DIFFERENCES_SHOWN = 200


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.add_argument("file", type=Path, help="docs/reference/clearing-file.md")
    parser.add_argument("--dry-run", action="store_true", help="check the file, send nothing")
    parser.add_argument(
        "--so-far", action="store_true", help="take the file of a day that is not over, too"
    )
    parser.add_argument("--json", action="store_true", help="for programs: one JSON object")


def run(arguments: argparse.Namespace) -> int:
    """Check the file as a whole, then send its rows in pieces; exit status 3: rows differ. The same
    file again changes nothing."""
    from sekisho.bank_files.clearing import ClearingBroken, check_clearing

    with _open(arguments.file) as source:
        try:
            totals = check_clearing(source)
        except ClearingBroken as broken:
            raise TerminalError(str(broken)) from None
        if not arguments.json:
            _show_totals(totals)
        if arguments.dry_run:
            if not arguments.json:
                print("Dry run: nothing was sent.")
            return 0
        if not totals.final and not arguments.so_far:
            raise TerminalError(
                f"{totals.day} is not over: more may follow. Wait for the final file, or say "
                "--so-far (the final file settles the rest)"
            )
        settled, before, differences = _send(arguments, source, totals)
    closed = _note(arguments, totals, settled + before, len(differences))
    if arguments.json:
        print_json(
            {
                "day": totals.day.isoformat(),
                "rows": totals.rows,
                "settled": settled,
                "settled_before": before,
                "differences": differences,
                "closed": closed,
            }
        )
    else:
        _show_result(settled, before, differences)
        if closed:
            print(f"{totals.day} is settled for {', '.join(closed)}")
    return EXIT_FAULTS if differences else 0


def _send(
    arguments: argparse.Namespace, source: BinaryIO, totals: "ClearingTotals"
) -> tuple[int, int, list[str]]:
    from rich.console import Console
    from rich.progress import Progress

    from sekisho.bank_files.clearing import pieces
    from sekisho.crossings.payments import SettleRows

    settled, before, differences = 0, 0, list[str]()
    console = Console(stderr=True)
    hidden = arguments.json or not console.is_terminal
    with Progress(console=console, transient=True, disable=hidden) as progress:
        task = progress.add_task("settling", total=max(totals.rows, 1))
        for rows in pieces(source):
            message = SettleRows(day=totals.day, rows=rows)
            found = ask(arguments, message, seconds=PIECE_SECONDS)
            settled += found.settled
            before += found.settled_before
            differences += found.differences
            progress.advance(task, len(rows))
    return settled, before, differences


def _note(
    arguments: argparse.Namespace, totals: "ClearingTotals", settled: int, differences: int
) -> list[str]:
    """Say that the whole file was sent; return the client bodies whose day is settled."""
    from sekisho.crossings.payments import NoteClearing

    message = NoteClearing(
        day=totals.day,
        sha256=totals.sha256,
        final=totals.final,
        rows=totals.rows,
        net_yen=totals.net_yen,
        settled=settled,
        differences=differences,
    )
    return ask(arguments, message, seconds=PIECE_SECONDS).closed


def _open(file: Path) -> BinaryIO:
    try:
        source = file.open("rb")
    except OSError as error:
        raise TerminalError(f"{file} can't be read: {error.strerror}") from None
    if not stat.S_ISREG(os.fstat(source.fileno()).st_mode):
        source.close()
        raise TerminalError(f"{file} is not a file; write to a file first, it is read twice")
    return source


def _show_totals(totals: "ClearingTotals") -> None:
    whole = "final" if totals.final else "so far, the day is not over"
    print(f"Clearing of {totals.day} ({whole}), acquirer {totals.acquirer}: {totals.rows:,} rows")
    for kind, count in totals.count.items():
        print(f"  {kind:<14} {count:>9,}  {totals.yen[kind]:>18,} yen")
    print(f"  {'net':<14} {'':>9}  {totals.net_yen:>18,} yen")


def _show_result(settled: int, before: int, differences: list[str]) -> None:
    print(f"{settled:,} settled, {before:,} settled before, {len(differences):,} differ")
    for difference in differences[:MAX_DIFFERENCES_SHOWN]:
        print(f"  {difference}")
    if len(differences) > MAX_DIFFERENCES_SHOWN:
        print(f"  {len(differences) - MAX_DIFFERENCES_SHOWN:,} more; --json shows all")
