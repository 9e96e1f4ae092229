"""What can go wrong on a payer site, beside the refusals that payments sends."""

from __future__ import annotations


class SiteError(Exception):
    """Root of the family."""


class SettingsWrong(SiteError):
    """A site's configuration can't be used; names the file and the key."""


class ErrandGone(SiteError):
    """The address names no errand of this visit: too old, finished elsewhere, or not theirs."""


class TypedWrong(SiteError):
    """Something typed is not what its field needs.

    ``key`` is the catalogue's key of the sentence that says so; the typed value is never part of
    it."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


class CardFormForeign(SiteError):
    """Payments named a card form that is not on the vault's origin; it is not shown."""
