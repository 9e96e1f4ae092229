"""A thin ctypes layer on the C interface of libmodsecurity 3 (OWASP ModSecurity).

Why not the wheel's own binding: it never releases the interpreter lock, so one slow body would
hold every other request of the process up. `ctypes.CDLL` releases the lock around each call;
`ctypes.PyDLL` keeps it, and we use that for the calls that take less than a microsecond, where
giving the lock away costs more than the call.

Nothing that a client typed leaves this file: of what the engine says about a match we keep the
rule's id, its severity and the *name* of the variable, and throw the rest of the line away
before it can reach a log (PCI DSS 3.3.1, 3.5.1).
"""

from __future__ import annotations

import ctypes
import functools
import importlib.util
import re
import threading
import weakref
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sekisho.edge.errors import EngineMissing, RulesRefused

MAX_MATCHES_PER_REQUEST: Final = 64
MAX_VARIABLE_NAME_CHARS: Final = 80

_RULE_ID = re.compile(rb'\[id "(\d{1,10})"\]')
_SEVERITY = re.compile(rb'\[severity "(\d)"\]')
# The name ends at the last quote before "(Value:", as a client may put quotes in a field's name.
_VARIABLE = re.compile(rb"against variable `([^`]{1,400}?)' \(Value: `")
# libinjection's rules name the variable only inside their data, which holds the value too.
_WITHIN = re.compile(rb"found within ((?:ARGS|ARGS_NAMES|REQUEST_[A-Z_]+|XML)(?::[\w.-]{1,60})?): ")
_CONNECTOR = b"sekisho edge"


class _InterventionStruct(ctypes.Structure):
    """`ModSecurityIntervention` of modsecurity/intervention.h (3.0)."""

    _fields_ = [
        ("status", ctypes.c_int),
        ("pause", ctypes.c_int),
        ("url", ctypes.c_void_p),
        ("log", ctypes.c_void_p),
        ("disruptive", ctypes.c_int),
    ]


@dataclass(frozen=True, slots=True)
class Match:
    """One rule that matched: never the value, only where it was seen."""

    rule_id: int
    severity: int | None
    variable: str


@dataclass(frozen=True, slots=True)
class Finding:
    """What the engine says of one request. `status` is None when the request may pass."""

    status: int | None = None
    matches: tuple[Match, ...] = ()


@dataclass(frozen=True, slots=True)
class RequestParts:
    """A request as the engine reads it; all bytes as they came, nothing decoded."""

    method: bytes
    uri: bytes
    http_version: bytes
    headers: Iterable[tuple[bytes, bytes]]
    body: bytes
    client_address: bytes = b"0.0.0.0"


class _Heard(threading.local):
    """The matches of the transaction that this thread is running now.

    The engine calls back on the thread that called it, so a thread-local list is enough and no
    pointer into Python needs to travel through C.
    """

    matches: list[Match] | None = None


_heard = _Heard()


def find_library() -> Path:
    """Path of the libmodsecurity .so inside the installed `libmodsecurity` wheel.

    Raises EngineMissing when the wheel is not installed or has another layout.
    """
    spec = importlib.util.find_spec("libmodsecurity")
    if spec is None or spec.origin is None:
        raise EngineMissing("the WAF engine is not installed: run `pip install libmodsecurity`")
    folder = Path(spec.origin).parent.parent / "libmodsecurity.libs"
    found = sorted(folder.glob("libmodsecurity-*.so*"))
    if not found:
        raise EngineMissing(f"no libmodsecurity-*.so in {folder}: reinstall `libmodsecurity`")
    return found[0]


def _read_match(line: bytes) -> Match | None:
    rule_id = _RULE_ID.search(line)
    if rule_id is None:
        return None
    severity = _SEVERITY.search(line)
    variable = _VARIABLE.search(line) or _WITHIN.search(line)
    name = variable.group(1).decode("utf-8", "replace") if variable else ""
    return Match(
        rule_id=int(rule_id.group(1)),
        severity=int(severity.group(1)) if severity else None,
        variable=name[:MAX_VARIABLE_NAME_CHARS],
    )


def _hear(_data: int | None, line: bytes | None) -> None:
    """The engine's log callback. An exception here would be printed with the line: raise none."""
    if line is not None:
        _keep_match(line)


# Kept for the life of the process, as C keeps the pointer.
_HEAR: Final = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_char_p)(_hear)


def _keep_match(line: bytes) -> None:
    matches = _heard.matches
    if matches is None or len(matches) >= MAX_MATCHES_PER_REQUEST:
        return
    match = _read_match(line)
    if match is not None and all(match.rule_id != seen.rule_id for seen in matches):
        matches.append(match)


