"""Reads `hooks.toml` of the data folder: how far webhooks may go in a rehearsal.

Without the file they go to port 443 of public addresses, and nothing else.
"""

import tomllib
from pathlib import Path
from typing import Any

from sekisho.processes.supervisor.errors import SettingsUnreadable

HOOKS_FILE = "hooks.toml"
MAX_PORTS = 20
MAX_PEM_BYTES = 262_144


def hook_settings(folder: Path) -> dict[str, Any]:
    """Return what the sender is told: `{"hooks": {...}}`.

    The file may hold `allow_private`, `allow_plain` (true or false), `ports` (numbers) and
    `trust_file` (a PEM file, seen from the data folder). Raises SettingsUnreadable naming the file
    and the key.
    """
    file = folder / HOOKS_FILE
    try:
        said = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {"hooks": {}}
    except (OSError, ValueError) as error:
        raise SettingsUnreadable(f"{file}: {error}") from None
    told: dict[str, Any] = {}
    for key, value in said.items():
        switch = key in ("allow_private", "allow_plain") and isinstance(value, bool)
        if switch or (key == "ports" and _are_ports(value)):
            told[key] = value
        elif key == "trust_file" and isinstance(value, str):
            told["trust_pem"] = _read_pem(file, folder / value)
        else:
            raise SettingsUnreadable(
                f"{file}: {key}: only allow_private and allow_plain (true or false), ports (at "
                f"most {MAX_PORTS} numbers) and trust_file (the name of a PEM file) may stand here"
            )
    return {"hooks": told}


def _are_ports(value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) <= MAX_PORTS
        and all(type(port) is int and 0 < port < 65_536 for port in value)
    )


def _read_pem(file: Path, pem: Path) -> str:
    try:
        if pem.stat().st_size > MAX_PEM_BYTES:
            raise SettingsUnreadable(f"{file}: trust_file: more than {MAX_PEM_BYTES} bytes")
        text = pem.read_text(encoding="ascii")
    except (OSError, UnicodeError) as error:
        raise SettingsUnreadable(f"{file}: trust_file: {error}") from None
    if "-----BEGIN CERTIFICATE-----" not in text or "PRIVATE KEY" in text:
        raise SettingsUnreadable(f"{file}: trust_file: {pem.name} must hold certificates alone")
    return text
