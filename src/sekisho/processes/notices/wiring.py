"""Wires the notices site: draws the folder of notices into pages and serves them as files."""

import logging
import threading
from pathlib import Path
from typing import Any

from sekisho.processes.run import Process
from sekisho.processes.sandbox import SandboxPlan
from sekisho.processes.stand_edge import edge_options, read_rules, stand_edge
from sekisho.transport.briefing import Briefing

LOOK_SECONDS = 2.0
"""Pause between two looks for new or changed notices."""

log = logging.getLogger("sekisho.notices")
_fault = ""


def _public(briefing: Briefing) -> Path:
    return Path(briefing.settings["notices_folder"])


def _source(briefing: Briefing) -> Path:
    """Beside the published files: one TOML file for each notice."""
    return _public(briefing).parent / "source"


def _seen(source: Path) -> list[tuple[str, int, int]]:
    files = sorted(source.glob("*.toml"))
    return [(file.name, file.stat().st_mtime_ns, file.stat().st_size) for file in files]


def _publish_changes(briefing: Briefing, stop: threading.Event) -> None:
    global _fault
    from sekisho.security.notices.errors import NoticeWrong
    from sekisho.security.notices.publish import publish

    source, public = _source(briefing), _public(briefing)
    source.mkdir(mode=0o700, exist_ok=True)
    before: list[tuple[str, int, int]] | None = None
    while not stop.is_set():
        seen = _seen(source)
        if seen != before:
            before = seen
            try:
                count = publish(source, public, briefing.addresses["notices"])
            except NoticeWrong as error:
                _fault = str(error)
                log.error("not published: %s", error)
            else:
                _fault = ""
                log.info("%d notices published", count)
        stop.wait(LOOK_SECONDS)


def _check() -> str:
    return _fault


def _pages(briefing: Briefing) -> Any:
    from sekisho.processes.notices.serve_folder import PAGES, serve_folder

    return stand_edge(briefing, serve_folder(_public(briefing)), PAGES)


def _sandbox(briefing: Briefing, plan: SandboxPlan) -> SandboxPlan:
    return read_rules(briefing, plan).also(write=(_public(briefing).parent,))


PROCESS = Process(
    zone="notices",
    pages=_pages,
    page_options=edge_options,
    works=(_publish_changes,),
    checks=lambda: {"notices": _check},
    sandbox=_sandbox,
)
