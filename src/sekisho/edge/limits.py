"""Every limit of the edge, with its unit.

A process passes its own `EdgeLimits` where its pages need more; the constants are the defaults.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

MAX_BODY_BYTES: Final = 65_536
MAX_HEADER_COUNT: Final = 64
MAX_HEADER_VALUE_BYTES: Final = 4_096
MAX_HEADERS_BYTES: Final = 16_384
MAX_COOKIES: Final = 50
MAX_URI_BYTES: Final = 4_096
MAX_FIELDS: Final = 64
MAX_FREE_VALUE_CHARS: Final = 2_048

RATE_REQUESTS_PER_SECOND: Final = 50.0
RATE_BURST_REQUESTS: Final = 200
MAX_CLIENTS_REMEMBERED: Final = 10_000
MAX_REQUESTS_IN_FLIGHT: Final = 64
# Past so many that wait for a thread, a request is told to come again: whoever waited behind them
# would have left before the answer.
MAX_REQUESTS_WAITING: Final = 100
RETRY_AFTER_SECONDS: Final = 2

# A body of more free text than this can take the engine a tenth of a second (docs/decisions/
# waf-redos.md): so many may be looked at at once, so that others always find a free thread.
HEAVY_TEXT_BYTES: Final = 4_096
MAX_HEAVY_INSPECTIONS: Final = 2
HEAVY_WAIT_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True)
class EdgeLimits:
    """Limits of one process's edge; names say the unit."""

    body_bytes: int = MAX_BODY_BYTES
    header_count: int = MAX_HEADER_COUNT
    header_value_bytes: int = MAX_HEADER_VALUE_BYTES
    headers_bytes: int = MAX_HEADERS_BYTES
    cookies: int = MAX_COOKIES
    uri_bytes: int = MAX_URI_BYTES
    fields: int = MAX_FIELDS
    free_value_chars: int = MAX_FREE_VALUE_CHARS
    rate_per_second: float = RATE_REQUESTS_PER_SECOND
    rate_burst: int = RATE_BURST_REQUESTS
    clients_remembered: int = MAX_CLIENTS_REMEMBERED
    in_flight: int = MAX_REQUESTS_IN_FLIGHT
    waiting: int = MAX_REQUESTS_WAITING
    heavy_text_bytes: int = HEAVY_TEXT_BYTES
    heavy_inspections: int = MAX_HEAVY_INSPECTIONS
    heavy_wait_seconds: float = HEAVY_WAIT_SECONDS

    def for_waitress(self, largest_body_bytes: int | None = None) -> dict[str, Any]:
        """Keyword arguments for `waitress.create_server` that fit these limits.

        Bodies up to the limit stay in memory: waitress would else write them to a temporary file,
        and a body can hold a card number (PCI DSS 3.3.1). Waitress's own limits are higher than
        ours, so that our page with a reference number answers, and not its bare text.
        """
        body = max(self.body_bytes, largest_body_bytes or 0)
        return {
            "max_request_body_size": body * 2,
            "inbuf_overflow": body * 2 + 1,
            "max_request_header_size": self.headers_bytes * 2,
            "clear_untrusted_proxy_headers": True,
            "ident": None,
            "expose_tracebacks": False,
        }
