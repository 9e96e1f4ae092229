"""Hands a written mail over: to a folder of ``.eml`` files, or to an SMTP host."""

from __future__ import annotations

import hashlib
import os
import smtplib
import ssl
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

from sekisho.vault.errors import MailUndeliverable
from sekisho.vault.limits import SMTP_SECONDS
from sekisho.vault.opened import MailSettings


def deliver(settings: MailSettings, mail: EmailMessage, key: str) -> None:
    """Deliver ``mail``. The same ``key`` again overwrites the file (folder) or carries the same
    Message-ID (SMTP). Raises ``MailUndeliverable``."""
    if settings.folder is not None:
        _to_folder(settings.folder, mail, key)
    else:
        _to_host(settings, mail)


def _to_folder(folder: Path, mail: EmailMessage, key: str) -> None:
    name = hashlib.sha256(key.encode()).hexdigest()[:32]
    fresh = folder / f".{name}.new"
    try:
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(mail.as_bytes(policy=SMTP))
            file.flush()
            os.fsync(file.fileno())
        # Renamed when whole: a reader of the folder never sees half a mail.
        fresh.rename(folder / f"{name}.eml")
    except OSError as error:
        raise MailUndeliverable(f"the mail folder refused: {error.strerror}") from None


def _to_host(settings: MailSettings, mail: EmailMessage) -> None:
    try:
        with smtplib.SMTP(settings.smtp_host, settings.smtp_port, timeout=SMTP_SECONDS) as host:
            if settings.smtp_tls:
                host.starttls(context=ssl.create_default_context())
            if settings.smtp_user and settings.smtp_password_file is not None:
                password = settings.smtp_password_file.read_text(encoding="utf-8").strip()
                host.login(settings.smtp_user, password)
            # As ASCII: not every host on the way takes eight bits (RFC 6152).
            mail.policy = SMTP.clone(cte_type="7bit")
            host.send_message(mail)
    except smtplib.SMTPException as error:
        # Its text may quote the address.
        raise MailUndeliverable(f"the mail host refused: {type(error).__name__}") from None
    except OSError as error:
        raise MailUndeliverable(f"the mail host can't be reached: {type(error).__name__}") from None
