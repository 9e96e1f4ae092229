"""A platform may lay its own guard limits over the sites', and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from sekisho.processes.supervisor.errors import SettingsUnreadable
from sekisho.processes.supervisor.site_files import lay_over, site_settings


def laid(folder: Path, text: str) -> dict[str, object]:
    file = folder / "sites.toml"
    file.write_text(text, encoding="utf-8")
    found: dict[str, object] = lay_over(site_settings("payments"), file)["sites"]
    return found


def test_without_a_file_nothing_changes(tmp_path: Path) -> None:
    told = site_settings("payments")
    assert lay_over(told, tmp_path / "sites.toml") is told


def test_the_guard_of_one_site_is_laid_over(tmp_path: Path) -> None:
    before = site_settings("payments")["sites"]
    after = laid(tmp_path, '[metropolitan_tax.payments.guard]\nmode = "watch"\n')
    changed = after["metropolitan_tax"]["payments"]  # type: ignore[index]
    assert changed["guard"] == {"mode": "watch"}
    assert {**changed, "guard": None} == {**before["metropolitan_tax"]["payments"], "guard": None}
    assert after["group_life_premium"] == before["group_life_premium"]


@pytest.mark.parametrize(
    "text",
    [
        '[nowhere.payments.guard]\nmode = "watch"\n',
        "[metropolitan_tax.payments]\ncard_limit_yen = 1\n",
        "[metropolitan_tax.payments]\ncard_limit_yen = 1\n[metropolitan_tax.payments.guard]\n",
        '[metropolitan_tax.site]\nid = "x"\n',
        'metropolitan_tax = "x"\n',
        "not toml",
    ],
)
def test_anything_else_is_refused_by_name(tmp_path: Path, text: str) -> None:
    with pytest.raises(SettingsUnreadable, match=r"sites\.toml"):
        laid(tmp_path, text)
