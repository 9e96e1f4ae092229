"""What `sekisho bills import` and `sekisho policies import` have in common: options, progress, the
result in words or as JSON."""

import argparse
import json
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from sekisho.processes.terminal.errors import TerminalError

if TYPE_CHECKING:
    from sekisho.bill_files.columns import Kind
    from sekisho.bill_files.errors import Problem
    from sekisho.bill_files.take_file import FileTaken
    from sekisho.processes.terminal.connect import TerminalCrosser

EXIT_REFUSED = 3
"""Nothing was taken because of faults in the file."""
EXIT_PARTLY = 4
"""The good rows were taken, others left out."""
PROBLEMS_SHOWN = 50

STEPS = {"check": "reading", "send": "sending", "commit": "taking"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of an import."""
    parser.add_argument("file", type=Path, help="CSV file; docs/reference lists its columns")
    parser.add_argument("--client-body", metavar="ID", help="whose file it is")
    parser.add_argument("--dry-run", action="store_true", help="say what would happen, no more")
    parser.add_argument("--skip-bad", action="store_true", help="take the good rows of a bad file")
    parser.add_argument(
        "--encoding",
        choices=["utf-8", "shift_jis", "cp932", "shift_jis-2004"],
        help="of the file; found out when it is not given",
    )
    parser.add_argument("--language", choices=["ja", "en"], default=_language())
    parser.add_argument("--json", action="store_true", help="for programs: one JSON object")


def _language() -> str:
    spoken = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG")
    return "ja" if (spoken or "").startswith("ja") else "en"


def run_import(arguments: argparse.Namespace, kind: "Kind") -> int:
    """Take the file in; the exit status says how it ended (docs/reference/bills-file.md)."""
    from sekisho.bill_files.samples import BODY_OF_KIND
    from sekisho.processes.supervisor.data_folder import find_data_folder
    from sekisho.processes.terminal.connect import TerminalCrosser

    with _open(arguments.file) as source:
        crosser = TerminalCrosser(find_data_folder(arguments.data))
        found = take(
            crosser,
            source,
            arguments.file.name,
            kind=kind,
            client_body=arguments.client_body or BODY_OF_KIND[kind],
            encoding=arguments.encoding,
            dry_run=arguments.dry_run,
            skip_bad=arguments.skip_bad,
            quiet=arguments.json,
            language=arguments.language,
        )
    if arguments.json:
        print(json.dumps(as_json(found, arguments.language), ensure_ascii=False, indent=1))
    else:
        show(found, arguments)
    if not found.bad_rows:
        return 0
    return EXIT_PARTLY if found.taken else EXIT_REFUSED


def _open(file: Path) -> BinaryIO:
    try:
        source = file.open("rb")
    except OSError as error:
        raise TerminalError(f"{file} can't be read: {error.strerror}") from None
    if not stat.S_ISREG(os.fstat(source.fileno()).st_mode):
        source.close()
        raise TerminalError(f"{file} is not a file; write to a file first, it is read twice")
    return source


def take(
    crosser: "TerminalCrosser",
    source: BinaryIO,
    file_name: str,
    *,
    kind: "Kind",
    client_body: str,
    encoding: str | None = None,
    dry_run: bool = False,
    skip_bad: bool = False,
    quiet: bool = False,
    language: str = "en",
) -> "FileTaken":
    """Send a file through the same door as everybody; a bar on the terminal's error output.

    Raises TerminalError for a file that is none, or that payments refuses.
    """
    from sekisho.bill_files.check_file import Reading
    from sekisho.bill_files.errors import FileRefused
    from sekisho.bill_files.sentences import tell
    from sekisho.bill_files.take_file import Options, take_file
    from sekisho.crossings.message import Refusal
    from sekisho.transport.errors import TransportError
    from sekisho.vocabulary.clock import business_date, now

    reading = Reading(
        kind=kind,
        client_body=client_body,
        vault_key=crosser.briefing.public_keys["vault.seal"],
        today=business_date(now()),
        encoding=encoding,
    )
    options = Options(dry_run=dry_run, skip_bad=skip_bad)
    try:
        with _Bar(source, quiet=quiet) as bar:
            return take_file(
                source, file_name, reading, options, cross=_with_limit(crosser), watch=bar.watch
            )
    except FileRefused as refused:
        problem = refused.problem
        what, to_do = tell(problem, language)
        place = f"line {problem.line}: " if problem.line else ""
        raise TerminalError(f"{file_name}: {place}{what} {to_do}") from None
    except Refusal as refusal:
        raise TerminalError(f"payments refused the file: {refusal}") from None
    except TransportError as error:
        raise TerminalError(
            f"payments can't be reached ({error}). Run the same command again: the same file "
            "never counts twice"
        ) from None


def _with_limit(crosser: "TerminalCrosser") -> Any:
    from sekisho.transport import CROSSING_SECONDS

    def cross(message: Any, *, seconds: float = CROSSING_SECONDS) -> Any:
        return crosser.cross(message, seconds=seconds)

    return cross


class _Bar:
    """How far the file is: read once to check it, once to send it."""

    def __init__(self, source: BinaryIO, *, quiet: bool) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

        source.seek(0, 2)
        self._size = max(source.tell(), 1)
        columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
        console = Console(stderr=True)
        hidden = quiet or not console.is_terminal
        self._progress = Progress(*columns, console=console, transient=True, disable=hidden)
        self._task = self._progress.add_task(STEPS["check"], total=2 * self._size)

    def __enter__(self) -> "_Bar":
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def watch(self, step: str, through: int) -> None:
        """Take the news of `bill_files.take_file`."""
        done = through if step == "check" else self._size + through
        self._progress.update(self._task, completed=done, description=STEPS[step])


def as_json(found: "FileTaken", language: str) -> dict[str, Any]:
    """The result for programs; `problems` holds at most the first thousand."""
    from sekisho.bill_files.sentences import tell

    return {
        "taken": found.taken,
        "earlier": found.earlier,
        "encoding": found.checked.encoding,
        "rows": found.checked.rows,
        "added": found.added,
        "changed": found.changed,
        "withdrawn": found.withdrawn,
        "unchanged": found.unchanged,
        "bad_rows": found.bad_rows,
        "problem_count": found.problem_count,
        "problems": [
            {
                "line": problem.line,
                "field": problem.field,
                "code": problem.code,
                **tell(problem, language)._asdict(),
            }
            for problem in found.problems
        ],
    }


def show(found: "FileTaken", arguments: argparse.Namespace) -> None:
    """The result for people."""
    from rich.console import Console

    console = Console(highlight=False)
    if found.problems:
        console.print(_table(found.problems, arguments.language))
        hidden = found.problem_count - min(len(found.problems), PROBLEMS_SHOWN)
        if hidden > 0:
            console.print(f"{hidden:,} more faults; --json lists up to 1,000")
    console.print(
        f"{found.checked.rows:,} rows ({found.checked.encoding}): {found.added:,} added, "
        f"{found.changed:,} changed, {found.withdrawn:,} withdrawn, {found.unchanged:,} unchanged,"
        f" {found.bad_rows:,} with faults"
    )
    console.print(_ending(found, arguments))


def _ending(found: "FileTaken", arguments: argparse.Namespace) -> str:
    if found.earlier:
        return "The same file was taken before: this is that result, nothing changed."
    if found.taken:
        return "The file was taken."
    if arguments.dry_run:
        return "Dry run: nothing changed."
    return "Nothing was taken. Repair the rows, or take the good ones with --skip-bad."


def _table(problems: "tuple[Problem, ...]", language: str) -> Any:
    from rich.table import Table

    from sekisho.bill_files.sentences import tell

    table = Table(box=None, pad_edge=False)
    for name, right in (("line", True), ("field", False), ("wrong", False), ("to do", False)):
        table.add_column(name, justify="right" if right else "left", overflow="fold")
    for problem in problems[:PROBLEMS_SHOWN]:
        told = tell(problem, language)
        table.add_row(str(problem.line), problem.field, told.what, told.to_do)
    return table
