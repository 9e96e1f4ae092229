"""Launches a program as an ordinary user, as PostgreSQL refuses to run with user id 0.

Run by path (`python -I -S as_ordinary_user.py MODE STARTER COMMAND...`), standard library only, and
replaces itself with the command, so that the process id stays the one its starter knows. Modes:

- `same`: already an ordinary user, only ties the program's life to its starter.
- `namespace`: a user namespace that maps the caller to an ordinary user of /etc/passwd (initdb asks
  for its name); files stay the caller's own.
- `uid:N`: gives up root for user and group N; for kernels that refuse user namespaces.
"""

import ctypes
import os
import pwd
import signal
import sys
from pathlib import Path

CLONE_NEWUSER = 0x10000000
PR_SET_PDEATHSIG = 1
WANTED_ID = 1000
EXIT_REFUSED = 97
"""Exit status when the kernel refused the mode, so that the starter can take another."""


def enter_namespace() -> None:
    """Map the caller to an ordinary user in a new user namespace (user_namespaces(7))."""
    uid, gid = os.geteuid(), os.getegid()
    known = [entry.pw_uid for entry in pwd.getpwall() if entry.pw_uid]
    inside = WANTED_ID if WANTED_ID in known else min(known, default=WANTED_ID)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWUSER) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"user namespace refused: {os.strerror(number)}")
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{inside} {uid} 1")
    Path("/proc/self/gid_map").write_text(f"{inside} {gid} 1")


def become(number: int) -> None:
    """Give up root for user and group `number`, for good."""
    os.setgroups([])
    os.setresgid(number, number, number)
    os.setresuid(number, number, number)


def die_with_starter(starter: int) -> None:
    """Ask the kernel for SIGINT (PostgreSQL's fast shutdown) when the starter is gone.

    Must come after the change of user: the kernel forgets it on any change of credentials.
    """
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGINT, 0, 0, 0)
    if os.getppid() != starter:
        sys.exit("starter is already gone")


def launch(mode: str, starter: int, command: list[str]) -> None:
    """Become an ordinary user by `mode` and turn into `command`."""
    try:
        if mode == "namespace":
            enter_namespace()
        elif mode.startswith("uid:"):
            become(int(mode.removeprefix("uid:")))
    except OSError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(EXIT_REFUSED)
    die_with_starter(starter)
    os.execv(command[0], command)  # noqa: S606


if __name__ == "__main__":
    launch(sys.argv[1], int(sys.argv[2]), sys.argv[3:])
