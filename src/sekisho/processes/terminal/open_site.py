"""`sekisho guard open`."""

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `sekisho guard open`."""
    from sekisho.processes.terminal.set_card_entry import add_site_arguments

    add_site_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Open a site's card entry."""
    from sekisho.processes.terminal.set_card_entry import set_card_entry

    return set_card_entry(arguments, is_open=True)
