"""A vault process that does nothing but rotate, so that a test can kill it. Run with the facts of
the room as JSON on its standard input; says `begun` and rotates until it is killed."""

from __future__ import annotations

import json
import sys
import threading
from pathlib import Path


def main() -> None:
    """Open the vault of the folder and rotate."""
    from sekisho.processes import django_settings
    from sekisho.transport.briefing import Briefing, DatabaseRole

    facts = json.load(sys.stdin)
    briefing = Briefing(
        process="vault",
        zone="vault",
        folder=facts["folder"],
        log_folder=facts["folder"],
        database=DatabaseRole(**facts["database"]),
    )
    django_settings.set_up(django_settings.build(briefing, zone="vault"))
    from types import SimpleNamespace

    from sekisho.vault import rotate_keys
    from sekisho.vault.keyring import Keyring
    from sekisho.vault.keystore import open_keystore

    rotate_keys.REWRAP_BATCH_SUBJECTS = facts["batch"]
    keyring = Keyring(open_keystore(Path(facts["folder"]), {"kind": "file"}))
    vault = SimpleNamespace(keyring=keyring, rotation_wanted=threading.Event())
    print("begun", flush=True)
    rotate_keys.rotate_on(vault, threading.Event())  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
