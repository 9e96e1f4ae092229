"""What an operator may do."""

from __future__ import annotations

ROLES = {
    "observer": frozenset({"look"}),
    "responder": frozenset({"look", "look_into_payments"}),
    "approver": frozenset({"look"}),
    "auditor": frozenset({"look", "look_into_payments"}),
}
"""Rights by role. An observer sees no payment; an approver will approve what others do, and so
does nothing else."""


def may(roles: list[str], right: str) -> bool:
    """Return whether one of ``roles`` gives ``right``."""
    return any(right in ROLES.get(role, frozenset()) for role in roles)


def roles_with(right: str) -> tuple[str, ...]:
    """Return the roles that give ``right``."""
    return tuple(role for role, rights in ROLES.items() if right in rights)
