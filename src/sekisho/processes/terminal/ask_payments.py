"""Asks payments one thing for a command, and says in words why it does not answer."""

import argparse
import json
import os
import pwd
import sys
from typing import Any, TypeVar

import msgspec

from sekisho.crossings.message import Crossing, Refusal
from sekisho.processes.supervisor.data_folder import find_data_folder
from sekisho.processes.terminal import connect
from sekisho.processes.terminal.errors import TerminalError
from sekisho.transport.errors import TransportError
from sekisho.vocabulary.identifiers import read_reference

ASK_SECONDS = 10.0
EXIT_FAULTS = 3

Reply = TypeVar("Reply", bound=msgspec.Struct)


def ask(
    arguments: argparse.Namespace,
    message: Crossing[Reply],
    told: dict[str, str] | None = None,
    *,
    seconds: float = ASK_SECONDS,
) -> Reply:
    """Return what payments answers to `message`.

    `told` has a sentence for each refusal that a person can mend; `{detail}` in it is filled in.
    Raises TerminalError with that sentence, or with the refusal itself.
    """
    crosser = connect.TerminalCrosser(find_data_folder(arguments.data))
    try:
        reply: Reply = crosser.cross(message, seconds=seconds)
    except Refusal as refusal:
        sentence = (told or {}).get(refusal.code)
        if sentence is None:
            raise TerminalError(f"payments refuses: {refusal}") from None
        raise TerminalError(sentence.format(detail=refusal.detail)) from None
    except TransportError as error:
        raise TerminalError(
            f"payments does not answer: {error}. The same command again is safe"
        ) from None
    return reply


def payment_named(typed: str) -> str:
    """The payment that was typed: an id as it is, a payer's reference in its one form.

    Raises TerminalError.
    """
    try:
        return typed if "_" in typed else read_reference(typed)
    except ValueError as error:
        raise TerminalError(str(error)) from None


def who_types() -> str:
    """The operating system's name of the person at the terminal, for the history.

    From the process's own user number: an environment variable could say anything.
    """
    number = os.getuid()
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"uid {number}"


def confirm(question: str, arguments: argparse.Namespace) -> None:
    """Ask the person before something is done; `--yes` answers for them.

    Raises TerminalError when the answer is not yes, or when nobody is there to ask.
    """
    if arguments.yes:
        return
    if not sys.stdin.isatty():
        raise TerminalError("nobody is here to confirm it; say --yes, or look with --dry-run")
    print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise TerminalError("nothing was done")


def add_deed_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of every command that changes something."""
    parser.add_argument("--dry-run", action="store_true", help="say what would be done, do nothing")
    parser.add_argument("--yes", action="store_true", help="do it without asking")
    add_json_argument(parser)


def add_json_argument(parser: argparse.ArgumentParser) -> None:
    """The option that every command has for programs."""
    parser.add_argument("--json", action="store_true", help="for programs: one JSON object")


def print_json(found: Any) -> None:
    """Print a reply as one JSON object."""
    print(json.dumps(msgspec.to_builtins(found), ensure_ascii=False, indent=1))
