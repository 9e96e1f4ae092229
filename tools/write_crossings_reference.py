"""Write docs/reference/crossings.md from the table of permits.

tests/walls/test_documents.py fails when the file is not what this would write."""

from __future__ import annotations

from pathlib import Path

from sekisho.crossings.permits import PERMITS

TARGET = Path(__file__).parent.parent / "docs" / "reference" / "crossings.md"

HEAD = """# Crossings

Every message between zones, from `src/sekisho/crossings/permits.py` (written by
`tools/write_crossings_reference.py`). A zone that is not named beside a message can't send it.

| receiver | message | who may send it | what it asks |
|---|---|---|---|
"""


def crossings_reference() -> str:
    """Return the whole document."""
    rows = []
    for message, callers in PERMITS.items():
        receiver = "every process" if message.receiver == "*" else f"`{message.receiver}`"
        first = (message.__doc__ or "").strip().split("\n\n")[0].replace("\n", " ")
        asks = " ".join(first.split()).split(". ")[0].rstrip(".")
        if asks.startswith(f"{message.__name__}("):
            asks = ""
        zones = ", ".join(f"`{caller}`" for caller in sorted(callers))
        rows.append((receiver, f"| {receiver} | `{message.__name__}` | {zones} | {asks} |"))
    return HEAD + "\n".join(row for _, row in sorted(rows, key=lambda pair: pair[0])) + "\n"


if __name__ == "__main__":
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text(crossings_reference(), encoding="utf-8")
