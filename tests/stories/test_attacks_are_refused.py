"""Attack requests to the running public processes get a refusal with a reference number.

The first is the header of CVE-2017-5638 (S2-045); it does nothing here but be refused."""

from __future__ import annotations

import http.client
import re
from urllib.parse import urlencode, urlsplit

import pytest

from tests.running_platform import RunningPlatform

FORM = "application/x-www-form-urlencoded"
OGNL = "%{(#_='multipart/form-data').(#x='an inert sample of S2-045')}"
PUBLIC = [
    "payer_site.metropolitan_tax",
    "payer_site.group_life_premium",
    "vault",
    "client_desk",
    "console",
    "notices",
]
BILL = {
    "way": "four",
    "payee_number": "13999",
    "payment_number": "70000000000000000000",
    "confirmation_number": "246813",
    "category_number": "001",
}


def _send(
    address: str, method: str, path: str, body: bytes | None = None, **headers: str
) -> tuple[int, str]:
    parts = urlsplit(address)
    line = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    line.request(method, path, body, {"User-Agent": "Mozilla/5.0", **named})
    answer = line.getresponse()
    return answer.status, answer.read().decode("utf-8", "replace")


@pytest.mark.parametrize("process", PUBLIC)
def test_the_header_of_2017_is_refused_everywhere(platform: RunningPlatform, process: str) -> None:
    status, page = _send(platform.address(process), "GET", "/", Content_Type=OGNL)
    assert status == 403
    assert re.search(r"[0-9A-Z]{4}-[0-9A-Z]{4}", page), "no reference number"
    assert "OGNL" not in page


@pytest.mark.parametrize(
    ("body", "headers", "statuses"),
    [
        (urlencode({**BILL, "payee_number": "1' OR '1'='1' --"}).encode(), {}, {400, 403}),
        (urlencode({**BILL, "more": "x"}).encode(), {}, {400, 403}),
        (urlencode(BILL).encode(), {"Content_Type": ""}, {400, 403, 415}),
        (urlencode(BILL).encode(), {"Content_Encoding": "gzip"}, {415}),
        (b'{"a": 1}', {"Content_Type": "application/json"}, {400, 403, 415}),
        (b"a=" + b"b" * 2_000_000, {}, {413}),
    ],
)
def test_what_no_form_of_the_page_sends_is_refused(
    platform: RunningPlatform, body: bytes, headers: dict[str, str], statuses: set[int]
) -> None:
    address = platform.address("payer_site.metropolitan_tax")
    try:
        status, _ = _send(address, "POST", "/bill", body, **{"Content_Type": FORM, **headers})
    except ConnectionError:
        assert len(body) > 1_000_000, "the line was cut for a small body"
        return
    assert status in statuses


@pytest.mark.parametrize(
    "path", ["/../../etc/passwd", "/bill?x=<script>alert(1)</script>", "/.env"]
)
def test_paths_that_no_page_has_are_refused(platform: RunningPlatform, path: str) -> None:
    status, _ = _send(platform.address("payer_site.metropolitan_tax"), "GET", path)
    assert status in {400, 403, 404}


def test_what_was_refused_is_in_the_request_log_without_its_values(
    platform: RunningPlatform,
) -> None:
    _send(platform.address("payer_site.metropolitan_tax"), "GET", "/", Content_Type=OGNL)
    log = platform.data / "log" / "payer_site.metropolitan_tax" / "requests.jsonl"
    refused = [line for line in log.read_text("utf-8").splitlines() if "inert sample" in line]
    assert refused
    assert '"status": 403' in refused[-1] or '"status":403' in refused[-1]
