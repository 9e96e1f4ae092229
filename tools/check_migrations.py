"""Compares each zone's models with its migrations, without a database.

python tools/check_migrations.py [PROCESS ...]
"""

import importlib
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ZONES = ROOT / "src" / "sekisho"


def find_processes() -> list[str]:
    """Every process whose zone has migrations."""
    return sorted(
        records.parent.parent.name
        for records in ZONES.glob("*/records/migrations")
        if any(records.glob("0*.py"))
    )


def check(process: str) -> None:
    """End with status 1, and say which change has no migration, when they differ."""
    from django.core.management import call_command

    from sekisho.processes import django_settings

    wiring = importlib.import_module(f"sekisho.processes.{process}.wiring")
    django_settings.set_up(wiring.PROCESS.settings(None))
    call_command("makemigrations", check=True, dry_run=True)


def main() -> int:
    """Check each in a process of its own: Django has one set of settings per process."""
    names = sys.argv[1:]
    if len(names) == 1:
        check(names[0])
        return 0
    failed = []
    for name in names or find_processes():
        done = subprocess.run([sys.executable, __file__, name], check=False)
        print(f"{name}: {'in step' if done.returncode == 0 else 'models without migration'}")
        failed += [name] if done.returncode else []
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
