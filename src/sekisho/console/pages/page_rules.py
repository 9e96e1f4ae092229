"""What the edge lets through to the console."""

from __future__ import annotations

from sekisho.console.pages.console import Console
from sekisho.console.pages.look import ReferenceForm
from sekisho.edge import CSRF_FIELD, LOOK_PAGE, PageRule, page_from_form


def page_rules(console: Console) -> list[PageRule]:
    """Return every page there is."""
    return [
        LOOK_PAGE,
        PageRule(r"/indoors/[a-f0-9]{16}/[a-z_]{1,40}\.css", query=()),
        PageRule("/"),
        page_from_form("/payments", ReferenceForm, kinds={"reference": "word"}),
        PageRule("/ledger", methods=("GET", "HEAD", "POST"), fields=(CSRF_FIELD,)),
        *console.sign_in.page_rules(),
    ]
