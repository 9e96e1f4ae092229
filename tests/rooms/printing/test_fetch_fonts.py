"""tools/fetch_fonts.py without a network: what it takes, and what it says when it fails."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path
from types import ModuleType

import pytest

from sekisho.printing.font import font_folder

TOOLS = Path(__file__).parents[3] / "tools"


@pytest.fixture
def tool(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(TOOLS))
    spec = importlib.util.spec_from_file_location("fetch_fonts", TOOLS / "fetch_fonts.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    def no_network(*_: object) -> Path:
        raise module.CouldNotFetch("no network")

    monkeypatch.setattr(module, "download", no_network)
    monkeypatch.setattr(module, "INSTALLED", Path("/nowhere"))
    return module


def lay_as_debian(tool: ModuleType, root: Path) -> None:
    import gzip

    for font in tool.FONTS:
        place, licence = (root / part for part in font.places)
        for file in (place, licence):
            file.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(font_folder() / font.file, place)
        words = (font_folder() / font.licence).read_bytes()
        licence.write_bytes(gzip.compress(words) if licence.suffix == ".gz" else words)


def test_whole_fonts_are_left_alone(tool: ModuleType) -> None:
    assert tool.fetch(font_folder()) == "were there already"


def test_without_network_installed_ones_are_used(
    tool: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lay_as_debian(tool, tmp_path / "root")
    monkeypatch.setattr(tool, "INSTALLED", tmp_path / "root")
    assert "the installed fonts-ipamj-mincho" in tool.fetch(tmp_path / "fonts")
    assert sorted(file.name for file in (tmp_path / "fonts").iterdir()) == [
        "ipaexm-licence.txt",
        "ipaexm.ttf",
        "ipamjm-licence.txt",
        "ipamjm.ttf",
    ]
    assert "IPA Font License" in (tmp_path / "fonts/ipamjm-licence.txt").read_text(
        encoding="utf-8", errors="replace"
    )


def test_another_file_than_ours_is_not_taken(
    tool: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lay_as_debian(tool, tmp_path / "root")
    monkeypatch.setattr(tool, "INSTALLED", tmp_path / "root")
    with (tmp_path / "root" / tool.FONTS[0].places[0]).open("ab") as font:
        font.write(b"\0")
    with pytest.raises(tool.CouldNotFetch, match="another file"):
        tool.fetch(tmp_path / "fonts")
    assert [path.name for path in tmp_path.iterdir()] == ["root"]


def test_failing_says_what_to_do_and_leaves_nothing(
    tool: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setattr(tool.sys, "argv", ["fetch_fonts.py", str(tmp_path / "fonts")])
    assert tool.main() == 1
    said = capsys.readouterr().err
    assert "no network" in said
    assert "apt-get install fonts-ipamj-mincho fonts-ipaexfont-mincho" in said
    assert "SEKISHO_FONTS" in said
    assert list(tmp_path.iterdir()) == []
