"""Reads the payer sites' files for those who need a part of them.

A site's process reads its own file whole. Payments gets every site's `[payments]`, the vault every
site's `[site]` (colour, names, contact); nobody else is told anything.
"""

import tomllib
from functools import lru_cache
from pathlib import Path
from typing import Any

import sekisho
from sekisho.processes.supervisor.errors import SettingsUnreadable

SITES = Path(sekisho.__file__).parent / "payer_site" / "sites"


def site_settings(zone: str) -> dict[str, Any]:
    """What `zone` is told of the sites, for its briefing.

    `sites`: by site id, its `payments` section (payments) or its `site` section (the vault: names
    and contact, for mails). `accents`: colour (`#rrggbb`) by site id. Raises SettingsUnreadable
    naming the file.
    """
    files = read_site_files()
    if zone == "payments":
        return {"sites": {site: {"payments": f.get("payments", {})} for site, f in files.items()}}
    if zone == "vault":
        accents = {site: file.get("site", {}).get("accent") for site, file in files.items()}
        return {
            "accents": {site: accent for site, accent in accents.items() if accent},
            "sites": {site: file["site"] for site, file in files.items() if "site" in file},
        }
    return {}


LAID_OVER = frozenset({"guard", "charges"})
"""Parts of a site's payments section that one platform may have otherwise."""


def lay_over(told: dict[str, Any], file: Path) -> dict[str, Any]:
    """Return what payments is told with this platform's own limits laid over the sites'.

    `file` (`sites.toml` in the data folder) need not exist; it may hold `[<site>.payments.guard]`
    and `[<site>.payments.charges]` for each site, nothing else. Raises SettingsUnreadable naming
    the file and the key.
    """
    try:
        changes = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return told
    except (OSError, ValueError) as error:
        raise SettingsUnreadable(f"{file}: {error}") from None
    sites = dict(told["sites"])
    for site, change in changes.items():
        parts = change.get("payments") if isinstance(change, dict) else None
        if (
            site not in sites
            or not isinstance(parts, dict)
            or set(change) != {"payments"}
            or not set(parts) <= LAID_OVER
            or not all(isinstance(part, dict) for part in parts.values())
        ):
            known = ", ".join(sites)
            raise SettingsUnreadable(
                f"{file}: {site}: only [<site>.payments.guard] and [<site>.payments.charges] may"
                f" stand here, of {known}"
            )
        section = sites[site]["payments"]
        laid = {name: {**section.get(name, {}), **part} for name, part in parts.items()}
        sites[site] = {"payments": {**section, **laid}}
    return {**told, "sites": sites}


@lru_cache(1)
def read_site_files() -> dict[str, dict[str, Any]]:
    """Every site's file by site id (the file's name). Raises SettingsUnreadable."""
    files = {}
    for file in sorted(SITES.glob("*.toml")):
        try:
            files[file.stem] = tomllib.loads(file.read_text(encoding="utf-8"))
        except ValueError as error:
            raise SettingsUnreadable(f"{file}: {error}") from None
    return files
