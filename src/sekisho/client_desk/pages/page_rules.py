"""What the edge lets through to the desk."""

from __future__ import annotations

from sekisho.client_desk.api.page_rules import api_page_rules
from sekisho.client_desk.import_bills.keep_pieces import PIECE_BYTES
from sekisho.client_desk.pages import (
    charge_run_routes,
    enrolment_routes,
    keys,
    portal_routes,
    webhook_routes,
)
from sekisho.client_desk.pages.desk import Desk
from sekisho.client_desk.pages.files import BeginForm, TakeForm
from sekisho.client_desk.pages.settling import routes as settling_routes
from sekisho.edge import CSRF_FIELD, LOOK_PAGE, PageRule, page_from_form
from sekisho.sign_in import account

PIECE_TYPE = "text/csv"
"""Of a piece of a file: a type that the Core Rule Set knows, and that no form can send."""

_FILE = r"/files/upload_[0-9a-z]{26}"


def page_rules(desk: Desk) -> list[PageRule]:
    """Return every page there is."""
    return [
        LOOK_PAGE,
        PageRule(r"/(?:indoors|desk)/[a-f0-9]{16}/[a-z_]{1,40}\.(?:css|js)", query=()),
        PageRule("/"),
        PageRule("/files"),
        page_from_form(
            "/files/begin", BeginForm, kinds={"encoding": "token"}, methods=("POST",), query=()
        ),
        PageRule(_FILE),
        PageRule(_FILE + "/check", methods=("POST",), fields=(CSRF_FIELD,)),
        page_from_form(_FILE + "/(?:take|give-up)", TakeForm, methods=("POST",)),
        PageRule(
            _FILE + r"/\d{1,3}",
            methods=("POST",),
            content_types=(PIECE_TYPE,),
            query=(),
            max_body_bytes=PIECE_BYTES,
            body="stream",
        ),
        *api_page_rules(),
        *charge_run_routes.page_rules(),
        *enrolment_routes.page_rules(),
        *keys.page_rules(),
        *webhook_routes.page_rules(),
        *portal_routes.page_rules(),
        *settling_routes.page_rules(),
        *account.page_rules(),
        *desk.sign_in.page_rules(),
    ]
