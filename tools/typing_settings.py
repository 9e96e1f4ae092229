"""Django settings for the type checker alone: all zones' records at once, which no process has."""

from pathlib import Path
from typing import Any

_SOURCE = Path(__file__).parent.parent / "src" / "sekisho"

SECRET_KEY = "for the type checker"  # noqa: S105 - guards nothing
INSTALLED_APPS = [
    f"sekisho.{records.parent.name}.records" for records in sorted(_SOURCE.glob("*/records"))
]
USE_TZ = True
SEKISHO_SITE: Any = None
"""Each payer site sets its own."""
