"""Whether the site takes cards at the moment, asked of payments now and then: the entry page is the
busiest one, and must show when payments does not answer."""

from __future__ import annotations

import threading
import time

from sekisho.crossings.message import Refusal
from sekisho.crossings.payments import ShowCardEntry
from sekisho.transport import TransportError, cross

ASK_AGAIN_SECONDS = 5.0

_lock = threading.Lock()
_known: tuple[float, bool] | None = None


def takes_cards() -> bool:
    """Return whether cards are taken, as payments said at most ``ASK_AGAIN_SECONDS`` ago; True when
    it does not answer, as it will say so itself at the next step."""
    global _known
    moment = time.monotonic()
    with _lock:
        if _known is not None and moment - _known[0] < ASK_AGAIN_SECONDS:
            return _known[1]
    try:
        is_open = cross(ShowCardEntry()).open
    except (Refusal, TransportError):
        is_open = True
    with _lock:
        _known = (moment, is_open)
    return is_open


def forget_card_entry() -> None:
    """Ask again at the next page."""
    global _known
    with _lock:
        _known = None
