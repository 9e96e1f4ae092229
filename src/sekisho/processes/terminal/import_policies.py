"""`sekisho policies import`."""

import argparse

from sekisho.processes.terminal.take_file import add_arguments, run_import

__all__ = ["add_arguments", "run"]


def run(arguments: argparse.Namespace) -> int:
    """Take a file of policies in."""
    return run_import(arguments, "policies")
