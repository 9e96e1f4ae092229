"""`sekisho ledger verify`."""

import argparse
import json

from sekisho.processes.terminal.errors import TerminalError

EXIT_FAULTS = 3
VERIFY_SECONDS = 300.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `sekisho ledger verify`."""
    parser.add_argument("--json", action="store_true", help="for programs: one JSON object")


def run(arguments: argparse.Namespace) -> int:
    """Check all books; exit status 3 and each fault in words when they are wrong."""
    import msgspec

    from sekisho.crossings.message import Refusal
    from sekisho.crossings.payments import LedgerVerified, VerifyLedger
    from sekisho.processes.supervisor.data_folder import find_data_folder
    from sekisho.processes.terminal.connect import TerminalCrosser
    from sekisho.transport.errors import TransportError

    crosser = TerminalCrosser(find_data_folder(arguments.data))
    try:
        found: LedgerVerified = crosser.cross(VerifyLedger(), seconds=VERIFY_SECONDS)
    except (Refusal, TransportError) as error:
        raise TerminalError(f"payments does not say: {error}") from None
    if arguments.json:
        print(json.dumps(msgspec.to_builtins(found), ensure_ascii=False, indent=1))
    else:
        print(f"{found.payments} payments, {found.transfers} transfers, {found.entries} entries")
        print("the books are right" if found.ok else f"{len(found.faults)} faults")
        for fault in found.faults:
            print(f"  {fault}")
    return 0 if found.ok else EXIT_FAULTS
