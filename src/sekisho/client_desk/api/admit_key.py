"""The one way into the API: ``Authorization: Bearer`` and a key with the scope that is needed."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja.security import HttpBearer

from sekisho.client_desk.api import limit_keys
from sekisho.client_desk.api.problems import Problem
from sekisho.client_desk.keys.admit import Holder, admit
from sekisho.vocabulary.clock import now


class ApiKeyHeld(HttpBearer):
    """Lets the holder of a good key with ``scope`` through, at its pace."""

    def __init__(self, scope: str) -> None:
        super().__init__()
        self.scope = scope

    def authenticate(self, request: HttpRequest, token: str) -> Any:
        """Return the holder. Raises ``Problem``: ``key_not_good``, ``too_many_requests``,
        ``scope_needed``."""
        holder = admit(token, now())
        if holder is None:
            raise Problem("key_not_good")
        pace = limit_keys.WRITES if request.method == "POST" else limit_keys.READS
        left = limit_keys.buckets.take(holder.key_id, pace)
        request.rate_left = left  # type: ignore[attr-defined]
        if left.wait_seconds:
            raise Problem("too_many_requests", retry_seconds=left.wait_seconds)
        if self.scope not in holder.scopes:
            raise Problem("scope_needed", f"the key needs the scope {self.scope}")
        return holder


def holder_of(request: HttpRequest) -> Holder:
    """Return who holds the key of this request."""
    holder: Holder = request.auth  # type: ignore[attr-defined]
    return holder
