"""What a site's configuration lays down for its payments: section ``[payments]`` of its file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

import msgspec

from sekisho.payments import limits
from sekisho.payments.charge_fee import FeeRule
from sekisho.payments.charge_runs.charges_section import ChargesSection
from sekisho.payments.errors import SettingsWrong
from sekisho.payments.guard.guard_section import GuardSection
from sekisho.payments.opening_hours import Closed, ClosedSetting, read_closed
from sekisho.payments.payouts.payout_section import PayoutSection, payout_faults
from sekisho.vocabulary.money import MAX_AMOUNT_YEN
from sekisho.vocabulary.twins import TEST_SUFFIX, is_twin, twin_of

Brand = Literal["visa", "mastercard", "jcb", "amex", "diners"]

MIN_PAYMENT_MINUTES, MAX_PAYMENT_MINUTES = 5, 60
MAX_MERCHANT_NAME_CHARACTERS = 40
"""EMV 3-D Secure merchantName."""

_ID = re.compile(r"[a-z][a-z0-9_]{1,40}")


class TriesRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[payments.tries]``: wrong answers allowed in ``window_minutes``."""

    per_session: int = limits.WRONG_ANSWERS_PER_SESSION
    per_source: int = limits.WRONG_ANSWERS_PER_SOURCE
    per_number: int = limits.WRONG_ANSWERS_PER_NUMBER
    window_minutes: int = int(limits.WRONG_ANSWERS_WINDOW.total_seconds() // 60)

    @property
    def window(self) -> timedelta:
        return timedelta(minutes=self.window_minutes)


class SiteSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The section as written. Amounts in yen."""

    client_body: str
    kind: Literal["bills", "policies"]
    merchant_id: str
    merchant_name: str
    payee_numbers: tuple[str, ...] = ()
    card_limit_yen: int = 999_999
    brands: tuple[Brand, ...] = ("visa", "mastercard", "jcb", "amex", "diners")
    payment_minutes: int = 20
    fee: FeeRule | None = None
    closed: tuple[ClosedSetting, ...] = ()
    three_d_secure_unavailable: Literal["refuse", "proceed"] = "refuse"
    card_check_yen: Literal[0, 1] = 0
    paper_check: Literal["double_entry", "second_person"] = "double_entry"
    """Who stands behind a card from paper: a second entry, or a second person who looks."""
    capture: Literal["at_once", "delayed"] = "at_once"
    capture_within_hours: int = limits.CAPTURE_WITHIN_HOURS
    tries: TriesRule = TriesRule()
    guard: GuardSection = GuardSection()
    charges: ChargesSection = ChargesSection()
    payout: PayoutSection | None = None


@dataclass(frozen=True, slots=True)
class SiteRules:
    """One site's rules, checked and ready for use."""

    site: str
    section: SiteSection
    closed: tuple[Closed, ...]

    @property
    def client_body(self) -> str:
        return self.section.client_body

    @property
    def is_test(self) -> bool:
        """Whether it is a twin for trying out."""
        return is_twin(self.site)

    @property
    def payment_time(self) -> timedelta:
        """How long a payer has before asking for more."""
        return timedelta(minutes=self.section.payment_minutes)

    @property
    def capture_time(self) -> timedelta | None:
        """How long an authorised payment waits for its capture; ``None``: it does not wait."""
        if self.section.capture == "at_once":
            return None
        return timedelta(hours=self.section.capture_within_hours)


def with_twins(sites: Mapping[str, SiteRules]) -> dict[str, SiteRules]:
    """Return the sites and a twin of each: the same rules for the client body's twin."""
    live = {site: rules for site, rules in sites.items() if not rules.is_test}
    twins = {
        twin_of(site): SiteRules(
            twin_of(site),
            msgspec.structs.replace(rules.section, client_body=twin_of(rules.client_body)),
            rules.closed,
        )
        for site, rules in live.items()
    }
    return live | twins


def read_site_rules(site: str, section: Mapping[str, Any]) -> SiteRules:
    """Return the rules of ``site`` from its ``[payments]`` section.

    Raises ``SettingsWrong`` naming every key that is wrong and what to write instead."""
    try:
        read = msgspec.convert(dict(section), SiteSection)
    except msgspec.ValidationError as error:
        raise SettingsWrong(f"site {site}, section [payments]: {error}") from None
    faults = list(_faults(read))
    if read.payout is not None:
        faults.extend(payout_faults(read.payout))
    if is_twin(site):
        faults.append(f"the site's id must not end with {TEST_SUFFIX}: reserved for its twin")
    windows = []
    for at, setting in enumerate(read.closed):
        try:
            windows.append(read_closed(setting))
        except ValueError as error:
            faults.append(f"closed[{at}]: {error}")
    if faults:
        raise SettingsWrong(f"site {site}, section [payments]: {'; '.join(faults)}")
    return SiteRules(site, read, tuple(windows))


def _faults(read: SiteSection) -> list[str]:
    found = []
    if not _ID.fullmatch(read.client_body):
        found.append("client_body must be lower-case letters, digits and _ such as mihon_to")
    if is_twin(read.client_body):
        found.append(f"client_body must not end with {TEST_SUFFIX}: reserved for its twin")
    if not read.merchant_id.isalnum() or not 1 <= len(read.merchant_id) <= 15:
        found.append("merchant_id must be 1 to 15 letters and digits (ISO 8583 field 42)")
    if not 1 <= len(read.merchant_name) <= MAX_MERCHANT_NAME_CHARACTERS:
        found.append(f"merchant_name must have 1 to {MAX_MERCHANT_NAME_CHARACTERS} characters")
    if read.kind == "bills" and not read.payee_numbers:
        found.append("payee_numbers must list the 収納機関番号 that the site takes")
    for number in read.payee_numbers:
        if not (number.isascii() and number.isdigit() and len(number) == limits.PAYEE_DIGITS):
            found.append(f"payee_numbers: each is a text of {limits.PAYEE_DIGITS} digits")
            break
    if not 1 <= read.card_limit_yen <= MAX_AMOUNT_YEN:
        found.append(f"card_limit_yen must be from 1 to {MAX_AMOUNT_YEN}")
    if not read.brands:
        found.append("brands must name at least one brand")
    if not MIN_PAYMENT_MINUTES <= read.payment_minutes <= MAX_PAYMENT_MINUTES:
        found.append(f"payment_minutes must be from {MIN_PAYMENT_MINUTES} to {MAX_PAYMENT_MINUTES}")
    if not 1 <= read.capture_within_hours <= limits.MAX_CAPTURE_WITHIN_HOURS:
        found.append(f"capture_within_hours must be from 1 to {limits.MAX_CAPTURE_WITHIN_HOURS}")
    found += [f"fee.{fault}" for fault in (read.fee.faults() if read.fee else [])]
    found += [f"guard.{fault}" for fault in read.guard.faults()]
    found += [f"charges.{fault}" for fault in read.charges.faults()]
    for key in ("per_session", "per_source", "per_number", "window_minutes"):
        if getattr(read.tries, key) < 1:
            found.append(f"tries.{key} must be at least 1")
    return found
