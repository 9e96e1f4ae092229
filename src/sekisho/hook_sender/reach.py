"""How far this sender may reach: 443 of the open internet, and more only for a rehearsal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

HTTPS_PORT, HTTP_PORT = 443, 80


@dataclass(frozen=True)
class Reach:
    """``ports``: further TCP ports. ``trust_pem``: a certificate authority of one's own, beside
    the system's. All four are for rehearsals (``hooks.toml`` of the data folder)."""

    allow_private: bool = False
    allow_plain: bool = False
    ports: frozenset[int] = frozenset()
    trust_pem: str = ""

    @property
    def is_rehearsal(self) -> bool:
        """Whether anything is allowed that must not be in production."""
        return bool(self.allow_private or self.allow_plain or self.ports or self.trust_pem)

    def allowed_ports(self) -> frozenset[int]:
        """Return every TCP port that a delivery may go to."""
        return self.ports | {HTTPS_PORT} | ({HTTP_PORT} if self.allow_plain else set())

    def describe(self) -> str:
        """Return in words what a person must know of a rehearsal, ``""`` in production."""
        said = [
            *(["private addresses"] if self.allow_private else []),
            *(["plain http"] if self.allow_plain else []),
            *([f"ports {', '.join(map(str, sorted(self.ports)))}"] if self.ports else []),
            *(["a certificate authority of one's own"] if self.trust_pem else []),
        ]
        if not said:
            return ""
        return f"REHEARSAL: webhooks may go to {', '.join(said)} (hooks.toml of the data folder)"


def read_reach(settings: Mapping[str, Any]) -> Reach:
    """Return what the briefing's ``hooks`` says; nothing said is the production rule."""
    return Reach(
        allow_private=bool(settings.get("allow_private", False)),
        allow_plain=bool(settings.get("allow_plain", False)),
        ports=frozenset(settings.get("ports", ())),
        trust_pem=str(settings.get("trust_pem", "")),
    )
