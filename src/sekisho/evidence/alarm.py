"""Raise an alarm: something that a person must look at today, on the evidence like every act."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Final

from sekisho.evidence.append import append, facts_text

ALARM_PREFIX: Final = "alarm."
"""Kinds of evidence that begin so are alarms; ``schema.sql`` keeps an index of them."""

log = logging.getLogger("sekisho.alarm")


def raise_alarm(*, kind: str, subject: str, facts: Mapping[str, Any]) -> None:
    """Append a line of kind ``alarm.<zone>.<what>`` in the current Django transaction, and log it
    as an error at once: the log keeps it also when the transaction is rolled back.

    ``kind`` is ``<zone>.<what>`` (``vault.budget_spent``), with or without the prefix; ``subject``
    the id of what it is about; ``facts`` as in ``evidence.append``, without personal items. Whoever
    raises bounds how often (once for each hour and client body, say): operators stop reading a bell
    that always rings. Source: PCI DSS 10.4.1.1, 10.7.2. Raises ``ValueError`` as ``append``."""
    full = ALARM_PREFIX + kind.removeprefix(ALARM_PREFIX)
    append(kind=full, subject=subject, facts=facts)
    log_alarm(full, subject, facts_text(facts))


def log_alarm(kind: str, subject: str, facts: str) -> None:
    """Log an alarm whose line of evidence was written by other means; ``facts`` as stored."""
    log.error("%s %s %s", kind, subject, facts)
