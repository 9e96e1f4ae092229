"""One WAF for all tests of the room (reading the rules takes longer than most tests)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sekisho.edge import STRICT_CSP, Edge, EdgeLimits, PageRule, Waf, default_crs_dir
from sekisho.edge.request_log import RequestLog
from tests.rooms.edge.knock import PAGES, FakeZone

UNHURRIED = EdgeLimits(rate_per_second=1e6, rate_burst=1_000_000)


@pytest.fixture(scope="session")
def waf() -> Waf:
    return Waf(default_crs_dir())


@pytest.fixture
def zone() -> FakeZone:
    return FakeZone()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "log"


@pytest.fixture
def make_edge(waf: Waf, zone: FakeZone, folder: Path) -> Iterator[Callable[..., Edge]]:
    """Builds an edge around the fake zone; keyword arguments replace the defaults."""
    made: list[Edge] = []

    def make(**given: Any) -> Edge:
        pages: tuple[PageRule, ...] = PAGES
        defaults: dict[str, Any] = {
            "process": "test",
            "log": RequestLog(folder),
            "waf": waf,
            "pages": pages,
            "limits": UNHURRIED,
            "trusted_proxies": (),
            "csp": STRICT_CSP,
            "https": False,
        }
        app = given.pop("app", zone)
        made.append(Edge(app, **{**defaults, **given}))
        return made[-1]

    yield make
    for edge in made:
        edge.close()


@pytest.fixture
def edge(make_edge: Callable[..., Edge]) -> Edge:
    return make_edge()


@pytest.fixture
def patches_back(waf: Waf) -> Iterator[Waf]:
    """The shared WAF for a test that loads patches; takes them off again."""
    yield waf
    waf.load_patches("", "standing")
