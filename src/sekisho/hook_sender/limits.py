"""Every limit of the sender, with its unit."""

from __future__ import annotations

WHOLE_SECONDS = 15.0
"""From connect to the end of the answer's head, however slowly bytes drip."""

SAID_SECONDS = 2.0
"""Longest wait for the beginning of an answer's body once its head was read."""

MAX_ANSWER_BYTES = 65_536
"""Of an answer that are read at all, its head included."""

RESOLVER_OPTIONS = "timeout:2 attempts:2"
"""For the C library (resolv.conf(5), RES_OPTIONS): it has no other bound for one name."""

MAX_ADDRESSES_TRIED = 3
"""Of a name that has several."""

DELIVERIES_AT_ONCE = 16
"""Threads that deliver."""

MAX_HELD = 64
"""Deliveries in hand: waiting, under way, or with an outcome that nobody fetched yet."""

CHECKS_AT_ONCE = 2
"""Addresses looked up for people at once; they share the doors with the deliveries."""
