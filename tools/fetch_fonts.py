#!/usr/bin/env python3
"""Gets the fonts of everything printed from Debian's packages, without root.

    python tools/fetch_fonts.py [FOLDER]

Unpacks into FOLDER (default: SEKISHO_FONTS, else `.venv/fonts` of the running environment), with
each font's licence beside it. Does nothing when they are there. Only the very files that we have
looked at are taken: their SHA-256 are written here. Only the standard library is needed.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from fetch_crs import DOWNLOAD_TIMEOUT_SECONDS, CouldNotFetch, download, run


class Font(NamedTuple):
    """``places``: where Debian's package has the font and its licence."""

    package: str
    file: str
    sha256: str
    licence: str
    places: tuple[str, str]


FONTS = (
    # IPAmj Mincho 005.01: all of JIS X 0213, variation sequences of Moji_Joho.
    Font(
        "fonts-ipamj-mincho",
        "ipamjm.ttf",
        "75268aa9ac2d92080048196af08adee37f1c286cf4b7777ed5ac3722a8737f5f",
        "ipamjm-licence.txt",
        (
            "usr/share/fonts/truetype/ipamj/ipamjm.ttf",
            "usr/share/doc/fonts-ipamj-mincho/IPA_Font_License_Agreement_v1.0.txt.gz",
        ),
    ),
    # IPAex Mincho 004.01: the commonest variation sequences of Adobe-Japan1.
    Font(
        "fonts-ipaexfont-mincho",
        "ipaexm.ttf",
        "7a306386f930fee80922f71eebf4ffe0f1ff2817da8e619230953487673d71c7",
        "ipaexm-licence.txt",
        (
            "usr/share/fonts/opentype/ipaexfont-mincho/ipaexm.ttf",
            "usr/share/doc/fonts-ipaexfont-mincho/copyright",
        ),
    ),
)

INSTALLED = Path("/")
"""Where fonts that the machine has lie as Debian lays them."""


def what_is_missing(folder: Path) -> str:
    """Why `folder` does not hold the fonts with their licences; "" when it does."""
    for font in FONTS:
        for name in (font.file, font.licence):
            if not (folder / name).is_file():
                return f"{folder / name} is missing"
        with (folder / font.file).open("rb") as opened:
            found = hashlib.file_digest(opened, "sha256").hexdigest()
        if found != font.sha256:
            return f"{folder / font.file} is another file (SHA-256 {found})"
    return ""


def take_from(root: Path, font: Font, target: Path) -> None:
    """Copy font and licence out of a tree laid out as Debian's. Raises CouldNotFetch."""
    place, licence = (root / part for part in font.places)
    try:
        shutil.copyfile(place, target / font.file)
        packed = licence.read_bytes()
    except OSError as error:
        raise CouldNotFetch(f"{error.filename} can't be read: {error.strerror}") from error
    words = gzip.decompress(packed) if licence.suffix == ".gz" else packed
    (target / font.licence).write_bytes(words)


def get(font: Font, work: Path, target: Path) -> str:
    """Put one font into `target`; says where it came from. Raises CouldNotFetch."""
    try:
        package = download(work, font.package)
        unpacked = work / font.package
        command = ["dpkg-deb", "-x", str(package), str(unpacked)]
        run(command, cwd=work, timeout=DOWNLOAD_TIMEOUT_SECONDS)
        take_from(unpacked, font, target)
    except CouldNotFetch as failed:
        try:
            take_from(INSTALLED, font, target)
        except CouldNotFetch as also:
            raise CouldNotFetch(f"{failed}\n{also}") from failed
        return f"the installed {font.package}"
    return package.name


def fetch(folder: Path) -> str:
    """Make `folder` hold the fonts; says where they came from. Raises CouldNotFetch.

    The folder appears whole or not at all: it is filled beside its place and renamed.
    """
    if not what_is_missing(folder):
        return "were there already"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".fonts-") as made:
        work = Path(made)
        filled = work / "filled"
        filled.mkdir()
        origins = [get(font, work, filled) for font in FONTS]
        if missing := what_is_missing(filled):
            raise CouldNotFetch(f"{', '.join(origins)} unpacked, but {missing}")
        if folder.exists():
            folder.rename(work / "old")
        filled.rename(folder)
    return f"from {', '.join(origins)}"


def main() -> int:
    chosen = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("SEKISHO_FONTS")
    folder = Path(chosen).resolve() if chosen else Path(sys.prefix) / "fonts"
    if not chosen and sys.prefix == sys.base_prefix:
        print("error: name a folder, or run with the environment's python", file=sys.stderr)
        return 2
    try:
        origin = fetch(folder)
    except (CouldNotFetch, OSError) as failed:
        packages = " ".join(font.package for font in FONTS)
        print(
            f"error: could not get the fonts: {failed}\nInstall them with `apt-get install "
            f"{packages}`, or put {' and '.join(font.file for font in FONTS)} with their licences "
            "(*-licence.txt) into a folder and set SEKISHO_FONTS to it.",
            file=sys.stderr,
        )
        return 1
    print(f"fonts in {folder} ({origin})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
