"""Writes docs/reference/openapi.json and docs/reference/api.md from the API itself.

    python tools/write_api_reference.py

A test compares both with what the API serves."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

REFERENCE = Path(__file__).parent.parent / "docs" / "reference"
DOCUMENT_FILE = REFERENCE / "openapi.json"
PAGE_FILE = REFERENCE / "api.md"

Document = dict[str, Any]


def document_text(document: Document) -> str:
    """Return the OpenAPI document as its file has it."""
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def page_text(document: Document) -> str:
    """Return the page for people."""
    from sekisho.client_desk.api.problems import PROBLEMS
    from sekisho.client_desk.keys.rules import SCOPES

    parts = [
        "# The API of the desk",
        "Written by `tools/write_api_reference.py` from the API itself; the whole of it for "
        "machines is [openapi.json](openapi.json), served at `/api/v1/openapi.json`. First steps: "
        "[use the API](../how-to/use-the-api.md).",
        document["info"]["description"],
        "## Scopes",
        _table(("scope", "allows to"), [(f"`{name}`", tells) for name, tells in SCOPES.items()]),
        "## Operations",
        *_operations(document),
        "## Objects",
        *_objects(document),
        "## Problem codes",
        "The HTTP status of a code never changes. A code that is not here is to be taken for what "
        "its status says.",
        _table(
            ("code", "status", "meaning"),
            [(f"`{code}`", str(kind.status), kind.title) for code, kind in PROBLEMS.items()],
        ),
    ]
    return "\n\n".join(parts) + "\n"


def _table(heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [heads, tuple("---" for _ in heads), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |"
                     for row in lines)  # fmt: skip


def _operations(document: Document) -> list[str]:
    found: list[str] = []
    for tag in document["tags"]:
        found.append(f"### {tag['name']}")
        for path, methods in document["paths"].items():
            for method, operation in methods.items():
                if operation["tags"] == [tag["name"]]:
                    found += _operation(path, method, operation)
    return found


def _operation(path: str, method: str, operation: Document) -> list[str]:
    found = [f"#### {method.upper()} {path}", operation["description"]]
    body = operation.get("requestBody")
    if body:
        found.append(f"Body: {_kind(body['content']['application/json']['schema'])}.")
    asked = [one for one in operation["parameters"] if one["in"] == "query"]
    if asked:
        rows = [(f"`{one['name']}`", _kind(one["schema"])) for one in asked]
        found.append(_table(("query", "value"), rows))
    answers = [
        (status, _answer(answer), answer["description"])
        for status, answer in operation["responses"].items()
    ]
    found.append(_table(("status", "answer", "codes"), answers))
    return found


def _answer(answer: Document) -> str:
    content = answer.get("content", {})
    return ", ".join(
        f"`{media}` {_kind(one['schema'])}" if "problem" not in media else "problem"
        for media, one in content.items()
    )


def _objects(document: Document) -> list[str]:
    found: list[str] = []
    for name, schema in document["components"]["schemas"].items():
        found += [f"### {name}", " ".join(schema.get("description", "").split())]
        needed = set(schema.get("required", ()))
        rows = [
            (f"`{field}`", _kind(one), "" if field in needed else "may be left out")
            for field, one in schema.get("properties", {}).items()
        ]
        found.append(_table(("field", "value", ""), rows))
        for example in schema.get("examples", ()):
            text = json.dumps(example, ensure_ascii=False, indent=2)
            found.append(f"```json\n{text}\n```")
    return found


def _kind(schema: Document) -> str:
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in schema:
        return " or ".join(_kind(one) for one in schema["anyOf"])
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    if "const" in schema:
        return f"`{json.dumps(schema['const'])}`"
    if schema.get("type") == "array":
        return f"list of {_kind(schema['items'])}"
    said = str(schema.get("format") or schema.get("type", "any"))
    bounds = [
        f"{word} {schema[key]}"
        for key, word in (
            ("minimum", "from"), ("maximum", "to"), ("minLength", "at least"),
            ("maxLength", "at most"), ("pattern", "as"),
        )
        if key in schema and key != "pattern"
    ]  # fmt: skip
    if "pattern" in schema:
        bounds.append(f"`{schema['pattern']}`")
    return f"{said} ({', '.join(bounds)})" if bounds else said


def make_ready() -> None:
    """Load what the API's modules need: settings without a database."""
    from sekisho.processes import django_settings

    django_settings.set_up(django_settings.build(None, zone="client_desk"))


def main() -> int:
    """Write both files."""
    make_ready()
    from sekisho.client_desk.api.frame import document

    DOCUMENT_FILE.write_text(document_text(document()), encoding="utf-8")
    PAGE_FILE.write_text(page_text(document()), encoding="utf-8")
    print(f"{DOCUMENT_FILE.name}, {PAGE_FILE.name}: {len(document()['paths'])} paths")
    return 0


if __name__ == "__main__":
    sys.exit(main())
