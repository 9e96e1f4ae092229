"""The look: one stylesheet for every page of every zone, served by each process itself.

``sekisho.css`` is the files of ``parts/`` in order (the first names every class);
``accent/RRGGBB.css`` sets a client body's colour. Nothing here comes from, or calls, a third
party."""

from sekisho.edge.look.accent import AccentUnreadable, accent_address, accent_stylesheet
from sekisho.edge.look.shelf import LOOK, Shelf, ShelfMissing, serve

__all__ = [
    "LOOK",
    "AccentUnreadable",
    "Shelf",
    "ShelfMissing",
    "accent_address",
    "accent_stylesheet",
    "serve",
]
