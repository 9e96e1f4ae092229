"""Asks the vault something for an operator, and says who the operator is."""

import getpass
import re
from typing import Any

from sekisho.processes.terminal.errors import TerminalError

ANSWER_LIMIT_SECONDS = 15.0


def who_types() -> str:
    """The operator as the evidence names them: ``terminal:`` and the system's user name."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        name = "unknown"
    return "terminal:" + re.sub(r"[^A-Za-z0-9_.-]", "_", name)[:50]


def ask_vault(crosser: Any, message: Any) -> Any:
    """The vault's answer. Raises TerminalError with its reason for a refusal."""
    from sekisho.crossings.message import Refusal
    from sekisho.transport.errors import TransportError

    try:
        return crosser.cross(message, seconds=ANSWER_LIMIT_SECONDS)
    except Refusal as refusal:
        field = f"{refusal.field}: " if refusal.field else ""
        raise TerminalError(f"{field}{refusal.detail or refusal.code} ({refusal.code})") from None
    except TransportError as error:
        raise TerminalError(f"the vault does not answer: {error}; run the command again") from None


def open_terminal(data_folder: str | None) -> Any:
    """The terminal's crosser. Raises TerminalError when the platform does not run."""
    from sekisho.processes.supervisor.data_folder import find_data_folder
    from sekisho.processes.terminal import connect

    return connect.TerminalCrosser(find_data_folder(data_folder))


def find_payment(crosser: Any, typed: str) -> Any:
    """The history of a payment by the payer's reference or its id. Raises TerminalError."""
    from sekisho.crossings.message import Refusal
    from sekisho.crossings.payments import ShowHistory
    from sekisho.transport.errors import TransportError
    from sekisho.vocabulary.identifiers import read_reference

    try:
        reference = typed if "_" in typed else read_reference(typed)
        return crosser.cross(ShowHistory(reference=reference), seconds=ANSWER_LIMIT_SECONDS)
    except (ValueError, Refusal) as error:
        raise TerminalError(f"no payment has the reference {typed} ({error})") from None
    except TransportError as error:
        raise TerminalError(f"payments does not answer: {error}") from None
