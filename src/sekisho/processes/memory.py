"""How much memory a process takes: proportional set size, where shared pages count by their share,
so that the sum over processes is what the machine really gives (proc_pid_smaps(5))."""

from pathlib import Path

import psutil

KIBIBYTE = 1024


def read_pss(smaps_rollup: str) -> int:
    """Bytes from the text of a `smaps_rollup` file; 0 when it says nothing."""
    for line in smaps_rollup.splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * KIBIBYTE
    return 0


def memory_of(pid: int | None) -> int:
    """Bytes of one process; 0 where it is gone or this user may not see it."""
    try:
        return read_pss(Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii"))
    except OSError:
        return 0


def memory_of_tree(pid: int | None) -> int:
    """Bytes of a process and its children."""
    if pid is None:
        return 0
    try:
        children = psutil.Process(pid).children()
    except psutil.Error:
        children = []
    return memory_of(pid) + sum(memory_of(child.pid) for child in children)
