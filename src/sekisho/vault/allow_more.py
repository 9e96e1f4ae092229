"""The hour's releases against their limits, and an operator's way to allow more."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime

from django.db.models import F

from sekisho import evidence
from sekisho.crossings.message import Refusal
from sekisho.crossings.vault import BodyBudget, BudgetShown, ResetBudget
from sekisho.vault.count_releases import ALL_BODIES, hour_of
from sekisho.vault.identifiers import identifier
from sekisho.vault.limits import MAX_REASON_CHARACTERS
from sekisho.vault.opened import Vault
from sekisho.vault.records.models import ReleaseBudget
from sekisho.vault.records.visibility import client_bodies, visible_to
from sekisho.vocabulary.digits import passes_luhn

_LONG_DIGITS = re.compile(r"(?:\d[ -]?){12,18}\d")


def read_reason(text: str) -> str:
    """Return why an operator did something, in one line. Raises ``Refusal`` ``message_invalid``
    when it is empty, too long, or has a control character or a card number in it."""
    reason = unicodedata.normalize("NFKC", text).strip()
    if not 0 < len(reason) <= MAX_REASON_CHARACTERS:
        raise Refusal("message_invalid", f"has 1 to {MAX_REASON_CHARACTERS} characters", "reason")
    if any(unicodedata.category(character)[0] == "C" for character in reason):
        raise Refusal("message_invalid", "holds a control character", "reason")
    if any(passes_luhn(re.sub(r"\D", "", found)) for found in _LONG_DIGITS.findall(reason)):
        raise Refusal("message_invalid", "looks like a card number (PCI DSS 3.4.1)", "reason")
    return reason


def show_budget(vault: Vault, now: datetime) -> BudgetShown:
    """Return the budget of every client body and of all together in the hour of ``now``."""
    bodies = client_bodies()
    shown = [_shown(vault, body, body, now) for body in bodies]
    if bodies:
        shown.append(_shown(vault, ALL_BODIES, bodies[0], now))
    return BudgetShown(budgets=shown)


def reset_budget(vault: Vault, message: ResetBudget, now: datetime) -> BudgetShown:
    """Allow another hour's budget and close the breaker. Raises ``Refusal`` ``not_tripped`` (said
    again it changes nothing), ``message_invalid``."""
    reason, by = read_reason(message.reason), identifier(message.by, "by")
    budget = message.client_body
    if budget != ALL_BODIES:
        identifier(budget, "client_body")
    acting_for = budget if budget != ALL_BODIES else next(iter(client_bodies()), "")
    if not acting_for:
        raise Refusal("not_tripped", "nothing was released yet", "client_body")
    more = _limit(vault, budget)
    with visible_to(acting_for):
        rows = ReleaseBudget.objects.filter(client_body=budget, hour=hour_of(now))
        tripped = rows.filter(tripped_at__isnull=False)
        if not tripped.update(tripped_at=None, allowed_more=F("allowed_more") + more):
            raise Refusal("not_tripped", "its breaker is closed: nothing to reset", "client_body")
        evidence.append(
            kind="vault.budget_reset",
            subject=budget,
            facts={
                "by": by,
                "reason": reason,
                "allowed_more": more,
                "hour": hour_of(now).isoformat(),
            },
        )
    return show_budget(vault, now)


def _limit(vault: Vault, budget: str) -> int:
    budgets = vault.budgets_of(budget)
    return budgets.every if budget == ALL_BODIES else budgets.own


def _shown(vault: Vault, budget: str, acting_for: str, now: datetime) -> BodyBudget:
    with visible_to(acting_for):
        row = ReleaseBudget.objects.filter(client_body=budget, hour=hour_of(now)).first()
    allowed_more = row.allowed_more if row else 0
    counted = row.released - vault.counter.held(budget, now) if row else 0
    return BodyBudget(
        client_body=budget,
        hour=hour_of(now),
        released=max(counted, 0),
        most=_limit(vault, budget) + allowed_more,
        allowed_more=allowed_more,
        tripped_at=row.tripped_at if row else None,
    )
