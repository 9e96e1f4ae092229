"""The desk's menu: five groups, each with its pages. A page is shown to those who may open it.

To add a page: one ``Entry`` in ``MENU`` where it belongs, its word in the topic's words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

ADMINISTRATOR = ("administrator",)
"""Roles of whoever looks after staff, keys and webhooks."""
ACTS = ("clerk", "administrator")
"""Roles of whoever enters, asks and hands in."""
DECIDES = ("approver", "administrator")
"""Roles of whoever approves what another asked for."""


class Entry(NamedTuple):
    """A page in the menu: its group and own name are keys of the desk's words; ``roles`` empty:
    everybody who is signed in."""

    group: str
    address: str
    word: str
    roles: tuple[str, ...] = ()


MENU: list[Entry] = [
    Entry("menu_home", "/", "menu_home"),
    # group_money: what payers paid
    Entry("group_money", "/payments", "menu_payments"),
    Entry("group_money", "/refunds", "menu_refunds"),
    Entry("group_money", "/disputes", "menu_disputes"),
    # group_bills: what is to be paid
    Entry("group_bills", "/files", "menu_files"),
    # group_standing: enrolments, paper applications, charge runs
    Entry("group_standing", "/enrolments", "menu_enrolments"),
    Entry("group_standing", "/papers", "menu_papers"),
    Entry("group_standing", "/charge-runs", "menu_charge_runs"),
    # group_settling: settlements, differences, statements
    Entry("group_settling", "/settlements", "menu_settlements"),
    Entry("group_settling", "/payouts", "menu_payouts"),
    # group_rooms: staff, keys, webhooks, one's own account
    Entry("group_rooms", "/staff", "menu_staff", ADMINISTRATOR),
    Entry("group_rooms", "/keys", "menu_keys", ADMINISTRATOR),
    Entry("group_rooms", "/webhooks", "menu_webhooks"),
    Entry("group_rooms", "/account", "menu_account"),
]

Link = tuple[str, str, bool]


def menu_of(
    roles: Sequence[str], path: str, words: Mapping[str, str]
) -> tuple[list[Link], list[Link]]:
    """Return the groups and the pages of the group that ``path`` is in, as address, label and
    whether it is here; only what ``roles`` may open."""
    open_to = [one for one in MENU if not one.roles or set(one.roles) & set(roles)]
    here = next((one for one in sorted(open_to, key=_longest) if _below(path, one.address)), None)
    groups: dict[str, str] = {}
    for one in open_to:
        groups.setdefault(one.group, one.address)
    first = [
        (address, words[group], here is not None and here.group == group)
        for group, address in groups.items()
    ]
    pages = [
        (one.address, words[one.word], one is here)
        for one in open_to
        if here is not None and one.group == here.group
    ]
    return first, pages if len(pages) > 1 else []


def _longest(entry: Entry) -> int:
    return -len(entry.address)


def _below(path: str, address: str) -> bool:
    return path == address or (address != "/" and path.startswith(address + "/"))
