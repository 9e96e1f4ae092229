"""The client bodies that have a desk: names, colour, and which files they hand in."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from pathlib import Path

import msgspec

from sekisho.bill_files.columns import Kind
from sekisho.vocabulary.twins import TEST_SUFFIX, is_twin


class ClientBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A client body as its own staff see it. ``refund_alone_up_to_yen``: what one person may give
    back of one payment; ``refund_alone_up_to_yen_a_day``: of all payments in a day (Tokyo). Above
    either a second person decides."""

    name_ja: str
    name_en: str
    colour: str
    kinds: list[Kind]
    refund_alone_up_to_yen: int = 30_000
    refund_alone_up_to_yen_a_day: int = 300_000


@lru_cache(1)
def client_bodies() -> dict[str, ClientBody]:
    """Return every client body by its id. Raises ``ValueError`` for a reserved id."""
    text = (Path(__file__).parent / "client_bodies.toml").read_text(encoding="utf-8")
    found = msgspec.convert(tomllib.loads(text), dict[str, ClientBody])
    for name in found:
        if is_twin(name):
            raise ValueError(f"client_bodies.toml: {name}: {TEST_SUFFIX} is reserved for its twin")
    return found
