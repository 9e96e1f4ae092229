"""Makes the OpenAPI 3.1 document out of what the router knows and what each operation declared."""

from __future__ import annotations

from typing import Any

from sekisho.client_desk.api import limits
from sekisho.client_desk.api.answer_once import KEY_PATTERN, REPLAYED
from sekisho.client_desk.api.declare import DECLARED, PATH_PATTERNS, Declared
from sekisho.client_desk.api.problems import PROBLEMS
from sekisho.client_desk.api.say_no import MAX_ERRORS, PROBLEM_TYPE
from sekisho.client_desk.keys.rules import SCOPES

Document = dict[str, Any]

SECURITY = "ApiKey"

INTRODUCTION = f"""
Bills, payments and what follows them, for the machines of a client body.

**Keys.** `Authorization: Bearer sk_live_...`, and nothing else: no cookie opens this API. A key of
your test side (`sk_test_...`) acts on a twin of your body with its own bills, payments and events;
no real money moves. Keys are made on the portal's page *API keys*. Scopes:
{"; ".join(f"`{scope}` ({meaning})" for scope, meaning in SCOPES.items())}.

**Saying it again.** Every POST needs an `Idempotency-Key` header (1 to 255 letters, digits, `-._:`;
a UUID is right). The same key with the same request is answered the same for 24 hours, with
`{REPLAYED}: true`; with another request it is refused (422 `key_reused`); while the first is under
way it is 409 `in_flight`. What came to no decision (5xx) is not kept: say it again with the same
key, and it goes on where it stopped and acts once. Compare is byte by byte of method, path and
body.

**No.** Every refusal is a problem detail (RFC 9457, `{PROBLEM_TYPE}`) with a stable `code`; codes
are listed in the reference, new ones may come. `reference` names the request when you ask us about
it. Refused JSON names each field in `errors`.

**Pages.** Lists go from the newest on, at most {limits.MAX_PAGE_ROWS} rows each; `next_cursor` is
`cursor` of the next page and null on the last. Rows that come while you turn pages are not in
later pages, and no row is twice.

**Pace.** Each key may ask {limits.READS_PER_SECOND:g} questions and {limits.WRITES_PER_SECOND:g}
deeds a second over time, up to {limits.READS_BURST} and {limits.WRITES_BURST} at once. `RateLimit`
says what is left; 429 comes with `Retry-After`.

**Amounts** are whole yen. **Moments** are RFC 3339 with their zone; they are answered in UTC.
**Fields** may be added to answers; a request with a field that is not named here is refused.
""".strip()

_ALWAYS = ("key_missing", "key_not_good", "scope_needed", "not_accepted", "invalid",
           "malformed", "too_many_requests", "fault", "unavailable")  # fmt: skip
_BODY = ("idempotency_key_missing", "idempotency_key_wrong", "key_reused", "in_flight",
         "body_too_large", "content_type_wrong", "length_required")  # fmt: skip
_PLACE = ("path_unknown",)

_PROBLEM_SCHEMA: Document = {
    "type": "object",
    "title": "Problem",
    "description": "A problem detail (RFC 9457).",
    "required": ["type", "title", "status", "code", "detail"],
    "properties": {
        "type": {"type": "string", "format": "uri", "description": "`urn:sekisho:problem:` + code"},
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "code": {"type": "string", "pattern": "^[a-z_]+$"},
        "detail": {"type": "string"},
        "field": {"type": "string", "description": "The field that it is about."},
        "errors": {
            "type": "array",
            "maxItems": MAX_ERRORS,
            "items": {
                "type": "object",
                "required": ["in", "field", "detail"],
                "properties": {
                    "in": {"type": "string", "enum": ["body", "query", "header"]},
                    "field": {"type": "string"},
                    "detail": {"type": "string"},
                },
            },
        },
        "instance": {"type": "string", "format": "uri"},
        "reference": {"type": "string", "description": "Our number of this request."},
    },
    "examples": [
        {
            "type": "urn:sekisho:problem:bill_paid",
            "title": PROBLEMS["bill_paid"].title,
            "status": 409,
            "code": "bill_paid",
            "detail": "paid on 2026-11-20",
            "instance": "urn:sekisho:reference:7K3F9-QXM2T",
            "reference": "7K3F9-QXM2T",
        }
    ],
}


