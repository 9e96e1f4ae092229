"""The house keeps its shape: small files and functions, names that say something."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
SOURCE = ROOT / "src" / "sekisho"

MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 50
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "common", "base", "manager", "service"}


def _modules() -> list[Path]:
    return sorted(path for path in SOURCE.rglob("*.py") if "migrations" not in path.parts)


def _functions(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, (node.end_lineno or node.lineno) - node.lineno + 1


def test_there_is_something_to_look_at() -> None:
    assert len(_modules()) > 50


def test_no_file_outgrows_its_room() -> None:
    long = {
        p.name: n for p in _modules() if (n := len(p.read_text().splitlines())) > MAX_FILE_LINES
    }
    assert not long


def test_every_function_fits_a_screen() -> None:
    long = {
        f"{path.relative_to(SOURCE)}:{name}": lines
        for path in _modules()
        for name, lines in _functions(path)
        if lines > MAX_FUNCTION_LINES
    }
    assert not long


def test_every_name_says_something() -> None:
    names = {part for path in _modules() for part in (*path.parent.parts, path.stem)}
    assert not names & FORBIDDEN_NAMES


def test_every_package_says_what_it_is() -> None:
    silent = [
        str(path.relative_to(SOURCE))
        for path in _modules()
        if path.name == "__init__.py"
        and path.parent.name not in {"migrations", "records"}
        and ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) is None
        and path.parent != SOURCE
        and len(list(path.parent.glob("*.py"))) > 1
    ]
    assert not silent


def _tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [ROOT / line for line in listed.stdout.splitlines() if (ROOT / line).is_file()]


@pytest.mark.parametrize(
    ("what", "pattern"),
    [
        ("a person's home folder", r"(?:^|[\s\"'=])/(?:root|home/\w+)/"),
        ("a package registry", r"(?:pypi|npmjs|debian|pythonhosted)\.(?:org|com|net)"),
    ],
)
def test_no_file_names(what: str, pattern: str) -> None:
    named = []
    for path in _tracked():
        if path == Path(__file__) or path.suffix in {".png", ".pdf", ".mo", ".woff2"}:
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        if re.search(pattern, text, re.MULTILINE):
            named.append(str(path.relative_to(ROOT)))
    assert not named, what
