"""Which client body a transaction works for. Row-level security shows no row before it is said."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction


@contextmanager
def visible_to(client_body: str) -> Iterator[None]:
    """Run a transaction that sees the rows of ``client_body`` alone. Raises ``ValueError`` for an
    empty name or inside a transaction that works for another body."""
    if not client_body or client_body == "*":
        raise ValueError("a transaction of the vault names its client body")
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT current_setting('sekisho.client_body', true),"
                " set_config('sekisho.client_body', %s, true)",
                [client_body],
            )
            before = cursor.fetchone()[0]
        if before not in (None, "", client_body):
            raise ValueError("this transaction works for another client body")
        yield


def body_of_form(token_digest: bytes) -> str | None:
    """Return the client body of a card form, or nothing for an unknown one."""
    return _ask("SELECT body_of_form(%s)", token_digest)


def body_of_payment(payment_id: str) -> str | None:
    """Return the client body for which a card form of the payment was opened, or nothing."""
    return _ask("SELECT body_of_payment(%s)", payment_id)


def client_bodies() -> list[str]:
    """Return every client body that has a key here."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT client_bodies()")
        return [row[0] for row in cursor]


def _ask(question: str, value: bytes | str) -> str | None:
    with connection.cursor() as cursor:
        cursor.execute(question, [value])
        row = cursor.fetchone()
    return row[0] if row else None
