"""What each page takes: its path, methods, content types, fields. Anything else is refused.

A field has a *kind*. A value of a closed kind can hold nothing but what its kind allows (digits
and hyphens, kana, ...), so no generic pattern needs to look at it. A value that does not fit its
kind is inspected like free text, so that a payer who types a letter too many gets the form's own
message beside the field and not the WAF's; only `strict` fields (hidden, choices) are refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from sekisho.edge.errors import PageRuleWrong

FORM: Final = "application/x-www-form-urlencoded"
MULTIPART: Final = "multipart/form-data"
JSON: Final = "application/json"
DEFAULT_MAX_CHARS: Final = 200
# More than this is not held in memory for inspection.
MAX_READ_BODY_BYTES: Final = 2 * 1024 * 1024

_SPACE_DIGITS_HYPHENS = r"0-9 \u2010-\u2015\u2212\u30FC\-"
# Kana and CJK letters; no Latin letter and no ASCII punctuation but space and hyphen.
_JAPANESE_LETTERS = (
    r"\u3005-\u3007\u3012\u3041-\u3096\u309D\u309E\u30A1-\u30FE\u3400-\u9FFF\uF900-\uFAFF"
    r"\U00020000-\U000323AF"
)
# Closed kinds are matched against the NFKC form of a value, because an application may normalise
# after us: full-width "＜" is "<" by then. Character classes only, so the time is linear.
KINDS: Final[Mapping[str, re.Pattern[str]]] = {
    "digits": re.compile(rf"[{_SPACE_DIGITS_HYPHENS}]*"),
    "phone": re.compile(rf"[{_SPACE_DIGITS_HYPHENS}+()]*"),
    "date": re.compile(rf"[{_SPACE_DIGITS_HYPHENS}/.年月日]*"),
    "expiry": re.compile(r"[0-9 /\-]*"),
    "word": re.compile(r"[A-Za-z0-9_\-]*"),
    "reference": re.compile(rf"[A-Za-z._{_SPACE_DIGITS_HYPHENS}]*"),
    "token": re.compile(r"[A-Za-z0-9_:.\-]*"),
    "base64": re.compile(r"[A-Za-z0-9+/=_\-]*"),
    "flag": re.compile(r"(?:on|off|true|false|True|False|yes|no|1|0)?"),
    "email": re.compile(r"[A-Za-z0-9._+\-]*@?[A-Za-z0-9.\-]*"),
    "kana": re.compile(r"[\u3041-\u3096\u30A1-\u30FE ]*"),
    "japanese": re.compile(rf"[{_JAPANESE_LETTERS}{_SPACE_DIGITS_HYPHENS}、。・「」]*"),
}
# Passwords and the like: never looked at, because they are never shown, stored or joined into
# another language, and a good one looks like an attack.
OPAQUE: Final = "opaque"
FREE: Final = "free"
# Two of a kind begin a comment or a climb (`1 --`, `../`, `//host`): such a value is not closed.
_PAIRS = re.compile(r"--|\.\.|//")
_PAIRS_ALLOWED = frozenset({"base64", "token", "word"})
_PROBES = (
    "<script>",
    "' or '1'='1",
    "1; drop table",
    "../../etc/passwd",
    "%{(1+1)}",
    "$(id)",
    "`id`",
)

Kind = str
Method = Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


@dataclass(frozen=True, slots=True)
class FieldRule:
    """One field of a form or of a query string.

    `kind`: a name in KINDS, "free", or "opaque". `pattern`: a closed expression of the page's own
    (it must not match any known attack; checked). `max_length`: characters as a browser counts
    them (UTF-16 units, HTML maxlength). `many`: may come more than once. `strict`: a value that
    does not fit is refused, for what no person types. `secret`: value shown hashed in the log
    (only query values are ever logged).
    """

    name: str
    kind: Kind = FREE
    max_length: int = DEFAULT_MAX_CHARS
    required: bool = False
    many: bool = False
    strict: bool = False
    secret: bool = False
    pattern: str | None = None
    choices: tuple[str, ...] = ()
    _closed: re.Pattern[str] | None = field(init=False, repr=False, compare=False, default=None)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_closed", self._compile())

    def _compile(self) -> re.Pattern[str] | None:
        if self.max_length < 1:
            raise PageRuleWrong(f"field {self.name}: max_length must be 1 or more")
        if self.choices:
            return re.compile("|".join(re.escape(choice) for choice in self.choices))
        if self.pattern is not None:
            closed = re.compile(self.pattern)
            for probe in _PROBES:
                if closed.fullmatch(probe):
                    raise PageRuleWrong(
                        f"field {self.name}: its pattern lets {probe!r} through; narrow it, or use "
                        'kind="free"'
                    )
            return closed
        if self.kind in (FREE, OPAQUE):
            return None
        if self.kind not in KINDS:
            known = ", ".join([*KINDS, FREE, OPAQUE])
            raise PageRuleWrong(f"field {self.name}: no kind {self.kind!r}; there are: {known}")
        return KINDS[self.kind]

    def closes(self, normalised: str) -> bool:
        """True when a value (NFKC) fits a closed kind: no generic pattern need look at it."""
        if self._closed is None:
            return self.kind == OPAQUE
        if self._closed.fullmatch(normalised) is None:
            return False
        narrow = bool(self.choices) or self.pattern is not None or self.kind in _PAIRS_ALLOWED
        return narrow or _PAIRS.search(normalised) is None


LANGUAGE: Final = FieldRule("lang", "word", max_length=10)


@dataclass(frozen=True, slots=True)
class PageRule:
    """One page or door: what it takes.

    `path`: an expression for the whole decoded path; name a group `secret` (`secret1`, ...) for
    what must not be readable in the log, such as a form's token. `fields`: the body's fields, None
    leaves the body free (every value is inspected). `query`: same for the query string.
    `body`: "read" reads it whole and inspects it; "stream" hands it on unread up to
    `max_body_bytes`, for files of a declared type that the page itself reads row by row.
    """

    path: str
    methods: tuple[Method, ...] = ("GET", "HEAD")
    content_types: tuple[str, ...] = (FORM,)
    fields: tuple[FieldRule, ...] | None = ()
    query: tuple[FieldRule, ...] | None = (LANGUAGE,)
    max_body_bytes: int | None = None
    body: Literal["read", "stream"] = "read"
    _path: re.Pattern[str] = field(init=False, repr=False, compare=False)
    _fields: dict[str, FieldRule] = field(init=False, repr=False, compare=False)
    _query: dict[str, FieldRule] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        try:
            object.__setattr__(self, "_path", re.compile(self.path))
        except re.error as error:
            raise PageRuleWrong(f"page {self.path}: not a regular expression: {error}") from error
        object.__setattr__(self, "_fields", {rule.name: rule for rule in self.fields or ()})
        object.__setattr__(self, "_query", {rule.name: rule for rule in self.query or ()})
        if len(self._fields) != len(self.fields or ()):
            raise PageRuleWrong(f"page {self.path}: a field is named twice")
        if self.body == "stream":
            if self.max_body_bytes is None:
                raise PageRuleWrong(f"page {self.path}: a streamed body needs max_body_bytes")
            if {FORM, MULTIPART, JSON} & set(self.content_types):
                raise PageRuleWrong(
                    f"page {self.path}: a form or JSON is never streamed: it must be inspected"
                )
        elif (self.max_body_bytes or 0) > MAX_READ_BODY_BYTES:
            raise PageRuleWrong(
                f"page {self.path}: over {MAX_READ_BODY_BYTES} bytes must be streamed"
            )

    def match(self, path: str) -> re.Match[str] | None:
        return self._path.fullmatch(path)

    def body_field(self, name: str) -> FieldRule | None:
        return self._fields.get(name)

    def query_field(self, name: str) -> FieldRule | None:
        return self._query.get(name)


def find_page(pages: Sequence[PageRule], path: str) -> PageRule | None:
    """The first page whose path matches whole, or None."""
    return next((page for page in pages if page.match(path)), None)


CSRF_FIELD: Final = FieldRule("csrfmiddlewaretoken", "word", max_length=64)
_KIND_OF_FIELD: Final = {
    "BooleanField": "flag",
    "DateField": "date",
    "DateTimeField": "date",
    "EmailField": "email",
    "IntegerField": "digits",
    "UUIDField": "word",
}


def _choices_of(form_field: Any) -> tuple[str, ...]:
    """Values of a plain ChoiceField; a field whose choices come from the database has none."""
    if hasattr(form_field, "queryset"):
        return ()
    values: list[str] = []
    for value, label in getattr(form_field, "choices", ()) or ():
        pairs = label if isinstance(label, list | tuple) else ((value, label),)
        values.extend(str(inner) for inner, _ in pairs)
    return tuple(values)


def field_from_form(name: str, form_field: Any, kind: Kind | None = None) -> FieldRule:
    """One FieldRule from one Django form field, by its class name, widget and attributes."""
    classes = {cls.__name__ for cls in type(form_field).__mro__}
    widget = getattr(form_field, "widget", None)
    choices = () if kind else _choices_of(form_field)
    found = kind or next((_KIND_OF_FIELD[c] for c in _KIND_OF_FIELD if c in classes), FREE)
    if kind is None and getattr(widget, "input_type", "") == "password":
        found = OPAQUE
    longest = max((len(choice) for choice in choices), default=0)
    return FieldRule(
        name=name,
        kind=found,
        max_length=max(getattr(form_field, "max_length", None) or DEFAULT_MAX_CHARS, longest),
        required=bool(getattr(form_field, "required", False)),
        many="MultipleChoiceField" in classes,
        strict=bool(choices) or bool(getattr(widget, "is_hidden", False)),
        choices=choices,
    )


def page_from_form(
    path: str,
    form: Any,
    *,
    kinds: Mapping[str, Kind] | None = None,
    also: Sequence[FieldRule] = (),
    query: tuple[FieldRule, ...] | None = (LANGUAGE,),
    methods: tuple[Method, ...] = ("GET", "HEAD", "POST"),
) -> PageRule:
    """PageRule of the page that shows and takes one Django form (class or instance).

    `kinds` names closed kinds for fields that Django sees as plain text ({"address": "japanese"}).
    `also`: fields beside the form's, such as a named button. The CSRF field is always there.
    Raises PageRuleWrong when `kinds` names a field that the form does not have.
    """
    wanted = dict(kinds or {})
    prefix = getattr(form, "prefix", None)
    rules = [
        field_from_form(f"{prefix}-{name}" if prefix else name, item, wanted.pop(name, None))
        for name, item in form.base_fields.items()
    ]
    if wanted:
        raise PageRuleWrong(f"page {path}: the form has no field {', '.join(sorted(wanted))}")
    return PageRule(path, methods=methods, fields=(CSRF_FIELD, *rules, *also), query=query)
