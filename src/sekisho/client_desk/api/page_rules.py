"""What the edge lets through to the API: exactly the paths, methods, queries and bodies of its
document."""

from __future__ import annotations

import re
from typing import Any

from sekisho.client_desk.api import limits
from sekisho.client_desk.api.frame import DOCUMENT_PATH, document
from sekisho.edge import JSON, FieldRule, PageRule
from sekisho.edge.page_rules import Method

DOCUMENT_RULE = PageRule(limits.ROOT + DOCUMENT_PATH, methods=("GET",), query=())

_MAX_QUERY_CHARACTERS = 300


def api_page_rules() -> list[PageRule]:
    """Return one rule for each path."""
    found = document()
    rules = [_rule(path, methods, found) for path, methods in found["paths"].items()]
    # A path without a place in it goes first: /payments/export is no payment.
    rules.sort(key=lambda rule: "(" in rule.path or "[" in rule.path)
    return [DOCUMENT_RULE, *rules]


def _rule(path: str, methods: dict[str, Any], found: dict[str, Any]) -> PageRule:
    parameters = [one for operation in methods.values() for one in operation["parameters"]]
    places = {one["name"]: one["schema"]["pattern"] for one in parameters if one["in"] == "path"}
    asked = {one["name"]: one["schema"] for one in parameters if one["in"] == "query"}
    expression = re.sub(
        r"\{(\w+)\}", lambda place: places[place[1]].removeprefix("^").removesuffix("$"), path
    )
    body = methods.get("post", {}).get("requestBody")
    names: tuple[Method, ...] = tuple(name.upper() for name in methods)  # type: ignore[misc]
    return PageRule(
        expression,
        methods=names,
        content_types=(JSON,),
        fields=tuple(FieldRule(name, max_length=2_000) for name in _fields(body, found)),
        query=tuple(_query_rule(name, schema) for name, schema in asked.items()),
        max_body_bytes=limits.MAX_BODY_BYTES,
    )


def _fields(body: dict[str, Any] | None, found: dict[str, Any]) -> list[str]:
    """Names of a body's members."""
    if body is None:
        return []
    schema = body["content"][JSON]["schema"]
    if "$ref" in schema:
        schema = found["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    return list(schema["properties"])


def _query_rule(name: str, schema: dict[str, Any]) -> FieldRule:
    longest = schema.get("maxLength", _MAX_QUERY_CHARACTERS)
    if schema.get("type") == "integer":
        return FieldRule(name, "digits", max_length=longest)
    if schema.get("type") == "boolean":
        return FieldRule(name, "flag", max_length=longest)
    if "enum" in schema:
        return FieldRule(name, "word", max_length=longest)
    if name == "cursor":
        return FieldRule(name, "base64", max_length=longest)
    return FieldRule(name, max_length=longest)
