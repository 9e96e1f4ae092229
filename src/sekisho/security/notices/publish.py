"""Publishes the site: a reader sees the old page or the new one, never half of one."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from sekisho.security.notices.draw_pages import draw_site
from sekisho.security.notices.read_notices import read_notices


def publish(source: Path, public: Path, address: str) -> int:
    """Draw the notices of ``source`` into ``public``; return how many. What is no longer a notice
    goes. Raises ``NoticeWrong``, and then nothing changed."""
    notices = read_notices(source)
    files = draw_site(notices, address)
    for path, content in files.items():
        _write(public / path, content)
    _remove_others(public, set(files))
    return len(notices)


def _write(path: Path, content: bytes) -> None:
    if path.is_file() and path.read_bytes() == content:
        return
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    fresh = path.with_name(path.name + ".new")
    fresh.write_bytes(content)
    fresh.replace(path)


def _remove_others(public: Path, kept: set[str]) -> None:
    folders = {str(Path(path).parent) for path in kept}
    for entry in sorted(public.rglob("*"), reverse=True):
        path = str(entry.relative_to(public))
        if entry.is_symlink() or (entry.is_file() and path not in kept):
            entry.unlink()
        elif entry.is_dir() and not any(f == path or f.startswith(path + os.sep) for f in folders):
            shutil.rmtree(entry, ignore_errors=True)
