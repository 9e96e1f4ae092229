"""The mailbox's two pages, without a framework or a script; everything shown is escaped."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from html import escape
from pathlib import Path
from typing import Any

from sekisho.edge import LOOK_PAGE, PageRule
from sekisho.edge.look import serve as serve_look
from sekisho.edge.look.plain_page import answer, not_found, plain_page
from sekisho.simulators.mailbox.read_mails import Mail, MailUnknown, list_mails, read_mail

Start = Callable[..., Any]

MAIL_PREFIX = "/mail/"

PAGES = (
    LOOK_PAGE,
    PageRule("/", query=()),
    PageRule(rf"{MAIL_PREFIX}[0-9a-f]{{8,64}}", query=()),
)
"""What the mailbox answers, for the edge before it."""

_TITLE = "メール（見本）/ Mails (sample)"


class Mailbox:
    """A WSGI application that shows the mails of ``folder``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._served = serve_look(self._answer)

    def __call__(self, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        return self._served(environ, start)

    def _answer(self, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path == "/":
            return answer(start, plain_page(_TITLE, _list(list_mails(self._folder))))
        if path.startswith(MAIL_PREFIX):
            try:
                mail = read_mail(self._folder, path.removeprefix(MAIL_PREFIX))
            except MailUnknown:
                return not_found(start)
            page = plain_page(mail.subject, _letter(mail), language=_language(mail))
            return answer(start, page)
        return not_found(start)


def _language(mail: Mail) -> str:
    return mail.language if mail.language in ("ja", "en") else "ja"


def _list(mails: list[Mail]) -> str:
    note = (
        '<p class="small soft">この画面は見本環境のものです。本番では、メールは払う人に届きます。'
        ' <span lang="en">Part of the sample platform; in production mails go to payers.</span></p>'
    )
    if not mails:
        return note + '<p>まだメールはありません。 <span lang="en">No mail yet.</span></p>'
    rows = "".join(
        f"<div><dt>{escape(mail.date)}<br>{escape(mail.receiver)}</dt>"
        f'<dd><a lang="{_language(mail)}" href="{MAIL_PREFIX}{mail.name}">'
        f"{escape(mail.subject)}</a></dd></div>"
        for mail in mails
    )
    return f'{note}<dl class="facts">{rows}</dl>'


def _letter(mail: Mail) -> str:
    facts = (("差出人 From", mail.sender), ("宛先 To", mail.receiver), ("日時 Date", mail.date))
    shown = "".join(f"<div><dt>{name}</dt><dd>{escape(text)}</dd></div>" for name, text in facts)
    lines = "<br>".join(escape(line) for line in mail.body.splitlines())
    return (
        f'<p><a class="back" href="/">一覧へ Back to the list</a></p><dl class="facts">{shown}</dl>'
        f'<p class="mail-text">{lines}</p>'
    )
