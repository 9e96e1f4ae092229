"""A specimen of any struct that crosses zones: every field filled in by its type."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any, TypeVar

import msgspec
from msgspec import inspect

Shape = TypeVar("Shape", bound=msgspec.Struct)

_PLAIN: dict[type, Any] = {
    inspect.StrType: "x",
    inspect.IntType: 1,
    inspect.BoolType: True,
    inspect.DateType: date(2026, 11, 20),
    inspect.DateTimeType: datetime(2026, 11, 20, 3, 0, tzinfo=UTC),
    inspect.NoneType: None,
    inspect.BytesType: b"x",
}


def specimen(shape: type[Shape], **changes: Any) -> Shape:
    """Return an instance of ``shape``; ``changes`` by name."""
    found = inspect.type_info(shape)
    assert isinstance(found, inspect.StructType)
    facts = {one.name: _value(one.type) for one in found.fields}
    return shape(**(facts | changes))


def _value(kind: Any) -> Any:
    if type(kind) in _PLAIN:
        return _PLAIN[type(kind)]
    if isinstance(kind, inspect.LiteralType):
        return kind.values[-1]
    if isinstance(kind, inspect.ListType):
        return [_value(kind.item_type)]
    if isinstance(kind, inspect.StructType):
        return specimen(kind.cls)
    if isinstance(kind, inspect.UnionType):
        return _value(kind.types[0])
    if isinstance(kind, inspect.DictType):
        return {}
    raise TypeError(f"no specimen of {kind}")


def every_word(shape: type[Shape]) -> Iterator[Shape]:
    """Return instances of ``shape`` that have, between them, each word that its own fields may
    have, and each field that may be empty empty."""
    found = inspect.type_info(shape)
    assert isinstance(found, inspect.StructType)
    yield specimen(shape)
    for one in found.fields:
        kinds = one.type.types if isinstance(one.type, inspect.UnionType) else (one.type,)
        for kind in kinds:
            for value in kind.values if isinstance(kind, inspect.LiteralType) else (_value(kind),):
                yield specimen(shape, **{one.name: value})
