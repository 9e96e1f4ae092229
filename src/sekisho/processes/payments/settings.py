"""Django's settings of the payments process, and the room that its briefing furnishes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sekisho.processes import django_settings
from sekisho.transport.briefing import Briefing
from sekisho.transport.keys import secret_key, signing_key

if TYPE_CHECKING:
    from sekisho.payments.room import Room


def settings(briefing: Briefing | None) -> dict[str, Any]:
    """Return Django's settings: the records of payments, no pages."""
    return django_settings.build(briefing, zone="payments")


def furnish(briefing: Briefing) -> Room:
    """Return the room of the briefing: the sites' ``[payments]`` sections, the permit key, the key
    that releases are sealed to. Raises ``SettingsWrong`` or ``KeyError`` naming what is missing."""
    from sekisho.payments.business.link_token import LINK_KEY
    from sekisho.payments.issue_permit import PERMIT_KEY, PermitPress
    from sekisho.payments.room import Room
    from sekisho.payments.site_rules import read_site_rules

    return Room(
        sites={
            site: read_site_rules(site, section["payments"])
            for site, section in briefing.settings["sites"].items()
        },
        press=PermitPress(
            signing_key(briefing.keys_folder, PERMIT_KEY),
            briefing.public_keys["card_network.receive"],
        ),
        link_key=secret_key(briefing.keys_folder, LINK_KEY),
    )
