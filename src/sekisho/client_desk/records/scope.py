"""Whose rows the database shows to this thread's connection."""

from __future__ import annotations

from datetime import datetime

from django.db import connection


def enter_body(client_body: str) -> None:
    """Show the rows of ``client_body`` from here on, none for ``""``."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('sekisho.client_body', %s, false)", [client_body])


def give_up_uploads() -> int:
    """Close what the last life of the process left open; return how many uploads."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT give_up_uploads()")
        row = cursor.fetchone()
    return int(row[0]) if row else 0


def body_of_api_key(secret_hash: bytes) -> str:
    """Return whose key has this hash, ``""`` if nobody's."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT body_of_api_key(%s)", [secret_hash])
        row = cursor.fetchone()
    return str(row[0]) if row and row[0] else ""


def forget_api_answers(before: datetime) -> int:
    """Forget every body's answers begun before ``before``; return how many."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT forget_api_answers(%s)", [before])
        row = cursor.fetchone()
    return int(row[0]) if row else 0
