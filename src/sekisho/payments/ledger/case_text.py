"""A network's case number as evidence keeps it.

Evidence masks what looks like a card number (PCI DSS 3.5.1), and sixteen digits that a network
numbers its cases by sooner or later do: the line would then name no case. Broken into groups they
look like none."""

from __future__ import annotations

CASE_BREAK = "·"
"""Not in any case number, which are printable ASCII."""

GROUP_CHARACTERS = 8


def case_text(case_number: str) -> str:
    """Return ``case_number`` in groups that nothing masks."""
    starts = range(0, len(case_number), GROUP_CHARACTERS)
    return CASE_BREAK.join(case_number[at : at + GROUP_CHARACTERS] for at in starts)
