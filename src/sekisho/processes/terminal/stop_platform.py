"""`sekisho down`."""

import argparse
import os
import signal
import time

STOP_LIMIT_SECONDS = 60.0


def add_arguments(_parser: argparse.ArgumentParser) -> None:
    """`sekisho down` has no options of its own."""


def run(arguments: argparse.Namespace) -> int:
    """Tell the supervisor to stop and wait until it has; nothing running is fine too."""
    from sekisho.processes.supervisor.data_folder import find_data_folder
    from sekisho.processes.terminal.errors import TerminalError

    data = find_data_folder(arguments.data)
    holder = data.holder()
    if holder is None:
        print(f"sekisho does not run on {data.root}")
        return 0
    try:
        os.kill(holder, signal.SIGTERM)
    except PermissionError:
        raise TerminalError(f"process {holder} belongs to another user") from None
    deadline = time.monotonic() + STOP_LIMIT_SECONDS
    while data.holder() == holder:
        if time.monotonic() > deadline:
            raise TerminalError(
                f"process {holder} does not stop; `sekisho down` again forces it, "
                f"{data.log / 'supervisor'} says what it waits for"
            )
        time.sleep(0.05)
    print("stopped")
    return 0
