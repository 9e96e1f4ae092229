"""Wires the operators' console."""

import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sekisho.processes import django_settings
from sekisho.processes.run import Process
from sekisho.processes.stand_edge import edge_options, read_rules, stand_edge
from sekisho.transport.briefing import Briefing

if TYPE_CHECKING:
    from sekisho.console.pages.console import Console
    from sekisho.transport.doors import Doors

MIDDLEWARE = (
    "django.middleware.csrf.CsrfViewMiddleware",
    "sekisho.console.pages.console.AdmitOperators",
)

_console: "Console | None" = None
_opening = threading.Lock()


def _open_console(briefing: Briefing) -> "Console":
    """The one console of this process; doors and pages come for it."""
    global _console
    from sekisho.console.pages.console import open_console

    with _opening:
        if _console is None:
            address = briefing.addresses["console"]
            _console = open_console(Path(briefing.folder), address=address)
        return _console


def _settings(briefing: Briefing | None) -> dict[str, Any]:
    folder = Path(__file__).parents[2]
    return django_settings.build(
        briefing,
        zone="console",
        urls="sekisho.console.pages.urls",
        middleware=MIDDLEWARE,
        template_folders=(
            folder / "console" / "pages" / "templates",
            folder / "sign_in" / "templates",
        ),
        CSRF_COOKIE_NAME="sekisho_console_form",
        # Yen and counts are read in groups of three.
        USE_THOUSAND_SEPARATOR=True,
        NUMBER_GROUPING=3,
    )


def _doors(briefing: Briefing) -> "Doors":
    from sekisho.console.doors import make_doors

    return make_doors(_open_console(briefing))


def _pages(briefing: Briefing) -> Any:
    from django.core.handlers.wsgi import WSGIHandler

    from sekisho.console.pages.page_rules import page_rules
    from sekisho.edge.look import serve
    from sekisho.sign_in.frame import INDOORS

    console = _open_console(briefing)
    return stand_edge(briefing, serve(WSGIHandler(), INDOORS), page_rules(console))


PROCESS = Process(
    zone="console",
    settings=_settings,
    doors=_doors,
    pages=_pages,
    page_options=edge_options,
    sandbox=read_rules,
)