def describe(found: Document) -> Document:
    """Return the router's document with keys, problems, headers and promises put in."""
    found["info"]["description"] = INTRODUCTION
    components = found["components"]
    components["schemas"] = dict(sorted(components["schemas"].items()))
    components["schemas"]["Problem"] = _PROBLEM_SCHEMA
    components["securitySchemes"] = {
        SECURITY: {
            "type": "http",
            "scheme": "bearer",
            "description": "A key of the client body, made on the portal.",
        }
    }
    for methods in found["paths"].values():
        for operation in methods.values():
            _complete(operation, DECLARED[operation["operationId"]])
    found["tags"] = _tags(found)
    return found


def _tags(found: Document) -> list[Document]:
    names: dict[str, None] = {}
    for methods in found["paths"].values():
        for operation in methods.values():
            names.update(dict.fromkeys(operation.get("tags", ())))
    return [{"name": name} for name in names]


def _complete(operation: Document, facts: Declared) -> None:
    operation["security"] = [{SECURITY: [facts.scope]}]
    operation["description"] = "\n\n".join(
        [
            " ".join(operation.get("description", "").split()),
            f"**Scope** `{facts.scope}`.",
            f"**Consistency.** {facts.consistency}",
        ]
    )
    for parameter in operation["parameters"]:
        _open_nothing(parameter)
    if facts.method == "POST":
        operation["parameters"].append(_IDEMPOTENCY_KEY)
    good = operation["responses"][facts.status]
    good["headers"] = _headers(facts)
    if facts.reply is None:
        good["content"] = {facts.media_type: {"schema": {"type": "string"}}}
    operation["responses"] = {str(facts.status): good, **_refusals(operation, facts)}


_IDEMPOTENCY_KEY: Document = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "description": "The same for every try of one request.",
    "schema": {"type": "string", "pattern": f"^{KEY_PATTERN}$", "maxLength": 257},
    "example": "0f8e2c6a-6d0b-4f4f-9a5e-2d6b1c7a9e10",
}


def _open_nothing(parameter: Document) -> None:
    """In an address nothing is null: what is not asked is left out."""
    schema = parameter["schema"]
    kinds = [kind for kind in schema.pop("anyOf", []) if kind.get("type") != "null"]
    if kinds:
        schema.update(kinds[0])
    if schema.get("default", ...) is None:
        del schema["default"]
    if parameter["in"] == "path":
        schema.setdefault("pattern", PATH_PATTERNS[parameter["name"]])


def _headers(facts: Declared) -> Document:
    headers: Document = {
        "RateLimit-Policy": {"schema": {"type": "string"}, "description": "The key's bucket."},
        "RateLimit": {"schema": {"type": "string"}, "description": "What is left in it."},
    }
    if facts.method == "POST":
        headers[REPLAYED] = {
            "schema": {"type": "string", "enum": ["true"]},
            "description": "Only where the answer was given before.",
        }
    return headers


def _refusals(operation: Document, facts: Declared) -> Document:
    codes = [*_ALWAYS, *facts.refusals]
    if facts.method == "POST":
        codes += _BODY
    if any(parameter["in"] == "path" for parameter in operation["parameters"]):
        codes += _PLACE
    by_status: dict[int, list[str]] = {}
    for code in dict.fromkeys(codes):
        by_status.setdefault(PROBLEMS[code].status, []).append(code)
    return {
        str(status): {
            "description": ", ".join(f"`{code}`" for code in by_status[status]),
            "content": {PROBLEM_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
            **({"headers": _RETRY} if status in (429, 503) else {}),
        }
        for status in sorted(by_status)
    }


_RETRY: Document = {
    "Retry-After": {
        "schema": {"type": "integer", "minimum": 0},
        "description": "Seconds to wait before it is said again.",
    }
}
