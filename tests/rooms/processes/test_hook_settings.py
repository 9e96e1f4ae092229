"""`hooks.toml`: what opens the sender of webhooks for a rehearsal, and what may not stand there."""

from pathlib import Path

import pytest

from sekisho.processes.supervisor.errors import SettingsUnreadable
from sekisho.processes.supervisor.hook_settings import HOOKS_FILE, MAX_PORTS, hook_settings

CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"


def test_without_the_file_nothing_is_open(tmp_path: Path) -> None:
    assert hook_settings(tmp_path) == {"hooks": {}}


def test_what_a_rehearsal_opens(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text(CERTIFICATE)
    (tmp_path / HOOKS_FILE).write_text(
        'allow_private = true\nallow_plain = false\nports = [8080]\ntrust_file = "ca.pem"\n'
    )
    assert hook_settings(tmp_path) == {
        "hooks": {
            "allow_private": True,
            "allow_plain": False,
            "ports": [8080],
            "trust_pem": CERTIFICATE,
        }
    }


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ("allow_everything = true", "allow_everything"),
        ('allow_private = "yes"', "allow_private"),
        ("allow_plain = 1", "allow_plain"),
        ("ports = 8080", "ports"),
        ("ports = [0]", "ports"),
        ("ports = [65536]", "ports"),
        ("ports = [true]", "ports"),
        (f"ports = {list(range(1, MAX_PORTS + 2))}", "ports"),
        ('trust_file = "absent.pem"', "trust_file"),
        ('trust_file = "key.pem"', "trust_file"),
        ("not toml", HOOKS_FILE),
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, line: str, key: str) -> None:
    (tmp_path / "key.pem").write_text(f"{CERTIFICATE}-----BEGIN PRIVATE KEY-----\n")
    (tmp_path / HOOKS_FILE).write_text(line)
    with pytest.raises(SettingsUnreadable) as refused:
        hook_settings(tmp_path)
    assert key in str(refused.value)
    assert HOOKS_FILE in str(refused.value)
