"""What an operator may do."""

from __future__ import annotations

ROLES = {
    "observer": frozenset({"look"}),
    "responder": frozenset(
        {"look", "look_into_payments", "see_cases", "propose_decisions", "set_card_entry"}
    ),
    "approver": frozenset({"look", "see_cases", "approve_decisions"}),
    "auditor": frozenset({"look", "look_into_payments", "see_cases"}),
}
"""Rights by role. An observer sees no payment; an approver approves what others propose, sees of
payments only the open cases, and does nothing else. Who has both roles still can't approve an own
proposal: payments wants another name."""


def may(roles: list[str], right: str) -> bool:
    """Return whether one of ``roles`` gives ``right``."""
    return any(right in ROLES.get(role, frozenset()) for role in roles)


def roles_with(right: str) -> tuple[str, ...]:
    """Return the roles that give ``right``."""
    return tuple(role for role, rights in ROLES.items() if right in rights)
