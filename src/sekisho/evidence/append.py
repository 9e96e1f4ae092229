"""Append a line of evidence (PCI DSS 10.2.2: who, what, when, result, on which object)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from sekisho.vocabulary.digits import passes_luhn

MAX_FACTS_BYTES = 16_384
"""Largest ``facts`` of one line, in bytes of JSON."""

MAX_KIND_CHARACTERS = 64
MAX_SUBJECT_CHARACTERS = 200

_DIGIT_RUN = re.compile(r"\d(?:[ -]?\d){12,}", re.ASCII)

_CARD_SHAPE = re.compile(
    r"4\d{15}|4\d{12}(?:\d{6})?|(?:5[1-5]|2[2-7])\d{14}|35\d{14}|3[47]\d{13}|3[0689]\d{12}"
)
"""Prefix and length of the brands taken: narrower than Luhn alone, which every tenth number of
a bill would meet."""

INSERT_SQL = "INSERT INTO evidence.line (kind, subject, facts) VALUES (%s, %s, %s)"


def _mask(match: re.Match[str]) -> str:
    places = [at for at, character in enumerate(match.group()) if character.isdigit()]
    digits = "".join(match.group()[at] for at in places)
    hidden: set[int] = set()
    for start in range(len(digits)):
        for size in (13, 14, 15, 16, 19):
            part = digits[start : start + size]
            if _CARD_SHAPE.fullmatch(part) and passes_luhn(part):
                hidden.update(places[start : start + size])
    return "".join("*" if at in hidden else c for at, c in enumerate(match.group()))


def _masked(value: Any) -> Any:
    """Mask inside each value, before it is JSON: an escape such as ``\\u0013`` is digits too."""
    # Text first: it is what facts hold, and asking for a Mapping is dear.
    if isinstance(value, str):
        return _DIGIT_RUN.sub(_mask, value)
    if isinstance(value, Mapping):
        return {_masked(str(name)): _masked(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_masked(one) for one in value]
    if isinstance(value, int | float) and not isinstance(value, bool):
        text = str(value)
        masked = _DIGIT_RUN.sub(_mask, text)
        return value if masked == text else masked
    return value


def facts_text(facts: Mapping[str, Any]) -> str:
    """Return ``facts`` as the JSON that is stored. What looks like a card number is masked: the
    last net under callers that already know better (PCI DSS 3.5.1). Raises ``ValueError`` when it
    is over ``MAX_FACTS_BYTES``, ``TypeError`` when it is not plain JSON."""
    text = json.dumps(_masked(facts), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    if len(text.encode()) > MAX_FACTS_BYTES:
        raise ValueError(f"facts of one line may take {MAX_FACTS_BYTES} bytes")
    return text


def line_values(kind: str, subject: str, facts: Mapping[str, Any]) -> list[str]:
    """Return the values for ``INSERT_SQL``. Raises ``ValueError`` for too long a kind, subject or
    facts."""
    if not 0 < len(kind) <= MAX_KIND_CHARACTERS:
        raise ValueError(f"kind must have 1 to {MAX_KIND_CHARACTERS} characters")
    if len(subject) > MAX_SUBJECT_CHARACTERS:
        raise ValueError(f"subject may have {MAX_SUBJECT_CHARACTERS} characters")
    return [kind, subject, facts_text(facts)]


def append(*, kind: str, subject: str, facts: Mapping[str, Any]) -> None:
    """Append a line within the current transaction (or at once outside of one).

    ``kind`` is ``zone.act`` in the past tense (``vault.item_released``), ``subject`` the id of what
    it is about, ``facts`` plain JSON without personal items. When and by which role is set by the
    database and can't be forged. Raises ``ValueError`` as ``line_values``."""
    from sekisho.database.pipeline import write

    write(INSERT_SQL, line_values(kind, subject, facts))
