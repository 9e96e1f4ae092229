"""What is wrong in this zone, in words for health: no id that tells a payer, no number."""

from __future__ import annotations

from sekisho.card_network.connection import NetworkLink
from sekisho.card_network.records.models import Order


def check_link(link: NetworkLink) -> str:
    """Return what is wrong with the connection, or an empty text."""
    return "" if link.is_ready else "the card network is not connected; nothing is sent until it is"


def check_stuck() -> str:
    """Return how many orders the network never answered, or an empty text."""
    stuck = Order.objects.filter(state=Order.State.STUCK).count()
    return (
        f"{stuck} orders were never answered by the card network: ask it by telephone"
        if stuck
        else ""
    )
