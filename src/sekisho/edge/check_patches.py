"""Refuses a patch that does more than look at a request, or that the engine would quietly ignore.

libmodsecurity 3.0.15 takes a rule whose pattern does not compile, and then never matches it: a
patch that everybody believes to be live would let the attack through. So each pattern is tried
with the engine itself before the patch may live.
"""

from __future__ import annotations

import re
from typing import Final

from sekisho.edge.errors import RulesRefused
from sekisho.edge.modsecurity import RequestParts, shared_engine

PATCH_IDS: Final = range(9_910_000, 10_000_000)
MAX_PATCH_BYTES: Final = 262_144
_DIRECTIVE = re.compile(r"^\s*([A-Za-z]\w*)")
_PATCH_DIRECTIVES: Final = frozenset({"SecRule", "SecAction", "SecMarker"})
# A patch may look and refuse; it may not read files, run programs or switch the engine.
_FORBIDDEN: Final = re.compile(
    r"\b(?:exec|ctl|proxy|setenv|redirect|initcol|append|prepend)\s*:"
    r"|(?<=[\",])\s*(?:allow|auditlog|logdata)\b",
    re.IGNORECASE,
)
_OPERATORS: Final = frozenset(
    "rx rxGlobal pm contains containsWord streq strmatch beginsWith endsWith within eq ge gt le lt "
    "detectSQLi detectXSS ipMatch validateByteRange validateUrlEncoding validateUtf8Encoding "
    "noMatch unconditionalMatch".casefold().split()
)
_ID = re.compile(r"\bid\s*:\s*'?(\d{1,12})")
_OPERATOR = re.compile(r'^\s*SecRule\s+\S+\s+"!?((?:\\.|[^"\\])*)"', re.DOTALL)
_PROBE: Final = RequestParts(b"GET", b"/", b"1.1", (), b"")


def read_lines(text: str) -> list[tuple[int, str]]:
    """Directives with the number of their first line; a backslash at a line's end goes on."""
    found: list[tuple[int, str]] = []
    begun: tuple[int, str] | None = None
    for number, line in enumerate(text.splitlines(), start=1):
        first, before = begun or (number, "")
        if line.endswith("\\"):
            begun = (first, before + line[:-1])
            continue
        begun = None
        whole = before + line
        if whole.strip() and not whole.lstrip().startswith("#"):
            found.append((first, whole))
    if begun:
        raise RulesRefused(f"line {begun[0]}: the last line ends with a backslash")
    return found


def _compiles(pattern: str) -> bool:
    """Whether the engine can compile a pattern: with an empty branch added, it must match."""
    for wrapped in (f"{pattern}|", f"(?:{pattern})|"):
        rule = f'SecRule REQUEST_METHOD "@rx {wrapped}" "id:9900099,phase:1,deny,status:403"'
        rules = shared_engine().read_rules(text=f"SecRuleEngine On\n{rule}\n")
        if rules.inspect(_PROBE).status != 403:
            return False
    return True


def _check_operator(number: int, line: str) -> None:
    found = _OPERATOR.match(line)
    if found is None:
        raise RulesRefused(f'line {number}: expected SecRule VARIABLES "OPERATOR" "ACTIONS"')
    name, _, argument = found.group(1).lstrip().partition(" ")
    if not name.startswith("@"):
        name, argument = "@rx", found.group(1)
    if name[1:].casefold() not in _OPERATORS:
        raise RulesRefused(f"line {number}: a patch may not use the operator {name}")
    if name.casefold() in ("@rx", "@rxglobal") and not _compiles(argument):
        raise RulesRefused(f"line {number}: the pattern is not a regular expression (PCRE)")


def check_patch_text(text: str) -> None:
    """Check patches line by line.

    Raises RulesRefused with the line: a directive but SecRule, SecAction or SecMarker; an action
    or operator that reaches outside the request; a pattern that does not compile; an id outside
    9910000-9999999.
    """
    if len(text.encode("utf-8")) > MAX_PATCH_BYTES:
        raise RulesRefused(f"patches are longer than {MAX_PATCH_BYTES} bytes")
    for number, line in read_lines(text):
        directive = _DIRECTIVE.match(line)
        if directive is None or directive.group(1) not in _PATCH_DIRECTIVES:
            raise RulesRefused(f"line {number}: only SecRule, SecAction and SecMarker may be used")
        looked_at = _OPERATOR.match(line)
        actions = line[looked_at.end() :] if looked_at else line
        if forbidden := _FORBIDDEN.search(actions):
            raise RulesRefused(f"line {number}: a patch may not use {forbidden.group(0).strip()!r}")
        for found in _ID.findall(actions):
            if int(found) not in PATCH_IDS:
                allowed = f"{PATCH_IDS.start}-{PATCH_IDS.stop - 1}"
                raise RulesRefused(f"line {number}: id {found} is not in {allowed}")
        if directive.group(1) == "SecRule":
            _check_operator(number, line)
