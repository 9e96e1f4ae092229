"""Limits of enrolments, with their units."""

from __future__ import annotations

from datetime import timedelta

CARD_KEPT_AFTER_END = timedelta(days=60)
"""How long an ended enrolment may be reinstated: then its card and what its applicant typed are
forgotten (PCI DSS 3.2.1)."""

PAPER_OPEN = timedelta(days=14)
"""How long an application on paper may wait for its card and its second person."""

PAPER_FORM_OPEN = timedelta(minutes=30)
"""How long a clerk's card form is good; another is opened any time."""

REFUSED_SHOWN = timedelta(days=30)
"""How long a refused application stands on the desk's work list."""

MAX_PAPER_AGE_DAYS = 365
"""An application dated before this is not taken: the holder applies anew."""

LINK_OPEN = timedelta(days=14)
"""How long a link for another card is good."""

LINK_PAUSE = timedelta(minutes=10)
"""Between two links for one enrolment: nobody's mailbox is filled by a button."""

LINK_WRONG_LIMIT = 5
"""Wrong dates of birth after which a link is shut."""

WARN_MONTHS_AHEAD = 2
"""A card's last month lies this far ahead when its holder is warned first."""

WARN_BATCH_CARDS = 200
"""Cards asked of the vault, and warned of, in one step."""

FORGET_BATCH_ENROLMENTS = 200
"""Ended enrolments whose card is forgotten in one step."""

MAX_LINK_TOKEN_CHARACTERS = 64
