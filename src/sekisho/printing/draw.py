"""Has Typst draw a sheet: a file of ``sheets/`` and the facts for it, nothing else.

Facts go in as JSON and are shown as text, never read as markup. Typst sees our two fonts and no
file but the sheet; it can't reach the network (no package is asked for)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

from sekisho.printing.errors import DoesNotFit, PrintingError
from sekisho.printing.font import font_folder, in_other_font

SHEETS: Final = Path(__file__).parent / "sheets"
PDF_STANDARD: Final = "a-2b"
"""ISO 19005-2: fonts inside, so that it prints the same anywhere and in ten years."""

DRAWINGS_REMEMBERED: Final = 12
"""A few more than Typst keeps."""

_NO_ROOM = "does not fit: "


def draw(sheet: str, facts: Mapping[str, Any], made_at: datetime) -> bytes:
    """Return the PDF of ``sheet`` (a name in ``sheets/``) for ``facts``, which JSON can hold.

    The same facts give the same bytes. Raises ``DoesNotFit`` naming the field, ``FontMissing``."""
    # 8 MB of a process that may never print.
    import typst

    text = json.dumps(facts, ensure_ascii=False)
    others = sorted(in_other_font(text))
    try:
        made: bytes = typst.compile(
            _sheet(sheet),
            font_paths=typst.Fonts(
                include_system_fonts=False,
                include_embedded_fonts=False,
                font_paths=[str(font_folder())],
            ),
            sys_inputs={"facts": json.dumps({**facts, "others": others}, ensure_ascii=False)},
            pdf_standards=[PDF_STANDARD],
            timestamp=int(made_at.timestamp()),
        )
    except typst.TypstError as error:
        said = str(error)
        if _NO_ROOM in said:
            field = said.partition(_NO_ROOM)[2].split()[0].strip("\"'")
            raise DoesNotFit(field, "is too long for its place on the sheet") from None
        # Its text may quote a fact.
        raise PrintingError(f"the sheet {sheet} could not be drawn") from None
    finally:
        _forget()
    return made


def _forget() -> None:
    """Have Typst drop what it remembers of the sheet: it keeps the layout of its last ten drawings,
    with the names in it, and 250 postcards would hold gigabytes."""
    import typst

    for _ in range(DRAWINGS_REMEMBERED):
        typst.compile(b" ", font_paths=_no_fonts())


@cache
def _no_fonts() -> Any:
    import typst

    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False)


@cache
def _sheet(name: str) -> bytes:
    return (SHEETS / f"{name}.typ").read_bytes()
