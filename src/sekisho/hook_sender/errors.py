"""What the sender refuses."""

from __future__ import annotations

from sekisho.crossings.hook_sender import AddressWrong


class AddressRefused(ValueError):
    """Why a webhook may not go there: ``reason`` for machines, its text for people."""

    def __init__(self, reason: AddressWrong, detail: str) -> None:
        super().__init__(detail)
        self.reason: AddressWrong = reason
