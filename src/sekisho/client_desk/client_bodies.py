"""The client bodies that have a desk: names, colour, and which files they hand in."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from pathlib import Path

import msgspec

from sekisho.bill_files.columns import Kind


class ClientBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A client body as its own staff see it."""

    name_ja: str
    name_en: str
    colour: str
    kinds: list[Kind]


@lru_cache(1)
def client_bodies() -> dict[str, ClientBody]:
    """Return every client body by its id."""
    text = (Path(__file__).parent / "client_bodies.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), dict[str, ClientBody])
