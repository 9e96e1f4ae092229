"""The request log: rotated, compressed, kept and forgotten; harmless bytes; no disk, no outage."""

from __future__ import annotations

import errno
import gzip
import json
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sekisho.edge import Edge, request_log
from sekisho.edge.request_log import RequestLog
from tests.rooms.edge.knock import knock, log_bytes, log_lines

DOCS = Path(__file__).parents[3] / "docs/reference/request-log.md"


def test_a_line_holds_what_a_hunt_needs(edge: Edge, folder: Path) -> None:
    headers = {"Content-Type": "text/x-odd", "X-Odd": "tick", "Transfer-Encoding": "chunked"}
    knock(edge, path="/find", query="q=%3Cb%3E", headers=headers, client="192.0.2.9")
    line = log_lines(folder)[0]
    assert line["client"] == "192.0.2.9"
    assert (line["method"], line["path"], line["query"]) == ("GET", "/find", "q=%3Cb%3E")
    assert line["headers"]["content-type"] == "text/x-odd"
    assert line["headers"]["x-odd"] == "tick"
    assert line["headers"]["transfer-encoding"] == "chunked"
    assert line["headers"]["user-agent"].startswith("Mozilla")
    assert line["bytes_out"] > 0
    assert line["ms"] >= line["waf_ms"] > 0


def test_every_member_is_documented(edge: Edge, folder: Path) -> None:
    knock(edge)
    text = DOCS.read_text(encoding="utf-8")
    assert [name for name in log_lines(folder)[0] if f"| `{name}` |" not in text] == []


def test_hostile_bytes_are_harmless(edge: Edge, folder: Path) -> None:
    hostile = 'a\x1b]0;owned\x07\x9b31m\r\n{"time": "forged"}\u2028\u202e\x00<script>'
    knock(edge, path="/" + hostile, query=hostile, headers={"User-Agent": hostile})
    written = log_bytes(folder)
    assert written.count(b"\n") == 1
    assert written.isascii()
    assert all(byte >= 0x20 for byte in written.rstrip(b"\n"))
    assert json.loads(written)["time"] != "forged"


def test_the_longest_request_fits_a_line(edge: Edge, folder: Path) -> None:
    big = {f"X-{'あ' * 20}-{n}": "\u202e" * 600 for n in range(200)}
    knock(edge, "ÿ" * 400, "/" + "\u202e" * 9000, "\u202e" * 9000, headers=big)
    assert len(log_lines(folder)) == 1
    assert edge.log.lines_dropped == 0


def test_rotated_files_are_compressed_whole(tmp_path: Path) -> None:
    log = RequestLog(tmp_path, rotate_bytes=2_000)

    def write(writer: int) -> None:
        for number in range(200):
            log.write({"writer": writer, "number": number})

    threads = [threading.Thread(target=write, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    log.close()
    texts = [gzip.decompress(path.read_bytes()) for path in sorted(tmp_path.glob("*.jsonl.gz"))]
    assert len(texts) > 3
    assert all(len(text) < 4_000 for text in texts)
    texts.append((tmp_path / "requests.jsonl").read_bytes())
    lines = [json.loads(line) for text in texts for line in text.splitlines()]
    assert len(lines) == 800
    assert len({(line["writer"], line["number"]) for line in lines}) == 800
    assert not list(tmp_path.glob("requests-*.jsonl"))


def test_a_file_that_is_old_enough_is_rotated(tmp_path: Path) -> None:
    log = RequestLog(tmp_path, rotate_seconds=-1)
    log.write({"a": 1})
    log.write({"a": 2})
    log.close()
    assert len(list(tmp_path.glob("*.jsonl.gz"))) == 2


def test_what_an_earlier_process_left_is_compressed(tmp_path: Path) -> None:
    (tmp_path / "requests-20170309T180000.000Z-1.jsonl").write_text('{"a":1}\n')
    (tmp_path / "requests.jsonl").write_text('{"half":')
    log = RequestLog(tmp_path)
    log.write({"a": 2})
    log.close()
    packed = list(tmp_path.glob("*.jsonl.gz"))
    assert [gzip.decompress(path.read_bytes()) for path in packed] == [b'{"a":1}\n']
    assert (tmp_path / "requests.jsonl").read_text() == '{"half":\n{"a":2}\n'


def test_files_past_their_time_are_removed(tmp_path: Path) -> None:
    old, young = tmp_path / "requests-a.jsonl.gz", tmp_path / "requests-b.jsonl.gz"
    for path in (old, young):
        path.write_bytes(gzip.compress(b""))
    os.utime(old, (0, 0))
    RequestLog(tmp_path).close()
    assert not old.exists()
    assert young.exists()


def test_a_full_disk_takes_no_site_down(
    edge: Edge, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.write

    def full(file: int, data: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    assert knock(edge).status == 200
    monkeypatch.setattr(request_log.os, "write", full)
    assert [knock(edge).status for _ in range(3)] == [200, 200, 200]
    health: dict[str, Any] = edge.health()["request_log"]
    assert health["lines_dropped"] == 3
    assert "No space left" in health["fault"]
    monkeypatch.setattr(request_log.os, "write", real)
    monkeypatch.setattr(request_log, "RETRY_AFTER_FAULT_SECONDS", 0.0)
    assert knock(edge).status == 200
    assert edge.health()["request_log"]["fault"] == ""
    assert len(log_lines(folder)) == 2


def test_half_a_line_does_not_spoil_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = RequestLog(tmp_path)
    real = os.write
    monkeypatch.setattr(request_log.os, "write", lambda file, data: real(file, data[:5]))
    log.write({"first": 1})
    monkeypatch.setattr(request_log.os, "write", real)
    monkeypatch.setattr(request_log, "RETRY_AFTER_FAULT_SECONDS", 0.0)
    log.write({"second": 2})
    log.close()
    assert (tmp_path / "requests.jsonl").read_text().splitlines()[-1] == '{"second":2}'


def test_a_folder_that_can_not_be_written_is_reported(
    tmp_path: Path, make_edge: Callable[..., Edge]
) -> None:
    (tmp_path / "file").write_text("")
    edge = make_edge(log=RequestLog(tmp_path / "file"))
    assert knock(edge).status == 200
    assert "could not open" in edge.health()["request_log"]["fault"]


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "other").write_text("")
    (tmp_path / "requests.jsonl").symlink_to(tmp_path / "other")
    log = RequestLog(tmp_path)
    log.write({"a": 1})
    log.close()
    assert (tmp_path / "other").read_text() == ""
    assert log.health()["lines_dropped"] == 2


def test_something_that_is_no_json_is_counted(tmp_path: Path) -> None:
    log = RequestLog(tmp_path)
    log.write({"a": object()})
    log.close()
    assert log.health()["lines_dropped"] == 1
