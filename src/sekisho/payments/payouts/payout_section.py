"""``[payments.payout]`` of a site's file: the account that its client body is paid to."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Literal

import msgspec

from sekisho.bank_files.bank_kana import BANK_NAME, HOLDER, to_bank_kana
from sekisho.crossings.payments import BankAccount

if TYPE_CHECKING:
    from sekisho.payments.site_rules import SiteRules

MAX_BANK_NAME_CHARACTERS = 15
MAX_HOLDER_CHARACTERS = 30
"""Fields of the transfer file (総合振込)."""


class PayoutSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The section as written. Names in kana, of any width."""

    bank_code: str
    bank_name: str
    branch_code: str
    branch_name: str
    kind: Literal["ordinary", "current", "savings", "other"]
    number: str
    holder: str


_KINDS = {"ordinary": "1", "current": "2", "savings": "4", "other": "9"}


def payout_faults(section: PayoutSection) -> Iterator[str]:
    """Give what can't stand in a transfer file, with its key."""
    for key, digits in (("bank_code", 4), ("branch_code", 3), ("number", 7)):
        if not re.fullmatch(rf"[0-9]{{{digits}}}", getattr(section, key)):
            yield f"payout.{key} must have {digits} digits"
    for key, most, letters in (
        ("bank_name", MAX_BANK_NAME_CHARACTERS, BANK_NAME),
        ("branch_name", MAX_BANK_NAME_CHARACTERS, BANK_NAME),
        ("holder", MAX_HOLDER_CHARACTERS, HOLDER),
    ):
        try:
            kana = to_bank_kana(getattr(section, key), letters)
        except ValueError as wrong:
            yield f"payout.{key}: {wrong}"
            continue
        if not 1 <= len(kana.strip()) <= most:
            yield f"payout.{key} must have 1 to {most} half-width characters, it has {len(kana)}"


def account_of(sites: Mapping[str, SiteRules], client_body: str) -> BankAccount | None:
    """Return the account of ``client_body``; ``None`` when none of its sites names one, or they
    name different ones."""
    sections = {
        rules.section.payout
        for rules in sites.values()
        if rules.client_body == client_body and rules.section.payout is not None
    }
    if len(sections) != 1:
        return None
    (section,) = sections
    return BankAccount(
        bank_code=section.bank_code,
        bank_name=to_bank_kana(section.bank_name, BANK_NAME),
        branch_code=section.branch_code,
        branch_name=to_bank_kana(section.branch_name, BANK_NAME),
        kind=_KINDS[section.kind],
        number=section.number,
        holder=to_bank_kana(section.holder),
    )
