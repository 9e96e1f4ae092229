"""What the frame around every staff and operator page shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sekisho.edge.look import LOOK, Shelf, accent_address

INDOORS = Shelf("/indoors/", Path(__file__).parent / "files")
"""Stylesheet of the pages behind a sign-in."""


WORDS = Path(__file__).parent / "words"


@dataclass(frozen=True)
class Frame:
    """Names and links around a page. ``menu``: address, label, and whether it is this page;
    ``pages``: the same for the second row. ``test_view``: whether test data is shown; ``None``
    where there is no such switch."""

    body: str
    site: str
    colophon: str
    accent: str | None = None
    menu: Sequence[tuple[str, str, bool]] = ()
    pages: Sequence[tuple[str, str, bool]] = ()
    test_view: bool | None = None
    icon: str = field(default_factory=lambda: LOOK.address("mark.svg"))
    stylesheet: str = field(default_factory=lambda: LOOK.address("sekisho.css"))
    more_stylesheets: Sequence[str] = field(
        default_factory=lambda: [INDOORS.address("indoors.css")]
    )


def accent_of(colour: str | None) -> str | None:
    """Return the address of a client body's colour, if it has one."""
    return accent_address(colour) if colour else None
