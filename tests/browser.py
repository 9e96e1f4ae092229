"""Debian's Chromium under Playwright, quiet on a machine without internet."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def find_chromium() -> str:
    """Path of the installed browser; SEKISHO_CHROMIUM names another."""
    chosen = os.environ.get("SEKISHO_CHROMIUM")
    return chosen or shutil.which("chromium") or shutil.which("chromium-browser") or "chromium"


@contextmanager
def chromium() -> Iterator[Browser]:
    """A headless browser for the length of the block."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=QUIET)
        try:
            yield browser
        finally:
            browser.close()
