"""Finds rows that stand twice in a file, in about 40 bytes a row.

A hash of 64 bits stands for a row's number: among a million rows two different numbers share one
in 1 of 37 million files, and then a good row is refused by name, never a bad one taken."""

from __future__ import annotations

from array import array
from hashlib import blake2b

FIRST_SLOTS = 1 << 12
"""Slots to begin with; the table doubles when half full."""


def _hash(parts: tuple[str, ...]) -> int:
    digest = blake2b("\0".join(parts).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") or 1


class SeenRows:
    """Rows by number: the line of the first one, and whether a later one says the same."""

    def __init__(self) -> None:
        self._count = 0
        self._make(FIRST_SLOTS)

    def _make(self, slots: int) -> None:
        self._mask = slots - 1
        self._numbers = array("Q", bytes(8 * slots))
        self._contents = array("Q", bytes(8 * slots))
        self._lines = array("L", bytes(array("L").itemsize * slots))

    def note(
        self, line: int, number: tuple[str, ...], content: tuple[str, ...]
    ) -> tuple[int, bool]:
        """Note a row. Returns the line of an earlier row with the same ``number`` (0: none) and
        whether that row's ``content`` was the same."""
        if self._count * 2 > self._mask:
            self._grow()
        number_hash, content_hash = _hash(number), _hash(content)
        at = self._find(number_hash)
        if self._numbers[at]:
            return self._lines[at], self._contents[at] == content_hash
        self._numbers[at], self._contents[at], self._lines[at] = number_hash, content_hash, line
        self._count += 1
        return 0, False

    def _find(self, number_hash: int) -> int:
        at = number_hash & self._mask
        while self._numbers[at] not in (0, number_hash):
            at = (at + 1) & self._mask
        return at

    def _grow(self) -> None:
        numbers, contents, lines = self._numbers, self._contents, self._lines
        self._make(2 * (self._mask + 1))
        for number_hash, content_hash, line in zip(numbers, contents, lines, strict=True):
            if number_hash:
                at = self._find(number_hash)
                self._numbers[at], self._contents[at] = number_hash, content_hash
                self._lines[at] = line
