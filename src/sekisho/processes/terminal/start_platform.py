"""`sekisho up`."""

import argparse
import math
import sys
import time

SLOW_START_SECONDS = 60.0
"""After this long the start says what it still waits for, and goes on waiting."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `sekisho up`."""
    parser.add_argument(
        "--port-base",
        type=int,
        default=0,
        metavar="N",
        help="add N to every port, so that two platforms can run side by side",
    )
    parser.add_argument("--no-samples", action="store_true", help="load no sample data")


def run(arguments: argparse.Namespace) -> int:
    """Start the platform, show what there is, watch until somebody says stop."""
    began = time.monotonic()
    from sekisho.processes.cluster_errors import ClusterError
    from sekisho.processes.socket_places import SocketPlaceError
    from sekisho.processes.supervisor.data_folder import find_data_folder
    from sekisho.processes.supervisor.errors import SupervisorError
    from sekisho.processes.supervisor.roster import seats
    from sekisho.processes.supervisor.up import Platform, Progress
    from sekisho.processes.terminal.errors import TerminalError
    from sekisho.processes.terminal.welcome import show_progress, show_slow_start, welcome

    try:
        roster = seats(port_base=arguments.port_base)
    except ValueError as error:
        raise TerminalError(str(error)) from None
    data = find_data_folder(arguments.data)
    platform = Platform(data, roster, Progress(step=show_progress))
    try:
        platform.start()
        ready = platform.wait_until_ready(SLOW_START_SECONDS)
        if not ready and not platform.orders.stopping:
            show_slow_start(platform.status())
            ready = platform.wait_until_ready(math.inf)
        if ready:
            welcome(platform, data, time.monotonic() - began, samples=not arguments.no_samples)
        platform.watch()
    except (SupervisorError, ClusterError, SocketPlaceError) as error:
        raise TerminalError(str(error)) from None
    finally:
        platform.stop()
    print("stopped", file=sys.stderr)
    return 0
