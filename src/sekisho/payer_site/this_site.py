"""The one site that this process is: its configuration, addresses and the vault's public key."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from sekisho.edge.client_address import rate_key
from sekisho.edge.look import Shelf
from sekisho.edge.look.words import Catalogue
from sekisho.payer_site.records.models import Errand, Visit
from sekisho.payer_site.seal_items import Sealer
from sekisho.payer_site.site_settings import MoneyShown, SitePages
from sekisho.vocabulary.identifiers import new_token

HERE = Path(__file__).parent
WORDS = Catalogue(HERE / "words")
SCRIPTS = Shelf("/site/", HERE / "scripts")


@dataclass(frozen=True)
class ThisSite:
    """``origin`` and ``vault_origin`` such as ``http://localhost:7001``; ``notice_file`` need not
    exist."""

    pages: SitePages
    money: MoneyShown
    origin: str
    vault_origin: str
    sealer: Sealer
    test_sealer: Sealer
    """Closes boxes for the client body's twin."""
    notice_file: Path


def this_site() -> ThisSite:
    """Return the site of this process."""
    found: ThisSite = settings.SEKISHO_SITE
    return found


def sealer_for(errand: Errand) -> Sealer:
    """Return what seals for the client body that the errand is with."""
    site = this_site()
    return site.test_sealer if errand.test else site.sealer


def origin_of(url: str) -> str:
    """Return scheme, host and port of ``url``; empty when it is no web address."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}" if parts.scheme in ("http", "https") else ""


def source_of(request: HttpRequest) -> str:
    """Return a keyed hash of the payer's network address: equal for equal addresses, useless to
    anybody without this process's key."""
    address = request.META.get("sekisho.client_address") or request.META.get("REMOTE_ADDR", "")
    return salted_hmac("payer_site.source", rate_key(str(address)), algorithm="sha256").hexdigest()


def session_of(visit: Visit) -> str:
    """Return a keyed hash of the visit, for counting tries."""
    text = bytes(visit.digest).hex()
    return salted_hmac("payer_site.session", text, algorithm="sha256").hexdigest()


def unknown_session() -> str:
    """Return a session for a browser that has no visit yet: its tries count by their source."""
    return salted_hmac("payer_site.session", new_token(), algorithm="sha256").hexdigest()
