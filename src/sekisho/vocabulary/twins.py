"""Twins for trying out. Every client body and every site has one, named after it with
``TEST_SUFFIX``: it keeps the same rules behind the same walls, and its money is not real.

What belongs to a twin is known by its name alone: an id of a payment, bill or link begins with
``t`` (``tpay_…``), a link's token with ``TEST_TOKEN_PREFIX``."""

from __future__ import annotations

TEST_SUFFIX = "_test"
"""Reserved: no client body and no site may be named so by hand."""

TEST_TOKEN_PREFIX = "test_"  # noqa: S105 - no secret: it says whose a token is
"""Before the 43 characters of a twin's link token."""

_TWIN_IDS = ("tpay_", "tbill_", "tlink_")


def twin_of(name: str) -> str:
    """Return the twin of a client body or site."""
    return name + TEST_SUFFIX


def live_of(name: str) -> str:
    """Return the client body or site that ``name`` is a twin of; ``name`` itself if it is none."""
    return name.removesuffix(TEST_SUFFIX)


def is_twin(name: str) -> bool:
    """Return whether a client body or site is a twin."""
    return name.endswith(TEST_SUFFIX)


def id_prefix(prefix: str, name: str) -> str:
    """Return the prefix of an id that belongs to client body or site ``name``: ``pay`` or
    ``tpay``."""
    return f"t{prefix}" if is_twin(name) else prefix


def is_of_twin(identifier: str) -> bool:
    """Return whether an id or a link's token belongs to a twin."""
    return identifier.startswith(_TWIN_IDS) or is_test_token(identifier)


def is_test_token(token: str) -> bool:
    """Return whether a link's token is of a twin; a live one is shorter, whatever it begins
    with."""
    return token.startswith(TEST_TOKEN_PREFIX) and len(token) > len(TEST_TOKEN_PREFIX) + 42
