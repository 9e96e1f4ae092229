"""Stands before a public zone: reference number, request log, limits, WAF, then the application.

    application = stand_before(
        django_application, process="vault", log_dir=folder / "log", pages=PAGES, crs_dir=crs)

It is WSGI (PEP 3333) on both sides and knows nothing of Django. A request that it refuses never
reaches the application; whatever happens, one line is logged.
"""

from __future__ import annotations

import functools
import logging
import secrets
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from sekisho.edge.check_page import Unfit
from sekisho.edge.client_address import client_address, rate_key, read_networks
from sekisho.edge.describe_request import describe_request
from sekisho.edge.inspect_request import Inspector, Verdict
from sekisho.edge.limit_rates import Rates, Slots
from sekisho.edge.limits import EdgeLimits
from sekisho.edge.mask_secrets import tidy
from sekisho.edge.page_rules import PageRule
from sekisho.edge.read_request import Request, check_headers, read_request
from sekisho.edge.refuse import Refused, write_refusal
from sekisho.edge.request_log import RequestLog
from sekisho.edge.security_headers import STRICT_CSP, add_missing, security_headers
from sekisho.edge.waf import Waf

# Read aloud on the telephone: no I, L, O, U (Crockford), in two halves; 50 bits.
_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
REFERENCE_HALF_CHARS: Final = 5

# Variables of the engine's own, which say nothing about the request.
_NOWHERE: Final = frozenset({"", "TX:ANOMALY_SCORE"})

BROKEN: Final = 500
OUTAGE: Final = "sekisho.outage"
"""Set in the environment by the application when it broke on something that is away for now (its
database): the answer is then 503 with Retry-After (RFC 9110, 15.6.4) and not 500."""

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]

_said = logging.getLogger("sekisho.edge")


def new_reference() -> str:
    """A request's number, such as `7K3F9-QXM2T`; nobody can guess another one's."""
    number = secrets.randbits(10 * REFERENCE_HALF_CHARS)
    letters = [_ALPHABET[number >> shift & 31] for shift in range(0, 10 * REFERENCE_HALF_CHARS, 5)]
    return "".join(letters[:REFERENCE_HALF_CHARS]) + "-" + "".join(letters[REFERENCE_HALF_CHARS:])


@dataclass(slots=True)
class _Visit:
    """One request from its first byte to its log line."""

    request: Request
    client: str
    reference: str = field(default_factory=new_reference)
    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    began: float = field(default_factory=time.perf_counter)
    verdict: Verdict = field(default_factory=Verdict)
    waf_seconds: float = 0.0
    status: int = 0
    bytes_out: int = 0
    fault: str = ""


class _Answer:
    """The application's answer on its way out; the log line is written when it is closed."""

    def __init__(self, chunks: Iterable[bytes], visit: _Visit, end: Callable[[], None]) -> None:
        self._chunks = chunks
        self._visit = visit
        self._end = end

    def __iter__(self) -> Iterator[bytes]:
        try:
            for chunk in self._chunks:
                self._visit.bytes_out += len(chunk)
                yield chunk
        except Exception as error:
            self._visit.fault = type(error).__name__
            raise

    def close(self) -> None:
        try:
            close = getattr(self._chunks, "close", None)
            if close is not None:
                close()
        finally:
            self._end()


REQUESTS_WAITING = "sekisho.requests_waiting"
"""The server's word, in WSGI's environ, how many requests wait for a thread behind this one."""


