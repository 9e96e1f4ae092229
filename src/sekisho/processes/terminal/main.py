"""The entry of `sekisho`: finds the command, imports it alone, shows errors without a trace."""

import argparse
import importlib
import os
import sys

from sekisho.processes.terminal.commands import COMMANDS, find_command
from sekisho.processes.terminal.errors import TerminalError

EXIT_USAGE = 2


def main(words: list[str] | None = None) -> int:
    """Run one command; returns its exit status."""
    words = sys.argv[1:] if words is None else words
    found = find_command(words)
    if found is None:
        return _explain(words)
    command, rest = found
    module = importlib.import_module(command.dotted)
    parser = argparse.ArgumentParser(prog=f"sekisho {command.words}", description=command.tells)
    parser.add_argument("--data", metavar="FOLDER", help="data folder (SEKISHO_DATA, ./data)")
    module.add_arguments(parser)
    try:
        return int(module.run(parser.parse_args(rest)))
    except TerminalError as error:
        print(f"sekisho: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("sekisho: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # The reader (`| head`) has enough; closing again would complain at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _explain(words: list[str]) -> int:
    width = max(len(command.words) for command in COMMANDS)
    lines = [f"  sekisho {command.words:<{width}}  {command.tells}" for command in COMMANDS]
    text = "Commands:\n" + "\n".join(lines) + "\n\n`sekisho COMMAND --help` says more."
    if words and words[0] not in ("-h", "--help", "help"):
        print(f"sekisho: no command {' '.join(words[:2])!r}\n\n{text}", file=sys.stderr)
        return EXIT_USAGE
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
