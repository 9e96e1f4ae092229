"""Draws the status for people."""

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from sekisho.crossings.supervisor import PlatformShown, ProcessShown

MEBIBYTE = 1024 * 1024
COLOURS = {
    "healthy": "green",
    "needs a person": "yellow",
    "starting": "yellow",
    "waiting": "red",
    "unhealthy": "red",
}
NARROW_COLUMNS = 100
"""Piped output has no width of its own; a table is cut to this much at least."""


def make_console() -> Console:
    """A console that writes no colour codes and wraps nothing when nobody looks."""
    console = Console(highlight=False)
    if not console.is_terminal:
        return Console(highlight=False, no_color=True, width=max(NARROW_COLUMNS, 140))
    return console


def draw_status(status: PlatformShown) -> None:
    """Print the table of processes, the total, and every fault in words."""
    console = make_console()
    table = Table(box=None, pad_edge=False, header_style="bold")
    for head in ("process", "state", "pid", "up", "restarts", "memory", "database role", "sandbox"):
        right = head in ("pid", "up", "restarts", "memory")
        table.add_column(head, justify="right" if right else "left", no_wrap=head != "sandbox")
    for row in status.processes:
        table.add_row(*_cells(row))
    memory = _mebibytes(status.database_memory_bytes)
    state = _state(status.database_state)
    table.add_row("postgres", state, _number(status.database_pid), "", "", memory)
    memory = _mebibytes(status.own_memory_bytes)
    up = say_duration(status.up_seconds)
    table.add_row("supervisor", _state("healthy"), str(status.pid), up, "", memory)
    console.print(table)
    total = _mebibytes(status.memory_bytes)
    console.print(f"\n{total} in all (proportional set size); data in {status.folder}")
    console.print(f"this kernel's sandbox: {status.kernel}")
    for row in status.processes:
        for name, fault in row.faults.items():
            console.print(f"[red]{row.process}[/red] {name}: {escape(fault)}")
        if row.state == "waiting":
            console.print(f"[red]{row.process}[/red] {row.last_end}; it is started again")


def _cells(row: ProcessShown) -> tuple[str | Text, ...]:
    return (
        row.process,
        _state(row.state),
        _number(row.pid),
        say_duration(row.up_seconds),
        str(row.restarts),
        _mebibytes(row.memory_bytes),
        row.database_role or "none",
        row.sandbox,
    )


def _state(state: str) -> Text:
    return Text(state, style=COLOURS.get(state, ""))


def _number(value: int | None) -> str:
    return str(value) if value else ""


def _mebibytes(value: int) -> str:
    return f"{value / MEBIBYTE:.0f} MiB" if value else "unknown"


def say_duration(seconds: int) -> str:
    """`45s`, `12m`, `3h20m`, `2d04h`."""
    if seconds < 60:
        return f"{seconds}s"
    if seconds < 3600:
        return f"{seconds // 60}m"
    if seconds < 86_400:
        return f"{seconds // 3600}h{seconds % 3600 // 60:02d}m"
    return f"{seconds // 86_400}d{seconds % 86_400 // 3600:02d}h"
