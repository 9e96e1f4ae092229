"""The reference lists exactly the columns that are read."""

import re
from pathlib import Path

import pytest

from sekisho.bill_files.columns import COLUMNS, Kind

DOCS = Path(__file__).parents[3] / "docs" / "reference"


@pytest.mark.parametrize("kind", list(COLUMNS))
def test_the_reference_lists_the_columns_that_are_read(kind: Kind) -> None:
    text = (DOCS / f"{kind}-file.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| ([^|]+) \| (yes|no) \|", text, re.MULTILINE)
    wanted = [
        (column.name, ", ".join(column.headings_ja), "no" if column.optional else "yes")
        for column in COLUMNS[kind]
    ]
    assert [(name, headings.strip(), must) for name, headings, must in rows] == wanted
