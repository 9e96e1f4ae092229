"""Finds the OWASP Core Rule Set and says in which order its files are read."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final

from sekisho.edge.errors import CrsMissing

CRS_VERSION_MARK: Final = 'SecComponentSignature "OWASP_CRS/3.3.'

# Not read: 903.* (other products' exclusions), 910 (needs GeoIP, which the wheel lacks), 912 (our
# own limits do that), responses (we don't let the engine read answers).
_WANTED: Final = (
    "REQUEST-901-INITIALIZATION",
    "REQUEST-905-COMMON-EXCEPTIONS",
    "REQUEST-911-METHOD-ENFORCEMENT",
    "REQUEST-913-SCANNER-DETECTION",
    "REQUEST-920-PROTOCOL-ENFORCEMENT",
    "REQUEST-921-PROTOCOL-ATTACK",
    "REQUEST-922-MULTIPART-ATTACK",
    "REQUEST-930-APPLICATION-ATTACK-LFI",
    "REQUEST-931-APPLICATION-ATTACK-RFI",
    "REQUEST-932-APPLICATION-ATTACK-RCE",
    "REQUEST-933-APPLICATION-ATTACK-PHP",
    "REQUEST-934-APPLICATION-ATTACK-NODEJS",
    "REQUEST-941-APPLICATION-ATTACK-XSS",
    "REQUEST-942-APPLICATION-ATTACK-SQLI",
    "REQUEST-943-APPLICATION-ATTACK-SESSION-FIXATION",
    "REQUEST-944-APPLICATION-ATTACK-JAVA",
    "REQUEST-949-BLOCKING-EVALUATION",
)


def default_crs_dir() -> Path:
    """Where the rule set is: SEKISHO_CRS, else `.venv/crs` of the running environment."""
    return Path(os.environ.get("SEKISHO_CRS") or Path(sys.prefix) / "crs")


def _layouts(folder: Path) -> list[tuple[Path, Path]]:
    """(setup file, rules folder) as the Debian package unpacks, and as it is installed."""
    unpacked = folder / "etc/modsecurity/crs/crs-setup.conf"
    return [
        (unpacked, folder / "usr/share/modsecurity-crs/rules"),
        (folder / "crs-setup.conf", folder / "rules"),
        (Path("/etc/modsecurity/crs/crs-setup.conf"), folder / "rules"),
    ]


def crs_files(folder: Path) -> list[Path]:
    """The rule set's files in reading order.

    Raises CrsMissing when the folder or one of its files is missing or of another version line
    than 3.3, and says how to get it.
    """
    how = "run `python tools/fetch_crs.py` (it needs no root), or set SEKISHO_CRS"
    for setup, rules in _layouts(folder):
        if setup.is_file() and rules.is_dir():
            break
    else:
        raise CrsMissing(f"no OWASP Core Rule Set in {folder}: {how}")
    files = [setup, *(rules / f"{name}.conf" for name in _WANTED)]
    missing = [file.name for file in files if not file.is_file()]
    if missing:
        raise CrsMissing(f"{folder} lacks {', '.join(missing)}: remove that folder and {how}")
    if CRS_VERSION_MARK not in files[1].read_text(encoding="utf-8"):
        raise CrsMissing(f"{folder} is not version 3.3 of the Core Rule Set: {how}")
    return files
