#!/usr/bin/env python3
"""Gets the OWASP Core Rule Set from Debian's package `modsecurity-crs`, without root.

    python tools/fetch_crs.py [FOLDER]

Unpacks into FOLDER (default: SEKISHO_CRS, else `.venv/crs` of the running environment). Does
nothing when a whole rule set is there. `apt-get download` checks the package against Debian's
signed lists; when this machine has no lists (or none that name the package), they are fetched
into a private folder. Without apt or network, an installed /usr/share/modsecurity-crs is used.
Only the standard library is needed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

PACKAGE = "modsecurity-crs"
INSTALLED = (Path("/etc/modsecurity/crs"), Path("/usr/share/modsecurity-crs"))
SETUP = Path("etc/modsecurity/crs/crs-setup.conf")
RULES = Path("usr/share/modsecurity-crs/rules")
VERSION_MARK = 'SecComponentSignature "OWASP_CRS/3.3.'
MIN_RULE_FILES = 25
UPDATE_TIMEOUT_SECONDS = 300
DOWNLOAD_TIMEOUT_SECONDS = 120


class CouldNotFetch(Exception):
    """The message says what was tried and what to do."""


def what_is_missing(folder: Path) -> str:
    """Why `folder` holds no whole rule set; "" when it does."""
    if not (folder / SETUP).is_file():
        return f"{folder / SETUP} is missing"
    found = list((folder / RULES).glob("*.conf"))
    if len(found) < MIN_RULE_FILES:
        return f"{folder / RULES} has {len(found)} rule files, expected {MIN_RULE_FILES} or more"
    first = folder / RULES / "REQUEST-901-INITIALIZATION.conf"
    if not first.is_file() or VERSION_MARK not in first.read_text(encoding="utf-8"):
        return f"{first} is not of version 3.3"
    return ""


def run(command: list[str], *, cwd: Path, timeout: int) -> None:
    """Run a command. Raises CouldNotFetch with its last lines."""
    try:
        done = subprocess.run(
            command, cwd=cwd, timeout=timeout, capture_output=True, text=True, check=False
        )
    except FileNotFoundError as error:
        raise CouldNotFetch(f"{command[0]} is not installed") from error
    except subprocess.TimeoutExpired as error:
        raise CouldNotFetch(f"{command[0]} took over {timeout} s") from error
    if done.returncode:
        said = "\n".join((done.stderr or done.stdout).strip().splitlines()[-5:])
        raise CouldNotFetch(f"{' '.join(command[:2])} failed:\n{said}")


def private_apt(folder: Path) -> list[str]:
    """Options that let apt keep its lists in `folder`, so that an ordinary user may update."""
    for part in ("state/lists/partial", "cache/archives/partial"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    return [
        "-o", f"Dir::State={folder / 'state'}",
        "-o", f"Dir::Cache={folder / 'cache'}",
        "-o", "Dir::State::status=/var/lib/dpkg/status",
        "-o", "APT::Sandbox::User=",
        "-o", "Acquire::Languages=none",
    ]  # fmt: skip


def download(work: Path, package: str = PACKAGE) -> Path:
    """Download the package into `work` and return its path. Raises CouldNotFetch."""
    try:
        command = ["apt-get", "-o", "APT::Sandbox::User=", "download", package]
        run(command, cwd=work, timeout=DOWNLOAD_TIMEOUT_SECONDS)
    except CouldNotFetch:
        options = private_apt(work / "apt")
        # One source that can not be reached must not hide Debian's own: try the download anyway.
        try:
            run(["apt-get", *options, "update"], cwd=work, timeout=UPDATE_TIMEOUT_SECONDS)
        except CouldNotFetch as failed:
            print(f"warning: {failed}", file=sys.stderr)
        command = ["apt-get", *options, "download", package]
        run(command, cwd=work, timeout=DOWNLOAD_TIMEOUT_SECONDS)
    found = sorted(work.glob(f"{package}_*.deb"))
    if not found:
        raise CouldNotFetch(f"apt-get download left no {package}_*.deb")
    return found[-1]


def copy_installed(target: Path) -> None:
    """Copy an installed rule set into the layout of the package. Raises CouldNotFetch."""
    settings, data = INSTALLED
    if not (settings / "crs-setup.conf").is_file() or not (data / "rules").is_dir():
        raise CouldNotFetch(f"and {data} is not installed")
    shutil.copytree(settings, target / SETUP.parent)
    shutil.copytree(data / "rules", target / RULES)


def fetch(folder: Path) -> str:
    """Make `folder` hold a whole rule set; says where it came from. Raises CouldNotFetch.

    The folder appears whole or not at all: it is unpacked beside its place and renamed.
    """
    if not what_is_missing(folder):
        return "was there already"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".crs-") as made:
        work = Path(made)
        unpacked = work / "crs"
        try:
            package = download(work)
            command = ["dpkg-deb", "-x", str(package), str(unpacked)]
            run(command, cwd=work, timeout=DOWNLOAD_TIMEOUT_SECONDS)
            origin = package.name
        except CouldNotFetch as failed:
            try:
                copy_installed(unpacked)
            except CouldNotFetch as also:
                raise CouldNotFetch(f"{failed}\n{also}") from failed
            origin = "the installed package"
        if missing := what_is_missing(unpacked):
            raise CouldNotFetch(f"{origin} unpacked, but {missing}")
        if folder.exists():
            folder.rename(work / "old")
        unpacked.rename(folder)
    return f"from {origin}"


def main() -> int:
    chosen = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("SEKISHO_CRS")
    folder = Path(chosen).resolve() if chosen else Path(sys.prefix) / "crs"
    if not chosen and sys.prefix == sys.base_prefix:
        print("error: name a folder, or run with the environment's python", file=sys.stderr)
        return 2
    try:
        origin = fetch(folder)
    except (CouldNotFetch, OSError) as failed:
        print(
            f"error: could not get the OWASP Core Rule Set: {failed}\n"
            f"Install it with `apt-get install {PACKAGE}`, or unpack that package somewhere and "
            "set SEKISHO_CRS to the folder.",
            file=sys.stderr,
        )
        return 1
    print(f"OWASP Core Rule Set in {folder} ({origin})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
