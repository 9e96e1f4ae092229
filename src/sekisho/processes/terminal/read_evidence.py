"""Opens the evidence as the role that may only read it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def open_evidence(data_folder: str | None) -> Iterator[tuple[Any, bytes, Path]]:
    """The connection, the keeper's public key and the folder of its noted heads.

    Raises TerminalError when the platform does not run or the database does not answer."""
    import psycopg

    from sekisho.processes.roles import conninfo
    from sekisho.processes.supervisor.data_folder import find_data_folder
    from sekisho.processes.terminal.connect import read_terminal_briefing
    from sekisho.processes.terminal.errors import TerminalError

    data = find_data_folder(data_folder)
    briefing = read_terminal_briefing(data)
    if briefing.database is None:
        raise TerminalError("the terminal has no database role; start sekisho again")
    key = briefing.public_keys["evidence_keeper.evidence"]
    try:
        with psycopg.connect(conninfo(briefing.database)) as database:
            yield database, key, data.of("evidence_keeper")
    except psycopg.OperationalError as error:
        raise TerminalError(f"the database does not answer: {error}") from None
