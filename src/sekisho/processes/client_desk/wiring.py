"""Wires the client desk."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sekisho.processes import django_settings
from sekisho.processes.run import Process
from sekisho.processes.sandbox import SandboxPlan
from sekisho.processes.stand_edge import read_rules, stand_edge
from sekisho.transport.briefing import Briefing

if TYPE_CHECKING:
    from sekisho.client_desk.pages.desk import Desk
    from sekisho.client_desk.webhooks.send import Messenger
    from sekisho.transport.doors import Doors

MIDDLEWARE = (
    # First, so that nobody's cookie reaches the API.
    "sekisho.client_desk.api.stand_apart.StandApart",
    "django.middleware.csrf.CsrfViewMiddleware",
    "sekisho.client_desk.pages.desk.AdmitStaff",
)

_desk: "Desk | None" = None
_messenger: "Messenger | None" = None
_opening = threading.Lock()


def _open_desk(briefing: Briefing) -> "Desk":
    """The one desk of this process; doors, pages and the worker come for it from three threads."""
    global _desk
    from sekisho.client_desk.api.places import set_sites
    from sekisho.client_desk.pages.desk import open_desk
    from sekisho.client_desk.records.scope import give_up_uploads

    with _opening:
        if _desk is None:
            give_up_uploads()
            set_sites(briefing.addresses)
            _desk = open_desk(
                Path(briefing.folder),
                address=briefing.addresses["client_desk"],
                vault_key=briefing.public_keys["vault.seal"],
                vault_origin=briefing.addresses["vault"].rstrip("/"),
            )
        return _desk


def _settings(briefing: Briefing | None) -> dict[str, Any]:
    from sekisho.client_desk.import_bills.keep_pieces import PIECE_BYTES

    folder = Path(__file__).parents[2]
    return django_settings.build(
        briefing,
        zone="client_desk",
        urls="sekisho.client_desk.pages.urls",
        middleware=MIDDLEWARE,
        template_folders=(
            folder / "client_desk" / "pages" / "templates",
            folder / "sign_in" / "templates",
        ),
        CSRF_COOKIE_NAME="sekisho_desk_form",
        DATA_UPLOAD_MAX_MEMORY_SIZE=PIECE_BYTES + 1,
    )


def _doors(briefing: Briefing) -> "Doors":
    from sekisho.client_desk.doors import make_doors

    return make_doors(_open_desk(briefing))


def _pages(briefing: Briefing) -> Any:
    from django.core.handlers.wsgi import WSGIHandler

    from sekisho.client_desk.pages.desk import FILES
    from sekisho.client_desk.pages.page_rules import page_rules
    from sekisho.edge.look import serve
    from sekisho.sign_in.frame import INDOORS

    desk = _open_desk(briefing)
    application = serve(WSGIHandler(), FILES, INDOORS)
    return stand_edge(briefing, application, page_rules(desk))


def _work(briefing: Briefing, stop: threading.Event) -> None:
    _open_desk(briefing).worker.run(stop)


def _forget_answers(briefing: Briefing, stop: threading.Event) -> None:
    from sekisho.client_desk.api.forget_answers import keep_forgetting

    keep_forgetting(stop)


def _send_webhooks(briefing: Briefing, stop: threading.Event) -> None:
    global _messenger
    from sekisho.client_desk.webhooks.send import Messenger

    _messenger = Messenger(_open_desk(briefing).sign_in.gate.keeper)
    _messenger.run(stop)


def _concerns() -> dict[str, Callable[[], str]]:
    return {"webhooks": lambda: _messenger.fault() if _messenger is not None else ""}


def _page_options() -> dict[str, Any]:
    from sekisho.client_desk.import_bills.keep_pieces import PIECE_BYTES
    from sekisho.edge import EdgeLimits

    return EdgeLimits().for_waitress(PIECE_BYTES)


def _sandbox(briefing: Briefing, plan: SandboxPlan) -> SandboxPlan:
    from sekisho.printing.font import font_place

    return read_rules(briefing, plan).also(read=(font_place(),))


PROCESS = Process(
    zone="client_desk",
    settings=_settings,
    doors=_doors,
    pages=_pages,
    page_options=_page_options,
    works=(_work, _send_webhooks, _forget_answers),
    concerns=_concerns,
    sandbox=_sandbox,
)
