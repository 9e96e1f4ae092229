"""Evidence: the append-only account of who did what.

A zone appends a line in the transaction of the act itself; its database role may insert and
nothing else. The keeper (a process of its own) links the lines into a SHA-256 chain within a
second and signs the head. ``verify`` finds a line that was changed, removed, slipped in or moved.
"""

from sekisho.evidence.append import append, facts_text

__all__ = ["append", "facts_text"]
