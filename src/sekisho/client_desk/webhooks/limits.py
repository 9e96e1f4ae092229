"""Every limit of webhooks, with its unit."""

from __future__ import annotations

from datetime import timedelta

PAUSES = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=22),
)
"""Between tries; a little over three days together, ten tries."""

JITTER = 0.1
"""Share of a pause by which it is longer or shorter, so that what failed together does not come
back together."""

REST_FIRST = timedelta(seconds=5)
REST_LONGEST = timedelta(minutes=5)
"""An endpoint that failed is left alone for the first, twice as long each time, up to the second:
however much waits for it, it takes one thread for one answer and then none."""

SWITCHED_OFF_AFTER = timedelta(days=5)
"""An endpoint that has failed for so long is switched off, and its body told so on the desk."""

SECRETS_OVERLAP = timedelta(hours=24)
"""How long the former secret signs beside the new one."""

MAX_ENDPOINTS_PER_BODY = 10
MAX_DESCRIPTION_CHARACTERS = 100
MAX_PAYLOAD_BYTES = 65_536

MAX_REPLAYED = 10_000
"""Events sent again at once, by one press of the button."""

PULL_SECONDS = 0.5
"""Between two questions to payments while nothing is new."""

PULL_EVENTS = 500
"""Events asked for at once."""

FETCH_SECONDS = 0.05
"""Between two looks at deliveries that are under way."""

TRAIN = 16
"""Deliveries of one endpoint handed over together, to be sent one after the other; of one that
failed lately, a single one."""

IN_HAND = 32
"""Deliveries of all endpoints handed over at once."""

FAILING_IN_HAND = 6
"""Of those, to endpoints that failed lately: they never hold all of the sender's threads."""

DELIVERIES_KEPT = timedelta(days=30)
EVENTS_KEPT = timedelta(days=90)
PRUNE_SECONDS = 3_600.0
PRUNE_ROWS = 5_000
"""Removed in one statement."""

MAX_PAGE_ROWS = 200
