"""tools/fetch_crs.py without a network: what it takes for whole, and what it says when it fails."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path
from types import ModuleType

import pytest

from sekisho.edge import default_crs_dir
from sekisho.edge.find_crs import crs_files

TOOL = Path(__file__).parents[3] / "tools/fetch_crs.py"


@pytest.fixture
def tool(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("fetch_crs", TOOL)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    def no_network(command: list[str], *, cwd: Path, timeout: int) -> None:
        raise module.CouldNotFetch(f"{command[0]} failed: no network")

    monkeypatch.setattr(module, "run", no_network)
    monkeypatch.setattr(module, "INSTALLED", (Path("/nowhere/etc"), Path("/nowhere/share")))
    return module


def test_a_whole_rule_set_is_left_alone(tool: ModuleType) -> None:
    assert tool.fetch(default_crs_dir()) == "was there already"


def test_without_network_an_installed_one_is_used(
    tool: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    have = default_crs_dir()
    places = (have / "etc/modsecurity/crs", have / "usr/share/modsecurity-crs")
    monkeypatch.setattr(tool, "INSTALLED", places)
    assert tool.fetch(tmp_path / "crs") == "from the installed package"
    assert len(crs_files(tmp_path / "crs")) > 15


def test_a_half_made_folder_is_replaced(
    tool: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    have = default_crs_dir()
    half = tmp_path / "crs"
    shutil.copytree(have, half)
    next((half / "usr/share/modsecurity-crs/rules").glob("REQUEST-901*")).unlink()
    assert "REQUEST-901" in tool.what_is_missing(half)
    places = (have / "etc/modsecurity/crs", have / "usr/share/modsecurity-crs")
    monkeypatch.setattr(tool, "INSTALLED", places)
    tool.fetch(half)
    assert tool.what_is_missing(half) == ""
    assert [path.name for path in tmp_path.iterdir()] == ["crs"]


def test_failing_says_what_to_do_and_leaves_nothing(
    tool: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setattr(tool.sys, "argv", ["fetch_crs.py", str(tmp_path / "crs")])
    assert tool.main() == 1
    said = capsys.readouterr().err
    assert "no network" in said
    assert "apt-get install modsecurity-crs" in said
    assert "SEKISHO_CRS" in said
    assert list(tmp_path.iterdir()) == []
