"""The mailbox shows what is in the folder and runs nothing of it."""

from email.message import EmailMessage
from pathlib import Path
from typing import Any

from sekisho.simulators.mailbox import PAGES, Mailbox
from sekisho.simulators.mailbox.read_mails import MAX_MAIL_BYTES, list_mails

NAME = "0123456789abcdef"
LURE = '<script>alert("x")</script><img src=x onerror=y>'


def put(folder: Path, name: str, **headers: str) -> None:
    mail = EmailMessage()
    for header, value in {"Subject": "件名", "To": "a@example.jp", **headers}.items():
        mail[header.replace("_", "-")] = value
    mail.set_content(f"本文\n{LURE}\n", charset="utf-8", cte="8bit")
    (folder / f"{name}.eml").write_bytes(mail.as_bytes())


def ask(folder: Path, path: str) -> tuple[str, str]:
    said: list[str] = []

    def start(status: str, headers: Any) -> None:
        said.append(status)

    environ = {"PATH_INFO": path, "REQUEST_METHOD": "GET"}
    return (said and "") or "".join(
        part.decode() for part in Mailbox(folder)(environ, start)
    ), said[0]


def test_mails_are_listed_and_shown_escaped(tmp_path: Path) -> None:
    put(tmp_path, NAME, Subject=f"領収 {LURE}", To='"<b>" <a@example.jp>')
    listed, _ = ask(tmp_path, "/")
    shown, status = ask(tmp_path, f"/mail/{NAME}")
    assert status == "200 OK"
    for page in (listed, shown):
        assert "<script" not in page
        assert "<img" not in page
        assert "<b>" not in page
    assert "&lt;script&gt;" in shown


def test_an_empty_folder_says_so(tmp_path: Path) -> None:
    page, status = ask(tmp_path, "/")
    assert status == "200 OK"
    assert "No mail yet" in page


def test_nothing_outside_the_folder_is_shown(tmp_path: Path) -> None:
    inner = tmp_path / "mail"
    inner.mkdir()
    put(tmp_path, NAME)
    for path in (f"/mail/../{NAME}", "/mail/", "/mail/..%2f", f"/mail/{NAME}.eml", "/etc/passwd"):
        assert ask(inner, path)[1].startswith("404"), path
        assert not any(page.match(path) for page in PAGES), path


def test_odd_files_do_no_harm(tmp_path: Path) -> None:
    (tmp_path / f"{NAME}.eml").write_bytes(b"\xff\xfe" * MAX_MAIL_BYTES)
    (tmp_path / "note.txt").write_text("no mail")
    (tmp_path / "ABC.eml").write_text("Subject: not ours\n\n")
    (tmp_path / f"{'0' * 16}.eml").write_bytes(
        b"Subject: =?bad?x?=\nContent-Type: text/plain; charset=none\n\n\x80"
    )
    assert len(list_mails(tmp_path)) == 2
    assert ask(tmp_path, "/")[1] == "200 OK"
