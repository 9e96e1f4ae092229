"""Says whether a request may pass: the page's rules, the patches, the Core Rule Set.

An attack outweighs any other refusal, so that what is refused for its form is also known for what
it was. The Core Rule Set sees what the page leaves free; a request that the page refuses is
inspected as it came.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlencode

from sekisho.edge.check_page import (
    Pairs,
    Unfit,
    check_content_type,
    check_json,
    check_pairs,
    read_pairs,
)
from sekisho.edge.close_headers import open_headers
from sekisho.edge.limit_rates import Slots
from sekisho.edge.limits import EdgeLimits
from sekisho.edge.modsecurity import Finding, RequestParts
from sekisho.edge.page_rules import FORM, JSON, PageRule, find_page
from sekisho.edge.read_request import Request, body_length, bound_stream, check_encoding, read_body
from sekisho.edge.waf import Waf, join_findings

# A body that is refused anyway is inspected for the log up to this size.
MAX_REFUSED_BODY_BYTES: Final = 4_096
# REQUEST-920-PROTOCOL-ENFORCEMENT, and the rule that refuses for the sum of what others said.
_PROTOCOL_RULES: Final = range(920_000, 921_000)
_SCORE_RULE: Final = 949_110


@dataclass(slots=True)
class Verdict:
    """What was decided of a request; `refusal` is None when it may pass."""

    refusal: Unfit | None = None
    finding: Finding = field(default_factory=Finding)
    allow: tuple[str, ...] = ()


@dataclass(slots=True)
class _Left:
    """What is left for the Core Rule Set: None means as it came."""

    query: Pairs | None = None
    body: Pairs | None = None
    closed: bool = False


def _check_method(page: PageRule | None, request: Request) -> PageRule:
    if page is None:
        raise Unfit(404, "unknown path")
    if request.method not in page.methods:
        raise Unfit(405, "method")
    return page


def _fit(page: PageRule, request: Request, environ: dict[str, Any], limits: EdgeLimits) -> _Left:
    """Hold a request against its page's rules, reading the body. Raises Unfit."""
    check_encoding(environ)
    length = body_length(environ)
    has_body = length != 0 if length is not None else bool(environ.get("HTTP_TRANSFER_ENCODING"))
    if has_body and request.method in ("GET", "HEAD", "OPTIONS"):
        raise Unfit(400, "body where none belongs")
    media_type = check_content_type(page, request.content_type, has_body=has_body)
    most = page.max_body_bytes or limits.body_bytes
    if page.body == "stream":
        bound_stream(environ, most)
        request.body_bytes = length or 0
    elif has_body:
        request.body = read_body(environ, most)
        request.body_bytes = len(request.body)
    query = check_pairs(read_pairs(request.query, limits), page.query_field, page.query, limits)
    body: Pairs | None = []
    if media_type == FORM:
        pairs = read_pairs(request.body, limits)
        request.field_names = [name for name, _ in pairs]
        body = check_pairs(pairs, page.body_field, page.fields, limits)
    elif request.body:
        body = None
        if media_type == JSON or media_type.endswith("+json"):
            check_json(page, request.body, limits)
    return _Left(query, body, closed=True)


def _parts(request: Request, client: str, left: _Left) -> RequestParts:
    """The request for the engine: what is left of it, or all of it."""
    uri, body, headers = request.uri, request.body, request.headers
    if left.closed:
        headers = open_headers(headers)
        if left.query is not None:
            path = uri.split(b"?", 1)[0]
            uri = path + b"?" + urlencode(left.query).encode() if left.query else path
        if left.body is not None:
            body = urlencode(left.body).encode()
            length = str(len(body)).encode()
            headers = [(n, length if n == b"Content-Length" else v) for n, v in headers]
    return RequestParts(
        method=request.method.encode("latin-1", "replace"),
        uri=uri,
        http_version=request.version.encode("latin-1", "replace"),
        headers=headers,
        body=body,
        client_address=client.encode("ascii", "replace"),
    )


def _only_bad_manners(finding: Finding) -> bool:
    """Whether only protocol rules matched: our own refusal (400, 415) says it better then."""
    return all(
        match.rule_id in _PROTOCOL_RULES or match.rule_id == _SCORE_RULE
        for match in finding.matches
    )


class Inspector:
    """The checks of one process; one instance for all threads."""

    def __init__(self, waf: Waf, pages: Sequence[PageRule], limits: EdgeLimits) -> None:
        self._waf = waf
        self._pages = tuple(pages)
        self._limits = limits
        self._heavy = Slots(limits.heavy_inspections)

    def inspect(self, request: Request, environ: dict[str, Any], client: str) -> Verdict:
        """Decide on one request; reads its body into `request` and back into `environ`."""
        verdict = Verdict()
        left = _Left()
        page = find_page(self._pages, request.path)
        try:
            left = _fit(_check_method(page, request), request, environ, self._limits)
        except Unfit as unfit:
            verdict.refusal = unfit
            verdict.allow = page.methods if page and unfit.status == 405 else ()
            if len(request.body) > MAX_REFUSED_BODY_BYTES:
                request.body = b""
        as_it_came = _parts(request, client, _Left())
        findings = [self._waf.inspect_with_patches(as_it_came)]
        if findings[0].status is None:
            parts = _parts(request, client, left) if left.closed else as_it_came
            crs = self._inspect_with_crs(parts)
            if crs is None:
                verdict.refusal = Unfit(503, "too many heavy bodies")
            else:
                findings.append(crs)
        return self._decide(verdict, join_findings(findings))

    def _inspect_with_crs(self, parts: RequestParts) -> Finding | None:
        """None when too many heavy bodies are being looked at already."""
        if len(parts.body) + len(parts.uri) <= self._limits.heavy_text_bytes:
            return self._waf.inspect_with_crs(parts)
        with self._heavy.one(self._limits.heavy_wait_seconds) as taken:
            return self._waf.inspect_with_crs(parts) if taken else None

    @staticmethod
    def _decide(verdict: Verdict, finding: Finding) -> Verdict:
        verdict.finding = finding
        if finding.status == 403 and not (verdict.refusal and _only_bad_manners(finding)):
            verdict.refusal = Unfit(403, "attack")
            verdict.allow = ()
        elif finding.status is not None and verdict.refusal is None:
            verdict.refusal = Unfit(finding.status, "engine")
        return verdict
