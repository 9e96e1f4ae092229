"""Which noes may become a yes. By the issuer's answer (ISO 8583:1987, field 39)."""

from __future__ import annotations

from typing import Literal

MAY_YET_SUCCEED = frozenset(
    {
        "05",  # do not honour: the issuer does not say why
        "19",  # try again
        "51",  # not enough funds
        "61",  # over the amount limit
        "65",  # over the count limit
        "68",  # answer came too late
        "75",  # PIN tries: the card is fine at another day
        "90",  # cut-over
        "91",  # issuer not reached
        "92",  # no route to the issuer
        "96",  # malfunction
    }
)
"""Everything else goes to the work list at once, above all 04, 07, 14, 41, 43, 54, 57, 62: a card
that is stolen, closed, expired or not meant for this is never asked again by a machine (the card
schemes fine for it)."""

Verdict = Literal["retry", "work_list"]


def judge(response_code: str) -> Verdict:
    """Return what becomes of a declined charge; an unknown code is for a person."""
    return "retry" if response_code in MAY_YET_SUCCEED else "work_list"
