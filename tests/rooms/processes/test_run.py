"""A process started by hand says who should start it; sockets lie where nobody else can put one."""

import subprocess
import sys
from pathlib import Path

import pytest

from sekisho.processes.socket_places import (
    SocketPlaceError,
    make_private_folder,
    socket_folder,
)


@pytest.mark.parametrize(
    ("verb", "said"),
    [("run", "started by the supervisor"), ("dance", "say run, prepare or migrate")],
)
def test_a_process_started_by_hand_says_what_to_do(verb: str, said: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "sekisho.processes.notices", verb],
        env={"PYTHONPATH": str(Path(__file__).parents[3] / "src")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_short_folder_is_used_as_it_is() -> None:
    assert socket_folder(Path("/tmp")) == Path("/tmp")


def test_a_long_folder_always_gets_the_same_short_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    one, again = (socket_folder(tmp_path / ("x" * 120)) for _ in range(2))
    other = socket_folder(tmp_path / ("y" * 120))
    assert one == again != other
    assert one.parent == tmp_path


def test_a_folder_that_another_laid_down_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "elsewhere")
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o755)
    for folder in (link, tmp_path / "open"):
        with pytest.raises(SocketPlaceError, match="private folder"):
            make_private_folder(folder)
