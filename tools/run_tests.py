"""Runs every test: each room in a pytest process of its own (Django has one set of settings per
process), then walls, conformance and stories; prints the total as `N passed, N failed`.

    python tools/run_tests.py [FOLDER ...]
"""

import os
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TESTS = ROOT / "tests"
ROOMS_AT_ONCE = 2
"""Rooms share nothing, so two run side by side; what drives the whole platform runs alone."""
GROUP_LIMIT_SECONDS = 3600
NO_TESTS_COLLECTED = 5


@dataclass
class Outcome:
    """What one group of tests came to."""

    group: Path
    passed: int
    failed: int
    said: str


def find_groups(chosen: list[str]) -> tuple[list[Path], list[Path]]:
    """The rooms, and the groups that run alone after them."""
    if chosen:
        return [], [Path(one) for one in chosen]
    rooms = [folder for folder in sorted((TESTS / "rooms").iterdir()) if has_tests(folder)]
    others = [
        folder
        for folder in sorted(TESTS.iterdir(), key=lambda f: (f.name == "stories", f.name))
        if folder.name != "rooms" and has_tests(folder)
    ]
    return rooms, others


def has_tests(folder: Path) -> bool:
    """Whether there is a test below a folder."""
    return folder.is_dir() and any(folder.rglob("test_*.py"))


def run_group(group: Path) -> Outcome:
    """Run one group and count; a group that breaks before it counts is one failure."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [sys.executable, "-m", "pytest", "-q", str(group), f"--junitxml={report}"]
        try:
            done = subprocess.run(
                command,
                cwd=ROOT,
                env=os.environ | {"PYTHONDONTWRITEBYTECODE": ""},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=GROUP_LIMIT_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired as late:
            return Outcome(group, 0, 1, f"{late}\n")
        passed, failed = count(report)
        if done.returncode not in (0, NO_TESTS_COLLECTED) and failed == 0:
            failed = 1
        return Outcome(group, passed, failed, done.stdout)


def count(report: Path) -> tuple[int, int]:
    """Passed and failed of a JUnit report; an error in a fixture is a failure too."""
    if not report.exists():
        return 0, 0
    # Our own pytest wrote it a moment ago; there is no foreign XML in it.
    suite = ET.parse(report).getroot().find("testsuite")  # noqa: S314
    if suite is None:
        return 0, 0
    numbers = {name: int(suite.get(name, "0")) for name in ("tests", "failures", "errors")}
    skipped = int(suite.get("skipped", "0"))
    failed = numbers["failures"] + numbers["errors"]
    return max(0, numbers["tests"] - failed - skipped), failed


def show(outcome: Outcome) -> None:
    """Print a group's result: one line when all is well (and what its tests noted, such as the
    seed of a random run), everything when not."""
    name = outcome.group.resolve().relative_to(ROOT)
    print(f"{name}: {outcome.passed} passed, {outcome.failed} failed", flush=True)
    warned = re.search(r"\d+ (?:skipped|xfailed)", outcome.said)
    if outcome.failed or warned:
        print(outcome.said, flush=True)
        return
    for note in re.findall(r"^note: (.+)$", outcome.said, re.MULTILINE):
        print(f"  {note}", flush=True)


def main() -> int:
    """Run all; exit status 1 when a test failed or none ran."""
    rooms, others = find_groups(sys.argv[1:])
    outcomes = []
    with ThreadPoolExecutor(ROOMS_AT_ONCE) as pool:
        for outcome in pool.map(run_group, rooms):
            show(outcome)
            outcomes.append(outcome)
    for group in others:
        outcome = run_group(group)
        show(outcome)
        outcomes.append(outcome)
    passed, failed = (sum(getattr(one, name) for one in outcomes) for name in ("passed", "failed"))
    print(f"\n{passed} passed, {failed} failed")
    return 0 if passed and not failed else 1


if __name__ == "__main__":
    sys.exit(main())
