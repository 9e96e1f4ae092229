"""As whom PostgreSQL runs, and so whose its files are (see `as_ordinary_user` for the modes)."""

import os
import pwd
from pathlib import Path

FALLBACK_UID = 65534
"""`nobody`, where the kernel refuses user namespaces to root."""


def possible_modes() -> list[str]:
    """The modes to try for new files, the best first."""
    if os.geteuid() == 0:
        return ["namespace", f"uid:{FALLBACK_UID}"]
    return ["same" if _has_name(os.geteuid()) else "namespace"]


def mode_of(pgdata: Path) -> str:
    """The mode that fits files which are there already, told by whose they are."""
    owner = pgdata.stat().st_uid
    if os.geteuid() == 0 and owner != 0:
        return f"uid:{owner}"
    return possible_modes()[0]


def give(path: Path, mode: str) -> None:
    """Give a file or folder to the user that `mode` becomes, with the way to it."""
    if not mode.startswith("uid:"):
        return
    user = int(mode.removeprefix("uid:"))
    os.chown(path, user, user)
    # Only to pass through, not to list: our own folders above are 0700.
    for folder in path.parents:
        facts = folder.stat()
        if facts.st_uid == os.geteuid() and not facts.st_mode & 0o001:
            folder.chmod(facts.st_mode | 0o011)


def _has_name(uid: int) -> bool:
    """Whether /etc/passwd knows the user; a container may run us as a bare number."""
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True
