"""`sekisho guard close`."""

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `sekisho guard close`."""
    from sekisho.processes.terminal.set_card_entry import add_site_arguments

    add_site_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Close a site's card entry."""
    from sekisho.processes.terminal.set_card_entry import set_card_entry

    return set_card_entry(arguments, is_open=False)
