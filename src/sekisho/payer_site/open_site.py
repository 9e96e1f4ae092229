"""Makes the site of a process from its briefing: Django's settings, the application, its state."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from sekisho.payer_site.errors import SettingsWrong
from sekisho.payer_site.seal_items import PUBLIC_KEY_NAME, Sealer
from sekisho.payer_site.site_settings import SiteFile, load_site
from sekisho.vocabulary.twins import twin_of

if TYPE_CHECKING:
    from sekisho.transport.briefing import Briefing

HERE = Path(__file__).parent
NOTICE_FILE = "notice.toml"

MIDDLEWARE = (
    "sekisho.payer_site.languages.PagePolicy",
    "sekisho.payer_site.languages.Languages",
    "django.middleware.csrf.CsrfViewMiddleware",
)


def page_settings(site: SiteFile) -> dict[str, Any]:
    """Return what Django needs to know for the pages of ``site``, beside ``build``'s settings."""
    return {
        "ROOT_URLCONF": f"sekisho.payer_site.pages.urls_{site.site.kind}",
        "MIDDLEWARE": list(MIDDLEWARE),
        "CSRF_COOKIE_NAME": f"sekisho_{site.site.id}_csrf",
        "CSRF_FAILURE_VIEW": "sekisho.payer_site.pages.entry.form_expired",
        "TEMPLATES": [
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "DIRS": [str(HERE / "templates")],
                "APP_DIRS": False,
                "OPTIONS": {
                    "builtins": ["sekisho.payer_site.saying"],
                    "context_processors": ["django.template.context_processors.request"],
                },
            }
        ],
        "USE_I18N": False,
    }


def make_site(briefing: Briefing, site: SiteFile) -> Any:
    """Return ``ThisSite`` for the briefing. Raises ``SettingsWrong`` when an address or the vault's
    key is missing."""
    from sekisho.payer_site.this_site import ThisSite, origin_of

    origins = {
        process: origin_of(briefing.addresses.get(process, ""))
        for process in (briefing.process, "vault")
    }
    for process, origin in origins.items():
        if not origin:
            raise SettingsWrong(f"the briefing has no address of {process}")
    if PUBLIC_KEY_NAME not in briefing.public_keys:
        raise SettingsWrong(f"the briefing has no public key {PUBLIC_KEY_NAME}")
    return ThisSite(
        pages=site.site,
        money=site.payments,
        origin=origins[briefing.process],
        vault_origin=origins["vault"],
        sealer=Sealer(briefing.public_keys[PUBLIC_KEY_NAME], site.site.client_body),
        test_sealer=Sealer(briefing.public_keys[PUBLIC_KEY_NAME], twin_of(site.site.client_body)),
        notice_file=Path(briefing.folder) / NOTICE_FILE,
    )


def site_of(briefing: Briefing | None) -> SiteFile:
    """Return the configuration that the briefing names; without one, any site will do (to compare
    models with migrations)."""
    return load_site(briefing.name or "" if briefing else "metropolitan_tax")
