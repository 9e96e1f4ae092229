"""Who speaks at the doors of payments."""

from __future__ import annotations

from sekisho.transport.doors import Caller

TAX = Caller("payer_site.metropolitan_tax", "payer_site", "metropolitan_tax")
PREMIUM = Caller("payer_site.group_life_premium", "payer_site", "group_life_premium")
VAULT = Caller("vault", "vault", None)
NETWORK = Caller("card_network", "card_network", None)
TERMINAL = Caller("terminal", "terminal", None)
DESK = Caller("client_desk", "client_desk", None)
