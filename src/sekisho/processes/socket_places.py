"""Where Unix sockets lie: a socket's path has at most 107 bytes, a data folder's has no limit."""

import hashlib
import os
import stat
from pathlib import Path

MAX_SOCKET_PATH_BYTES = 107
"""`sun_path` of unix(7) less its closing zero."""

LONGEST_NAME_BYTES = 48
"""Room kept for a socket's own name below its folder."""


class SocketPlaceError(Exception):
    """No safe folder for sockets; the message says which folder and why."""


def socket_folder(wanted: Path) -> Path:
    """Give `wanted` itself (made, 0700), or a short private folder that stands for it.

    The same `wanted` always gives the same folder, so that a second command finds the sockets.
    Raises SocketPlaceError when the short folder is someone else's.
    """
    wanted = wanted.absolute()
    if len(os.fsencode(wanted)) + 1 + LONGEST_NAME_BYTES <= MAX_SOCKET_PATH_BYTES:
        wanted.mkdir(mode=0o700, parents=True, exist_ok=True)
        return wanted
    name = hashlib.sha256(os.fsencode(wanted)).hexdigest()[:16]
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    parent = Path(runtime) if runtime and Path(runtime).is_dir() else Path("/tmp")  # noqa: S108
    return make_private_folder(parent / f"sekisho-{os.geteuid()}-{name}")


def make_private_folder(folder: Path) -> Path:
    """Make `folder` with mode 0700 and refuse one that another user laid down first.

    Raises SocketPlaceError for a link, another owner or an open mode.
    """
    folder.mkdir(mode=0o700, exist_ok=True)
    facts = folder.lstat()
    if not stat.S_ISDIR(facts.st_mode) or facts.st_uid != os.geteuid() or facts.st_mode & 0o077:
        raise SocketPlaceError(
            f"{folder} is not a private folder of this user; remove it, or set XDG_RUNTIME_DIR"
        )
    return folder
