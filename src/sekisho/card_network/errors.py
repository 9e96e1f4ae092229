"""What can go wrong in this zone. No error holds a card number, a code or a message's content."""

from __future__ import annotations


class CardNetworkError(Exception):
    """Base of this zone's errors."""


class MessageBroken(CardNetworkError):
    """Bytes that are no message of the field table, or a message that can't be packed; ``field``
    is the ISO 8583 field it is about."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"field {field}: {problem}")
        self.field = field


class NotSent(CardNetworkError):
    """The message surely never left: no byte of it was written. Nothing was taken."""


class NoAnswer(CardNetworkError):
    """The message was written and no valid answer came: nobody here knows the outcome.
    ``why`` is ``time_out``, ``connection_lost`` or ``mismatched``."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class DirectoryServerFailed(CardNetworkError):
    """The 3-D Secure directory server gave no usable answer: the payer is not authenticated."""


class SettingsWrong(CardNetworkError):
    """The process was started with settings that it can't work with; the text says which."""


class AnotherConnector(CardNetworkError):
    """Another process of this zone works on the same orders; this one waits until it is gone."""
