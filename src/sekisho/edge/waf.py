"""The live rules of one process: the Core Rule Set, and patches that change at run time.

Two rule sets, because they have different lives. The Core Rule Set is read once and inspects what
the page's rules leave free. The patch set is small, is swapped in a few milliseconds, and sees
every request as it came, also the fields that the page closes.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sekisho.edge.check_patches import check_patch_text
from sekisho.edge.find_crs import crs_files
from sekisho.edge.modsecurity import Finding, RequestParts, RuleSet, shared_engine

_RULES: Final = Path(__file__).with_name("rules")


@dataclass(frozen=True, slots=True)
class Patches:
    """The patch set that is live, with the version that its case gave it."""

    rules: RuleSet
    version: str


def read_patches(text: str) -> RuleSet:
    """A patch set beside the standing patches. Raises RulesRefused; changes nothing."""
    check_patch_text(text)
    files = [_RULES / "engine.conf", _RULES / "standing_patches.conf"]
    last = (_RULES / "after_patches.conf").read_text(encoding="utf-8")
    return shared_engine().read_rules(files=files, text=f"{text}\n{last}")


class Waf:
    """The rules of one process; all methods may be called from any thread.

    `load_patches` is the door for issue 5: a new set is read beside the live one and the
    reference swapped, so no request waits and none runs with half a set.
    """

    def __init__(self, crs_dir: Path) -> None:
        """Raises CrsMissing, EngineMissing, RulesRefused."""
        self._crs_dir = crs_dir
        self._loading = threading.Lock()
        self._crs = self._read_crs()
        self._patches = Patches(read_patches(""), "standing")

    def _read_crs(self) -> RuleSet:
        before = [_RULES / "engine.conf", *crs_files(self._crs_dir)]
        setup = 2
        ours = [_RULES / "before_crs.conf", _RULES / "long_values.conf"]
        files = [*before[:setup], *ours, *before[setup:]]
        return shared_engine().read_rules(files=[*files, _RULES / "after_crs.conf"])

    @property
    def patches_version(self) -> str:
        return self._patches.version

    def load_patches(self, text: str, version: str) -> None:
        """Make `text` (SecLang) the live patches, replacing those before it.

        Raises RulesRefused, and the patches before stay live.
        """
        with self._loading:
            self._patches = Patches(read_patches(text), version)

    def reload_rules(self) -> None:
        """Read the Core Rule Set anew from disk; on any error the one before stays live."""
        with self._loading:
            self._crs = self._read_crs()

    def inspect_with_patches(self, request: RequestParts) -> Finding:
        """The whole request as it came, by the patches."""
        return self._patches.rules.inspect(request)

    def inspect_with_crs(self, request: RequestParts) -> Finding:
        """What the page's rules left free, by the Core Rule Set."""
        return self._crs.inspect(request)


def join_findings(findings: Sequence[Finding]) -> Finding:
    """One finding of several: an attack (403) outweighs any other refusal."""
    statuses = [finding.status for finding in findings if finding.status is not None]
    status = 403 if 403 in statuses else next(iter(statuses), None)
    return Finding(status, tuple(match for finding in findings for match in finding.matches))
