"""Files that hold a secret."""

import os
from pathlib import Path


def write_secret(path: Path, secret: str) -> None:
    """Write `secret` to `path` (0600) so that it is whole or not there at all."""
    fresh = path.with_name(path.name + ".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(secret)
        file.flush()
        os.fsync(descriptor)
    fresh.rename(path)