class Edge:
    """The middleware of one process: a WSGI application around another one."""

    def __init__(
        self,
        app: Application,
        *,
        process: str,
        log: RequestLog,
        waf: Waf,
        pages: Sequence[PageRule],
        limits: EdgeLimits,
        trusted_proxies: Sequence[str],
        csp: str,
        https: bool,
    ) -> None:
        self._app = app
        self._process = process
        self._pages = tuple(pages)
        self._limits = limits
        self._trusted = read_networks(trusted_proxies)
        self._headers = security_headers(csp=csp, https=https)
        self._inspector = Inspector(waf, pages, limits)
        self._rates = Rates(limits)
        self._in_flight = Slots(limits.in_flight)
        self.waf = waf
        self.log = log

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        visit = _Visit(read_request(environ), client_address(environ, self._trusted))
        environ["sekisho.reference"] = visit.reference
        environ["sekisho.client_address"] = visit.client
        crowded = environ.get(REQUESTS_WAITING, 0) > self._limits.waiting
        if crowded or not self._in_flight.take():
            return self._refuse(visit, Unfit(503, "too many at once"), environ, start_response)
        try:
            refusal = self._admit(visit, environ)
            if refusal is not None:
                return self._refuse(visit, refusal, environ, start_response)
            return self._pass_on(visit, environ, start_response)
        except Exception as error:
            # Its text may hold what the client typed; the type says enough to find the place.
            visit.fault = type(error).__name__
            _said.error("request %s failed: %s", visit.reference, visit.fault)
            failing = functools.partial(start_response, exc_info=sys.exc_info())
            return self._refuse(visit, Unfit(500, "fault"), environ, failing)
        finally:
            if visit.status:
                self._in_flight.give_back()

    def _admit(self, visit: _Visit, environ: Environ) -> Unfit | None:
        """What the request is refused for, or None. A fault in here refuses it too."""
        try:
            check_headers(visit.request, self._limits)
        except Unfit as unfit:
            return unfit
        if not self._rates.allow(rate_key(visit.client)):
            return Unfit(429, "rate")
        began = time.perf_counter()
        visit.verdict = self._inspector.inspect(visit.request, environ, visit.client)
        visit.waf_seconds = time.perf_counter() - began
        return visit.verdict.refusal

    def _pass_on(
        self, visit: _Visit, environ: Environ, start_response: StartResponse
    ) -> Iterable[bytes]:
        begun = 0

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            nonlocal begun
            begun = int(status.split(" ", 1)[0])
            if begun == BROKEN:
                return lambda _data: None
            ours = [*self._headers, ("X-Request-Id", visit.reference)]
            return start_response(status, add_missing(headers, ours), exc_info)

        chunks = self._app(environ, start)
        if begun == BROKEN:
            return self._show_broken(visit, chunks, environ, start_response)

        def end() -> None:
            visit.status = begun
            self._in_flight.give_back()
            self._write_line(visit)

        return _Answer(chunks, visit, end)

    def _show_broken(
        self,
        visit: _Visit,
        chunks: Iterable[bytes],
        environ: Environ,
        start_response: StartResponse,
    ) -> Iterable[bytes]:
        """Our page in place of the application's bare one: come again soon during an outage of
        what stands behind the application, else that something went wrong."""
        close = getattr(chunks, "close", None)
        if close is not None:
            close()
        outage = OUTAGE in environ
        visit.fault = visit.fault or ("outage" if outage else "fault")
        unfit = Unfit(503, "outage") if outage else Unfit(BROKEN, "fault")
        return self._refuse(visit, unfit, environ, start_response)

    def _refuse(
        self, visit: _Visit, unfit: Unfit, environ: Environ, start_response: StartResponse
    ) -> Iterable[bytes]:
        refused = Refused(unfit.status, unfit.reason, unfit.field, visit.verdict.allow)
        status, headers, body = write_refusal(refused, environ, visit.reference)
        visit.verdict.refusal = unfit
        visit.status = int(status.split(" ", 1)[0])
        visit.bytes_out = len(body)
        self._write_line(visit)
        start_response(status, [*headers, *self._headers, ("X-Request-Id", visit.reference)])
        return [body]

    def _write_line(self, visit: _Visit) -> None:
        try:
            self.log.write(self._line(visit))
        except Exception as error:
            self.log.note(f"a line could not be made: {type(error).__name__}")

    def _line(self, visit: _Visit) -> dict[str, Any]:
        refusal, finding = visit.verdict.refusal, visit.verdict.finding
        at = visit.at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{visit.at.microsecond // 1000:03d}Z"
        return {
            "time": at,
            "reference": visit.reference,
            "process": self._process,
            "client": visit.client,
            **describe_request(visit.request, self._pages),
            "status": visit.status,
            "bytes_out": visit.bytes_out,
            "ms": round((time.perf_counter() - visit.began) * 1000, 2),
            "waf_ms": round(visit.waf_seconds * 1000, 2),
            "verdict": "refuse" if refusal else "pass",
            "reason": refusal.reason if refusal else "",
            "field": refusal.field if refusal else "",
            "rules": [match.rule_id for match in finding.matches],
            "where": tidy(", ".join(sorted({m.variable for m in finding.matches} - _NOWHERE)), 512),
            "severity": min((m.severity for m in finding.matches if m.severity is not None),
                            default=None),
            "patches": self.waf.patches_version,
            "fault": visit.fault,
        }  # fmt: skip

    def health(self) -> dict[str, Any]:
        """For `sekisho status`: the log, what is under way, the patches' version."""
        return {
            "request_log": self.log.health(),
            "in_flight": self._in_flight.taken,
            "in_flight_limit": self._in_flight.most,
            "clients_remembered": len(self._rates),
            "patches": self.waf.patches_version,
        }

    def close(self) -> None:
        """Finish the log; call when the server has stopped."""
        self.log.close()


def stand_before(
    app: Application,
    *,
    process: str,
    log_dir: Path,
    pages: Sequence[PageRule],
    crs_dir: Path,
    limits: EdgeLimits | None = None,
    trusted_proxies: Sequence[str] = (),
    csp: str = STRICT_CSP,
    https: bool = False,
) -> Edge:
    """Put the edge before a public zone's WSGI application.

    `process`: instance name for the log. `pages`: every page there is; another path is refused.
    `trusted_proxies`: networks whose X-Forwarded-For is believed. `csp`: for answers that set no
    Content-Security-Policy themselves. `https`: the site is reached over TLS.
    Raises CrsMissing, EngineMissing, RulesRefused, ValueError for a network that is none.
    """
    return Edge(
        app,
        process=process,
        log=RequestLog(log_dir),
        waf=Waf(crs_dir),
        pages=pages,
        limits=limits or EdgeLimits(),
        trusted_proxies=trusted_proxies,
        csp=csp,
        https=https,
    )
