"""A link's page: the bill that it is for becomes an errand, and the way is the same from there. The
token is not kept, and is gone from the address line at once."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from sekisho.crossings.payments import OpenLink
from sekisho.payer_site.keep_visit import new_visit, open_visit
from sekisho.payer_site.pages.show import page, see_other, visit_of
from sekisho.payer_site.run_errand import open_link_errand
from sekisho.payer_site.this_site import session_of, source_of, this_site, unknown_session
from sekisho.transport import cross


@page
def pay(request: HttpRequest, token: str) -> HttpResponse:
    """Open the link; the bill found becomes an errand of this browser's visit."""
    visit, cookie = visit_of(request), ""
    opened = cross(
        OpenLink(
            token=token,
            source=source_of(request),
            session=session_of(visit) if visit else unknown_session(),
        )
    )
    if visit is None:
        # Only now: whoever tries tokens leaves no row here.
        visit, cookie = new_visit()
    response = see_other("bill", open_link_errand(visit, opened))
    if cookie:
        open_visit(response, this_site().pages.id, cookie)
    return response
