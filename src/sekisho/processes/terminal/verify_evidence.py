"""`sekisho evidence verify`."""

import argparse
import json
from pathlib import Path

EXIT_FAULTS = 3


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `sekisho evidence verify`."""
    parser.add_argument("--json", action="store_true", help="for programs: one JSON object")
    parser.add_argument(
        "--heads",
        metavar="FOLDER",
        help="where the keeper's noted heads are; a copy kept elsewhere proves most",
    )


def run(arguments: argparse.Namespace) -> int:
    """Check the whole chain; exit status 3 and each fault in words when it is broken."""
    import psycopg

    from sekisho.evidence.verify import verify
    from sekisho.processes.roles import conninfo
    from sekisho.processes.supervisor.data_folder import find_data_folder
    from sekisho.processes.terminal.connect import read_terminal_briefing
    from sekisho.processes.terminal.errors import TerminalError

    data = find_data_folder(arguments.data)
    briefing = read_terminal_briefing(data)
    if briefing.database is None:
        raise TerminalError("the terminal has no database role; start sekisho again")
    anchors = Path(arguments.heads) if arguments.heads else data.of("evidence_keeper")
    key = briefing.public_keys["evidence_keeper.evidence"]
    try:
        with psycopg.connect(conninfo(briefing.database)) as database:
            found = verify(database, key, anchors)
    except psycopg.OperationalError as error:
        raise TerminalError(f"the database does not answer: {error}") from None
    if arguments.json:
        print(json.dumps({"ok": found.ok, **found._asdict()}, ensure_ascii=False, indent=1))
    else:
        state = "the chain is whole" if found.ok else f"{len(found.faults)} faults"
        print(f"{found.lines} lines, {found.heads} signed heads, {found.unlinked} not linked yet")
        print(state)
        for fault in found.faults:
            print(f"  {fault}")
    return 0 if found.ok else EXIT_FAULTS
