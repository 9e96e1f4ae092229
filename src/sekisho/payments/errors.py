"""What can go wrong inside payments; what a caller is told is a ``Refusal`` instead."""

from __future__ import annotations


class PaymentsError(Exception):
    """Base of the family."""


class SettingsWrong(PaymentsError):
    """A site's ``[payments]`` section can't be used: names the site, the key and what to do."""


class EdgeRefused(PaymentsError):
    """A payment was to take an edge that the lifecycle does not have."""


class TooEarly(PaymentsError):
    """A message overtook the one it follows: its sender says it again."""


class LedgerWrong(PaymentsError):
    """A ledger transfer that does not balance, or amounts that don't fit the payment."""
