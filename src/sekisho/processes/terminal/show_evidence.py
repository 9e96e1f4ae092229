"""`sekisho evidence show`: the newest lines, or those of one kind or subject."""

import argparse
import json

MAX_LINES_SHOWN = 10_000

QUERY = """
SELECT at, role, kind, subject, facts FROM evidence.line
WHERE (%(kind)s = '' OR strpos(kind, %(kind)s) > 0) AND (%(subject)s = '' OR subject = %(subject)s)
ORDER BY id DESC LIMIT %(limit)s
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `sekisho evidence show`."""
    parser.add_argument("--kind", default="", help="lines whose kind has this in it")
    parser.add_argument("--subject", default="", help="lines about exactly this id")
    parser.add_argument("--limit", type=int, default=50, metavar="N", help="newest N (50)")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")


def run(arguments: argparse.Namespace) -> int:
    """Print lines, oldest first. Control characters are escaped: a line may quote an attacker."""
    from sekisho.processes.terminal.errors import TerminalError
    from sekisho.processes.terminal.read_evidence import open_evidence

    if not 1 <= arguments.limit <= MAX_LINES_SHOWN:
        raise TerminalError(f"--limit must be from 1 to {MAX_LINES_SHOWN}")
    chosen = {"kind": arguments.kind, "subject": arguments.subject, "limit": arguments.limit}
    with open_evidence(arguments.data) as (database, _, _):
        lines = database.execute(QUERY, chosen).fetchall()
    for at, role, kind, subject, facts in reversed(lines):
        if arguments.json:
            line = {"at": at.isoformat(), "role": role, "kind": kind, "subject": subject}
            print(json.dumps({**line, "facts": json.loads(facts)}, ensure_ascii=False))
        else:
            print(
                f"{at:%Y-%m-%d %H:%M:%S}  {role:<28} {_plain(kind)}  {_plain(subject)}  "
                f"{_plain(facts)}"
            )
    return 0


def _plain(text: str) -> str:
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)
