"""Reads the mails of a folder: a bounded number, newest first, whatever is in them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

MAX_MAILS_LISTED = 200
MAX_MAIL_BYTES = 262_144

MAIL_NAME = re.compile(r"[0-9a-f]{8,64}")
"""Names that the vault gives to mails; nothing else in the folder is looked at."""


class MailUnknown(LookupError):
    """There is no such mail."""


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail as its receiver sees it."""

    name: str
    sender: str
    receiver: str
    subject: str
    date: str
    language: str
    body: str


def list_mails(folder: Path) -> list[Mail]:
    """Return the newest ``MAX_MAILS_LISTED`` mails of ``folder``; one that can't be read is left
    out."""
    files = [path for path in folder.glob("*.eml") if MAIL_NAME.fullmatch(path.stem)]
    dated = []
    for path in files:
        try:
            dated.append((path.stat().st_mtime_ns, path.stem))
        except FileNotFoundError:
            continue
    mails = []
    for _, name in sorted(dated, reverse=True)[:MAX_MAILS_LISTED]:
        try:
            mails.append(read_mail(folder, name))
        except MailUnknown:
            continue
    return mails


def read_mail(folder: Path, name: str) -> Mail:
    """Return one mail. Raises ``MailUnknown`` for a name that is none, also one with a path in
    it."""
    if not MAIL_NAME.fullmatch(name):
        raise MailUnknown(name)
    try:
        with (folder / f"{name}.eml").open("rb") as file:
            raw = file.read(MAX_MAIL_BYTES)
    except OSError:
        raise MailUnknown(name) from None
    message = message_from_bytes(raw, policy=default)
    return Mail(
        name=name,
        sender=str(message["From"] or ""),
        receiver=str(message["To"] or ""),
        subject=str(message["Subject"] or ""),
        date=_date(message),
        language=str(message["Content-Language"] or "ja"),
        body=_body(message),
    )


def _date(message: EmailMessage) -> str:
    try:
        return f"{message['Date'].datetime:%Y-%m-%d %H:%M}"
    except (AttributeError, TypeError, ValueError):
        return ""


def _body(message: EmailMessage) -> str:
    part = message.get_body(preferencelist=("plain",))
    if part is None:
        return ""
    try:
        return str(part.get_content())
    except (LookupError, ValueError):
        return ""
