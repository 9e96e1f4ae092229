"""Wires one payer site: which one, the briefing says."""

from typing import Any

from sekisho.processes import django_settings
from sekisho.processes.run import Process
from sekisho.processes.stand_edge import edge_options, read_rules, stand_edge
from sekisho.transport.briefing import Briefing


def _settings(briefing: Briefing | None) -> dict[str, Any]:
    from sekisho.payer_site.open_site import page_settings, site_of

    site = site_of(briefing)
    return django_settings.build(briefing, zone="payer_site", **page_settings(site))


def _pages(briefing: Briefing) -> Any:
    from django.conf import settings
    from django.core.wsgi import get_wsgi_application

    from sekisho.edge.look import serve as serve_look
    from sekisho.payer_site.open_site import make_site, site_of
    from sekisho.payer_site.page_rules import page_rules
    from sekisho.payer_site.this_site import SCRIPTS

    site = site_of(briefing)
    settings.SEKISHO_SITE = make_site(briefing, site)
    application = serve_look(get_wsgi_application(), SCRIPTS)
    return stand_edge(briefing, application, page_rules(site.site.kind))


PROCESS = Process(
    zone="payer_site",
    settings=_settings,
    pages=_pages,
    page_options=edge_options,
    sandbox=read_rules,
)
