"""One running platform and one browser for all stories of the session."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests import browser
from tests.running_platform import RunningPlatform
from tests.stories.hall import Hall
from tests.stories.slips import SlipBook


@pytest.fixture(scope="session")
def platform() -> Iterator[RunningPlatform]:
    folder = Path(tempfile.mkdtemp(prefix="sekisho-story-"))
    running = RunningPlatform(folder / "data").start()
    try:
        yield running
    finally:
        running.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def hall() -> Iterator[Hall]:
    folder = Path(tempfile.mkdtemp(prefix="sekisho-hall-"))
    opened = Hall(folder / "data")
    try:
        yield opened
    finally:
        opened.close()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with browser.chromium() as opened:
        yield opened


@pytest.fixture(scope="session")
def slips(platform: RunningPlatform, tmp_path_factory: pytest.TempPathFactory) -> SlipBook:
    return SlipBook(platform, tmp_path_factory.mktemp("slips"))