_POINTER: Final = ctypes.c_void_p
_TEXT: Final = ctypes.c_char_p
_INT: Final = ctypes.c_int
_SIZE: Final = ctypes.c_size_t
_SLOW_CALLS: Final[dict[str, tuple[Any, tuple[Any, ...]]]] = {
    "msc_rules_add": (_INT, (_POINTER, _TEXT, ctypes.POINTER(_TEXT))),
    "msc_rules_add_file": (_INT, (_POINTER, _TEXT, ctypes.POINTER(_TEXT))),
    "msc_rules_cleanup": (_INT, (_POINTER,)),
    "msc_process_request_headers": (_INT, (_POINTER,)),
    "msc_process_request_body": (_INT, (_POINTER,)),
}
_QUICK_CALLS: Final[dict[str, tuple[Any, tuple[Any, ...]]]] = {
    "msc_init": (_POINTER, ()),
    "msc_set_connector_info": (None, (_POINTER, _TEXT)),
    "msc_set_log_cb": (None, (_POINTER, _POINTER)),
    "msc_create_rules_set": (_POINTER, ()),
    "msc_rules_error_cleanup": (None, (_TEXT,)),
    "msc_new_transaction": (_POINTER, (_POINTER, _POINTER, _POINTER)),
    "msc_transaction_cleanup": (None, (_POINTER,)),
    "msc_process_connection": (_INT, (_POINTER, _TEXT, _INT, _TEXT, _INT)),
    "msc_process_uri": (_INT, (_POINTER, _TEXT, _TEXT, _TEXT)),
    "msc_add_n_request_header": (_INT, (_POINTER, _TEXT, _SIZE, _TEXT, _SIZE)),
    "msc_append_request_body": (_INT, (_POINTER, _TEXT, _SIZE)),
    "msc_intervention": (_INT, (_POINTER, ctypes.POINTER(_InterventionStruct))),
    "msc_intervention_cleanup": (None, (ctypes.POINTER(_InterventionStruct),)),
}


class _Calls:
    """The engine's functions: quick ones keep the interpreter lock, slow ones release it."""

    def __init__(self, library: Path) -> None:
        try:
            releasing, keeping = ctypes.CDLL(str(library)), ctypes.PyDLL(str(library))
            for source, wanted in ((releasing, _SLOW_CALLS), (keeping, _QUICK_CALLS)):
                for name, (result, arguments) in wanted.items():
                    function = getattr(source, name)
                    function.restype, function.argtypes = result, arguments
                    setattr(self, name, function)
        except (OSError, AttributeError) as error:
            raise EngineMissing(f"{library} can not be used as the WAF engine: {error}") from error

    def __getattr__(self, name: str) -> Any:  # only reached for a name not in the tables
        raise AttributeError(name)


class Engine:
    """One ModSecurity instance; a process needs one, all threads share it."""

    def __init__(self, library: Path | None = None) -> None:
        self.calls = _Calls(library or find_library())
        self.pointer = self.calls.msc_init()
        if not self.pointer:
            raise EngineMissing("libmodsecurity could not start")
        self.calls.msc_set_connector_info(self.pointer, _CONNECTOR)
        self.calls.msc_set_log_cb(self.pointer, ctypes.cast(_HEAR, ctypes.c_void_p))

    def read_rules(self, *, files: Iterable[Path] = (), text: str = "") -> RuleSet:
        """Make a rule set from SecLang files, then text.

        Raises RulesRefused with the engine's reason (file, line, column) for a rule that it can
        not read; nothing else changes.
        """
        return RuleSet(self, files=files, text=text)


@functools.cache
def shared_engine() -> Engine:
    """The process's engine, started at first use. Raises EngineMissing."""
    return Engine()


class RuleSet:
    """Rules that the engine has read; freed when the last request that uses them is done.

    A transaction in C holds a bare pointer to its rule set, so every inspection holds a Python
    reference for its whole life: swapping the reference in `Waf` is then safe under any load.
    """

    def __init__(self, engine: Engine, *, files: Iterable[Path], text: str) -> None:
        self._engine = engine
        self._calls = engine.calls
        self._pointer = self._calls.msc_create_rules_set()
        self._free = weakref.finalize(self, self._calls.msc_rules_cleanup, self._pointer)
        self.rules_read = 0
        for file in files:
            self._add("msc_rules_add_file", str(file).encode(), f"{file}: ")
        if text:
            self._add("msc_rules_add", text.encode("utf-8"), "")

    def _add(self, call: str, argument: bytes, where: str) -> None:
        reason = ctypes.c_char_p()
        count = getattr(self._calls, call)(self._pointer, argument, ctypes.byref(reason))
        if count < 0:
            said = (reason.value or b"no reason given").decode("utf-8", "replace")
            raise RulesRefused(f"{where}{said.strip()}")
        self.rules_read += count

    def inspect(self, request: RequestParts) -> Finding:
        """Run one request through the rules. Thread-safe; releases the interpreter lock.

        Phase 1 (headers) may refuse before the body is looked at.
        """
        calls = self._calls
        transaction = calls.msc_new_transaction(self._engine.pointer, self._pointer, None)
        matches: list[Match] = []
        _heard.matches = matches
        try:
            calls.msc_process_connection(transaction, request.client_address, 0, b"127.0.0.1", 0)
            calls.msc_process_uri(transaction, request.uri, request.method, request.http_version)
            for name, value in request.headers:
                calls.msc_add_n_request_header(transaction, name, len(name), value, len(value))
            calls.msc_process_request_headers(transaction)
            status = self._refusal(transaction)
            if status is None:
                if request.body:
                    calls.msc_append_request_body(transaction, request.body, len(request.body))
                status = self._refusal(transaction)
            if status is None:
                calls.msc_process_request_body(transaction)
                status = self._refusal(transaction)
            return Finding(status=status, matches=tuple(matches))
        finally:
            _heard.matches = None
            calls.msc_transaction_cleanup(transaction)

    def _refusal(self, transaction: int) -> int | None:
        said = _InterventionStruct(status=200)
        refused = self._calls.msc_intervention(transaction, ctypes.byref(said))
        try:
            # A rule that refuses says so here and not to the log callback.
            if refused and said.log:
                _keep_match(ctypes.string_at(said.log))
            return (said.status if said.status >= 400 else 403) if refused else None
        finally:
            self._calls.msc_intervention_cleanup(ctypes.byref(said))
