"""Faults on demand: a settings file in the host's folder, read again whenever it changes."""

from __future__ import annotations

import logging
import random
from pathlib import Path

import msgspec

LOG = logging.getLogger(__name__)

FILE_NAME = "faults.json"
MAX_FILE_BYTES = 16_384
MAX_DELAY_S = 3_600.0


class Faults(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What goes wrong, how often. Probabilities are from 0 to 1 and per message; times are in
    seconds. The same ``seed`` and the same messages give the same faults."""

    seed: int = 0
    latency_s: float = 0.0
    """Every answer waits this long."""
    late_after_s: float = 20.0
    """Test cards of behaviour ``late`` are answered after this long."""
    chargeback_after_s: float = 5.0
    """Captures of test cards of behaviour ``charged_back`` are disputed after this long."""
    decide_after_s: float = 20.0
    """A contested chargeback is decided after this long."""
    drop_request: float = 0.0
    """The request is lost before the host has seen it."""
    drop_answer: float = 0.0
    """The host acts, its answer is lost."""
    delay: float = 0.0
    delay_s: float = 1.0
    duplicate: float = 0.0
    reorder: float = 0.0
    """The answer waits until another answer has gone first (or 1 s)."""
    garbage: float = 0.0
    """A frame of random bytes goes before the answer."""
    cut: float = 0.0
    """The connection is closed in the middle of the answer."""

    def __post_init__(self) -> None:
        for name in (
            "drop_request",
            "drop_answer",
            "delay",
            "duplicate",
            "reorder",
            "garbage",
            "cut",
        ):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} must be from 0 to 1")
        for name in (
            "latency_s",
            "late_after_s",
            "delay_s",
            "chargeback_after_s",
            "decide_after_s",
        ):
            if not 0 <= getattr(self, name) <= MAX_DELAY_S:
                raise ValueError(f"{name} must be from 0 to {MAX_DELAY_S:.0f} seconds")


class FaultFile:
    """The faults in force: those of the file, or none without a file."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE_NAME
        self._seen: tuple[int, int] | None = None
        self.faults = Faults()
        self.chance = random.Random(0)  # noqa: S311 - repeatable by seed, no secret

    def refresh(self) -> Faults:
        """Return the faults, from the file if it changed. A file that can't be read or breaks the
        rules is named in the log and leaves the faults as they were."""
        try:
            about = self._path.stat()
            mark = (about.st_mtime_ns, about.st_size)
        except FileNotFoundError:
            mark = None
        if mark != self._seen:
            self._seen = mark
            self._take(Faults() if mark is None else self._read())
        return self.faults

    def _read(self) -> Faults | None:
        try:
            with self._path.open("rb") as file:
                return msgspec.json.decode(file.read(MAX_FILE_BYTES), type=Faults)
        except (OSError, msgspec.MsgspecError) as problem:
            LOG.warning("%s is not taken: %s", self._path.name, problem)
            return None

    def _take(self, faults: Faults | None) -> None:
        if faults is not None:
            self.faults = faults
            self.chance = random.Random(faults.seed)  # noqa: S311 - repeatable by seed

    def happens(self, probability: float) -> bool:
        """Return whether a fault of ``probability`` strikes now."""
        return probability > 0 and self.chance.random() < probability


def write_faults(folder: Path, faults: Faults) -> None:
    """Put ``faults`` in force at the host whose folder is ``folder``, at its next message."""
    path = folder / FILE_NAME
    draft = path.with_suffix(".new")
    draft.write_bytes(msgspec.json.format(msgspec.json.encode(faults), indent=2))
    draft.replace(path)
