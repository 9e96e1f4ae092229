"""Puts the edge before a process's pages, and lets the sandbox read the edge's rules."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sekisho.processes.sandbox import SandboxPlan
from sekisho.transport.briefing import Briefing

if TYPE_CHECKING:
    from sekisho.edge import Edge, PageRule

INSTALLED_CRS = (Path("/etc/modsecurity/crs"), Path("/usr/share/modsecurity-crs"))


def stand_edge(
    briefing: Briefing, application: Any, pages: "Sequence[PageRule]", **more: Any
) -> "Edge":
    """The edge around a WSGI application, its request log in the process's log folder.

    more: further arguments of `edge.stand_before` (`limits`, `csp`). Raises its errors.
    """
    from django.core.signals import got_request_exception

    from sekisho.edge import default_crs_dir, stand_before

    got_request_exception.connect(_tell_outage)
    return stand_before(
        application,
        process=briefing.process,
        log_dir=Path(briefing.log_folder),
        pages=pages,
        crs_dir=default_crs_dir(),
        trusted_proxies=briefing.settings.get("trusted_proxies", ()),
        **more,
    )


def _tell_outage(request: Any = None, **_facts: Any) -> None:
    """Tell the edge that a request broke on what is away for now and comes back by itself."""
    import psycopg
    from django.db import InterfaceError, OperationalError

    from sekisho.edge import OUTAGE
    from sekisho.transport import TransportError

    # Records are read through Django or past it (`sekisho.database`), each with its own errors.
    away = (OperationalError, InterfaceError, psycopg.OperationalError, psycopg.InterfaceError)
    if isinstance(sys.exc_info()[1], (*away, TransportError)):
        request.META[OUTAGE] = True


def read_rules(_briefing: Briefing, plan: SandboxPlan) -> SandboxPlan:
    """`Process.sandbox` of a process with pages: the rule set may be read."""
    from sekisho.edge import default_crs_dir

    return plan.also(read=(default_crs_dir(), *INSTALLED_CRS))


def edge_options() -> dict[str, Any]:
    """`Process.page_options` of a process whose pages keep the edge's default limits."""
    from sekisho.edge import EdgeLimits

    return EdgeLimits().for_waitress()
