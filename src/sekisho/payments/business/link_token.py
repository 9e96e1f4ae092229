"""A link's token: 256 bits made from the link's id with a key of payments alone.

So the same link can be shown again to its client body although only the token's hash is kept, and
whoever reads the table, or is a payer site, can make none."""

from __future__ import annotations

import base64
import hashlib
import hmac

from sekisho.vocabulary.twins import TEST_TOKEN_PREFIX, is_of_twin

LINK_KEY = "link"
"""Name of the key in the process's key folder."""

TOKEN_CHARACTERS = 43
_PURPOSE = b"sekisho payment link token v1\0"


def link_token(key: bytes, link_id: str) -> str:
    """Return the token of ``link_id``: HMAC-SHA256 (RFC 2104) in 43 URL-safe characters; a twin's
    begins with ``TEST_TOKEN_PREFIX`` besides."""
    digest = hmac.new(key, _PURPOSE + link_id.encode(), hashlib.sha256).digest()
    token = base64.urlsafe_b64encode(digest).decode().rstrip("=")
    return f"{TEST_TOKEN_PREFIX}{token}" if is_of_twin(link_id) else token


def token_hash(token: str) -> bytes:
    """Return what is kept of a token: SHA-256. The token has 256 random bits, so nothing slower is
    needed."""
    return hashlib.sha256(token.encode()).digest()
