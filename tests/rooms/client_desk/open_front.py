"""The desk on a port of its own behind its edge, for a real browser. The browser believes that it
speaks to the desk's public address."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.core.handlers.wsgi import WSGIHandler
from playwright.sync_api import Browser, sync_playwright
from waitress.server import create_server

from sekisho.client_desk.pages.desk import FILES
from sekisho.client_desk.pages.page_rules import page_rules
from sekisho.edge import default_crs_dir, stand_before
from sekisho.edge.look import serve
from sekisho.sign_in.frame import INDOORS
from tests.browser import QUIET, find_chromium
from tests.rooms.client_desk.staff import desk


@contextmanager
def front_door(log_folder: Path) -> Iterator[int]:
    """Serve the desk; gives the port."""
    edge = stand_before(
        serve(WSGIHandler(), FILES, INDOORS),
        process="client_desk",
        log_dir=log_folder,
        pages=page_rules(desk),
        crs_dir=default_crs_dir(),
    )
    server: Any = create_server(edge, host="127.0.0.1", port=0, threads=4)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield server.effective_port
    finally:
        server.close()
        thread.join(5)
        edge.close()


@contextmanager
def chromium_at(port: int) -> Iterator[Browser]:
    """A browser for which the desk's public address is at ``port``."""
    rules = f"--host-resolver-rules=MAP localhost:7004 127.0.0.1:{port}"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=[*QUIET, rules])
        try:
            yield browser
        finally:
            browser.close()
