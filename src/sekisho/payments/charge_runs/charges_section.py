"""``[payments.charges]`` of a site's file: how its enrolments are charged, and every limit."""

from __future__ import annotations

from datetime import timedelta

import msgspec

NOTICE_DAYS = 10
"""Days between the notice to a holder and the charge, at least."""

MAX_NOTICE_DAYS = 60

CHARGES_PER_SECOND = 10.0
"""Charges begun in one second for one run."""

MAX_CHARGES_PER_SECOND = 500.0

BUDGET_SHARE_PERCENT = 80
"""Of the vault's releases in one hour, what runs may use; the rest is left to payers."""

RETRY_AFTER_DAYS = (3, 7, 14)
"""Pauses before the second, third and fourth try of a charge that may yet succeed."""

MAX_IN_FLIGHT_CHARGES = 48
"""Charges of one run that were asked of the issuer and not answered yet."""

MAX_CHARGES_PER_LOOK = 100
"""Charges begun before the work looks at everything else again."""

NOTICES_PER_LOOK = 100
"""Holders told in one transaction."""

LOOK_SECONDS = 0.5
"""Pause between two looks at the runs."""

BUDGET_LOOK_SECONDS = 5.0
"""How old the vault's word on its budget may be."""

UNSENT_PAUSE = timedelta(minutes=10)
"""Pause after a charge that never reached its issuer: nobody judged the card."""

UNSENT_LIMIT_TRIES = 6
"""Tries in a row that never reached the issuer; then a person looks."""

UNSENT_STOPS_RUN = 20
"""So many unsent charges waiting at once stop the run: the network is away, not the cards."""

MAX_ITEMS_PER_RUN = 1_000_000
MAX_KEY_CHARACTERS = 200
MAX_WHY_CHARACTERS = 500


class ChargesSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The section as written."""

    notice_days: int = NOTICE_DAYS
    per_second: float = CHARGES_PER_SECOND
    budget_share_percent: int = BUDGET_SHARE_PERCENT

    def faults(self) -> list[str]:
        """Return what is wrong and what to write instead."""
        found = []
        if not 0 <= self.notice_days <= MAX_NOTICE_DAYS:
            found.append(f"notice_days must be from 0 to {MAX_NOTICE_DAYS}")
        if not 0 < self.per_second <= MAX_CHARGES_PER_SECOND:
            found.append(f"per_second must be above 0 and at most {MAX_CHARGES_PER_SECOND:g}")
        if not 1 <= self.budget_share_percent <= 100:
            found.append("budget_share_percent must be from 1 to 100")
        return found
