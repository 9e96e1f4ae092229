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
    from sekisho.evidence.verify import verify
    from sekisho.processes.terminal.read_evidence import open_evidence

    with open_evidence(arguments.data) as (database, key, noted):
        found = verify(database, key, Path(arguments.heads) if arguments.heads else noted)
    if arguments.json:
        print(json.dumps({"ok": found.ok, **found._asdict()}, ensure_ascii=False, indent=1))
    else:
        state = "the chain is whole" if found.ok else f"{len(found.faults)} faults"
        print(f"{found.lines} lines, {found.heads} signed heads, {found.unlinked} not linked yet")
        print(state)
        for fault in found.faults:
            print(f"  {fault}")
    return 0 if found.ok else EXIT_FAULTS
