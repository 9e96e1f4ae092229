"""docs/reference/lifecycle.md says what the code says."""

from __future__ import annotations

from pathlib import Path

from sekisho.payments.lifecycle import EDGES, HOLDING, State, public_status

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "lifecycle.md"


def table_under(heading: str) -> list[list[str]]:
    section = PAGE.read_text(encoding="utf-8").split(f"## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip().strip("`") for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_the_page_has_every_edge_and_no_other() -> None:
    assert [tuple(row[:3]) for row in table_under("Edges")] == [tuple(map(str, e)) for e in EDGES]


def test_the_page_has_every_state_as_it_is_told() -> None:
    assert table_under("States") == [
        [str(state), public_status(state), "yes" if state in HOLDING else ""] for state in State
    ]
