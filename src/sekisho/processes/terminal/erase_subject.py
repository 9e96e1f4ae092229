"""`sekisho vault erase SUBJECT --reason TEXT`."""

import argparse
from typing import TYPE_CHECKING

from sekisho.processes.terminal.ask_vault import (
    ask_vault,
    find_payment,
    open_terminal,
    who_types,
)
from sekisho.processes.terminal.errors import TerminalError

if TYPE_CHECKING:
    from sekisho.crossings.vault import SubjectErased


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `sekisho vault erase`."""
    parser.add_argument(
        "subject", help="a payment's reference, or a token: of the subject, an item, a card"
    )
    parser.add_argument("--client-body", metavar="ID", help="such as mihon_to; needed for a token")
    parser.add_argument("--reason", required=True, help="why; goes on the evidence")
    parser.add_argument("--dry-run", action="store_true", help="say what would go, no more")
    parser.add_argument(
        "--even-if-needed", action="store_true", help="also when an enrolment or payment needs it"
    )
    parser.add_argument("--json", action="store_true", help="for programs: one JSON object")


def run(arguments: argparse.Namespace) -> int:
    """Destroy the keys of a subject for ever, or say what would go."""
    import msgspec

    from sekisho.crossings.vault import EraseSubject

    crosser = open_terminal(arguments.data)
    subject, client_body = arguments.subject, arguments.client_body
    if "_" not in subject:
        found = find_payment(crosser, subject)
        subject, client_body = found.payment_id, found.client_body
    elif not client_body:
        raise TerminalError("--client-body is needed with a token: whose it is")
    message = EraseSubject(
        client_body=client_body,
        subject=subject,
        reason=arguments.reason,
        by=who_types(),
        dry_run=arguments.dry_run,
        even_if_needed=arguments.even_if_needed,
    )
    erased: SubjectErased = ask_vault(crosser, message)
    if arguments.json:
        print(msgspec.json.format(msgspec.json.encode(erased), indent=1).decode())
    else:
        _show(erased)
    return 0


def _show(erased: "SubjectErased") -> None:
    from sekisho.vocabulary.clock import TOKYO

    if erased.erased_before is not None:
        at = erased.erased_before.astimezone(TOKYO)
        print(f"{erased.subject} was erased on {at:%Y-%m-%d %H:%M} (Japan); nothing changed")
        return
    kinds = ", ".join(f"{number} {kind}" for kind, number in erased.items.items()) or "no items"
    made = erased.made_at.astimezone(TOKYO)
    print(f"subject {erased.subject}, kept since {made:%Y-%m-%d %H:%M} (Japan)")
    print(f"  {'would go' if erased.dry_run else 'gone'}: its key, {kinds}")
    if erased.card_token:
        print(f"  card {erased.card_token} of payment {erased.payment_id}")
    for need in erased.needed_by:
        print(f"  {'needed by' if erased.dry_run else 'was needed by'}: {need}")
    if erased.dry_run:
        more = " --even-if-needed" if erased.needed_by else ""
        print(f"nothing was changed; the same without --dry-run{more} erases it for ever")
