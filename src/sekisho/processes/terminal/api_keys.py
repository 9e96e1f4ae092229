"""What the commands `sekisho keys …` share: asking the desk, and showing a key this once."""

import argparse
import getpass
import json
from typing import Any


def add_body_argument(parser: argparse.ArgumentParser) -> None:
    """Whose key, and whether for programs."""
    parser.add_argument("--client-body", metavar="ID", required=True, help="such as mihon_to")
    parser.add_argument("--json", action="store_true", help="for programs: one JSON object")


def who() -> str:
    """The user of this terminal, for evidence."""
    return getpass.getuser()


def ask_desk(arguments: argparse.Namespace, message: Any) -> Any:
    """The desk's answer. Raises TerminalError."""
    from sekisho.processes.terminal.show_invitation import cross_invitation

    return cross_invitation(arguments, message)


def show_once(answer: Any, *, as_json: bool) -> None:
    """Print a key that was made; nobody can print it again."""
    from sekisho.vocabulary.clock import TOKYO

    until = answer.key.expires_at.astimezone(TOKYO)
    if as_json:
        shown = {"key_id": answer.key.key_id, "key": answer.secret}
        print(json.dumps(shown | {"expires_at": until.isoformat()}))
        return
    print(answer.secret)
    print(f"{answer.key.key_id} works until {until:%Y-%m-%d %H:%M} (Japan). It is not shown again.")
