"""Links as their own client body sees them; one is cancelled."""

from __future__ import annotations

from typing import Any, LiteralString

from sekisho import evidence
from sekisho.crossings.message import Refusal
from sekisho.crossings.payments import CancelLink, FindLinks, LinksFound, LinkShown, ShowLink
from sekisho.payments.business.create_link import NO_SLIP
from sekisho.payments.business.put_bill import withdraw
from sekisho.payments.business.read_link import LINK_COLUMNS, LINK_FROM, link_shown, read_link
from sekisho.payments.business.turn_pages import check_limit, one_page, read_id, write_cursor
from sekisho.payments.business.whose import bodies_of, check_by, check_filters, one_body
from sekisho.payments.records.session import Rows, acting_for
from sekisho.payments.room import Room
from sekisho.transport.doors import Caller


def show_link(room: Room, caller: Caller, message: ShowLink) -> LinkShown:
    """Return one link. Raises ``Refusal`` ``link_unknown``, ``client_body_unknown``."""
    with acting_for(",".join(bodies_of(room, caller, message.client_body))) as rows:
        return read_link(room, rows, message.link_id)


def find_links(room: Room, caller: Caller, message: FindLinks) -> LinksFound:
    """Return a page of the body's links. Raises ``Refusal`` ``client_body_unknown``,
    ``cursor_wrong``, ``limit_wrong``, ``filter_wrong``."""
    bodies = bodies_of(room, caller, message.client_body)
    limit = check_limit(message.limit)
    check_filters(message)
    values: dict[str, Any] = {"bodies": bodies, "rows": limit + 1}
    where: LiteralString = " WHERE l.client_body = body"
    if message.bill_id is not None:
        values["bill_id"], where = message.bill_id, where + " AND l.bill_id = %(bill_id)s"
    below = read_id(message.cursor)
    if below is not None:
        values["below"], where = below, where + " AND l.id < %(below)s"
    statement: LiteralString = (
        "SELECT one.* FROM unnest(%(bodies)s::text[]) AS body CROSS JOIN LATERAL (SELECT "  # noqa: S608
        + LINK_COLUMNS
        + LINK_FROM
        + where
        + " ORDER BY l.id DESC LIMIT %(rows)s) AS one (link_id) ORDER BY one.link_id DESC"
        " LIMIT %(rows)s"
    )
    with acting_for(",".join(bodies)) as rows:
        page, last = one_page(rows.all(statement, values), limit)
    return LinksFound(
        links=[link_shown(room, row) for row in page],
        next_cursor=write_cursor(last[0]) if last else None,
    )


def cancel_link(room: Room, caller: Caller, message: CancelLink) -> LinkShown:
    """Cancel a link; said again it is the same. Raises ``Refusal`` as ``CancelLink`` describes."""
    body, by = one_body(room, message.client_body), check_by(caller, message.by)
    with acting_for(body) as rows:
        shown = read_link(room, rows, message.link_id)
        # Bill before link: whoever pays locks the bill first.
        made_for_it = rows.one(
            "SELECT payee_number = %s FROM bill WHERE id = %s FOR SHARE", [NO_SLIP, shown.bill_id]
        )
        shown = read_link(room, rows, message.link_id)
        if shown.state in ("paid", "in_payment"):
            code = "bill_paid" if shown.state == "paid" else "bill_in_payment"
            raise Refusal(code, shown.reference or "", "link_id")
        if made_for_it is not None and made_for_it[0]:
            withdraw(room, rows, shown.bill_id, by=by)
        _cancel(room, rows, shown, by)
        return read_link(room, rows, message.link_id)


def _cancel(room: Room, rows: Rows, shown: LinkShown, by: str) -> None:
    cancelled = rows.do(
        "UPDATE payment_link SET cancelled_at = %s, cancelled_by = %s"
        " WHERE id = %s AND cancelled_at IS NULL",
        [room.now(), by, shown.link_id],
    )
    if cancelled:
        evidence.append(
            kind="payments.link_cancelled",
            subject=shown.link_id,
            facts={"client_body": shown.client_body, "bill_id": shown.bill_id, "by": by},
        )
