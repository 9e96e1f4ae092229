"""What every order must be like, whoever sends it. Each check raises ``Refusal`` with the field."""

from __future__ import annotations

from collections.abc import Callable

from sekisho.card_network.records.models import Order
from sekisho.crossings import card_network as asked
from sekisho.crossings.message import Refusal
from sekisho.vocabulary.money import yen

MAX_MERCHANT_CHARACTERS = 15
"""ISO 8583 field 42."""

MAX_ATTEMPT = 1_000
MAX_ID_CHARACTERS = 100

HandOver = Callable[[Order], None]


def check_order(message: asked.Order, merchant_id: str) -> None:
    """Check payment, attempt and merchant."""
    if not is_plain(message.payment_id, MAX_ID_CHARACTERS):
        raise Refusal("payment_invalid", "printable ASCII characters", "payment_id")
    if not 0 <= message.attempt <= MAX_ATTEMPT:
        raise Refusal("attempt_invalid", f"from 0 to {MAX_ATTEMPT}", "attempt")
    if not is_plain(merchant_id, MAX_MERCHANT_CHARACTERS):
        raise Refusal(
            "merchant_invalid",
            f"1 to {MAX_MERCHANT_CHARACTERS} printable ASCII characters",
            "merchant_id",
        )


def check_amount(amount_yen: int, *, least: int) -> None:
    """Check an amount in yen."""
    try:
        yen(amount_yen)
    except ValueError as problem:
        raise Refusal("amount_invalid", str(problem), "amount_yen") from None
    if amount_yen < least:
        raise Refusal("amount_invalid", f"at least {least} yen", "amount_yen")


def check_merchant(authorisation: Order, merchant_id: str) -> None:
    """Check that what follows an authorisation comes from its merchant."""
    if authorisation.merchant_id not in ("", merchant_id):
        raise Refusal("merchant_invalid", "the authorisation is another merchant's", "merchant_id")


def is_plain(text: str, longest: int) -> bool:
    """Return whether ``text`` is 1 to ``longest`` printable ASCII characters, no space around."""
    return (
        0 < len(text) <= longest and text.isascii() and text.isprintable() and text == text.strip()
    )
