"""Links by which a holder gives another card. A token has 256 bits, is kept as its digest, is good
for ``LINK_OPEN`` and for one change; whoever opens it must know the holder's date of birth."""

from __future__ import annotations

import hashlib
from datetime import datetime

from sekisho import evidence
from sekisho.crossings.message import Refusal
from sekisho.crossings.payments import AskCardChange, EnrolmentShown
from sekisho.payments import limits as room_limits
from sekisho.payments.after_payment.asker import person
from sekisho.payments.enrolments import limits
from sekisho.payments.enrolments.life import Step, take_step
from sekisho.payments.enrolments.mails import MailTemplate, holder_of, tell_holder
from sekisho.payments.enrolments.show import acted_for, read_enrolment
from sekisho.payments.records.session import Rows, acting_for
from sekisho.payments.room import Room
from sekisho.transport.doors import Caller
from sekisho.vocabulary.identifiers import new_id, new_token
from sekisho.vocabulary.twins import TEST_TOKEN_PREFIX, is_twin


def digest_of(token: str) -> bytes:
    """Return what is kept of a link's token."""
    return hashlib.sha256(token.encode()).digest()


def ask_card_change(room: Room, caller: Caller, message: AskCardChange) -> EnrolmentShown:
    """Have a link mailed. Raises ``Refusal`` as ``AskCardChange`` describes."""
    by, now = person(caller, message.by), room.now()
    if not 1 <= len(message.key) <= room_limits.MAX_KEY_CHARACTERS:
        most = room_limits.MAX_KEY_CHARACTERS
        raise Refusal("key_wrong", f"1 to {most} characters", "key")
    with acting_for(acted_for(room, caller, message.client_body)) as rows:
        rows.one("SELECT id FROM enrolment WHERE id = %s FOR NO KEY UPDATE", [message.enrolment_id])
        shown = read_enrolment(rows, message.enrolment_id)
        said = rows.one(
            "SELECT enrolment_id FROM card_link WHERE client_body = %s AND key = %s",
            [shown.client_body, message.key],
        )
        if said is not None:
            if said[0] != shown.enrolment_id:
                raise Refusal("key_reused", "this key asked for another enrolment", "key")
            return shown
        if shown.status != "active":
            raise Refusal("not_active", f"the enrolment is {shown.status}", "enrolment_id")
        if not shown.mail_known:
            raise Refusal("no_mail", "the holder gave no e-mail address", "enrolment_id")
        asked_at = shown.card_change_asked_at
        if asked_at is not None and now - asked_at < limits.LINK_PAUSE:
            again_at = (asked_at + limits.LINK_PAUSE).isoformat()
            raise Refusal("asked_lately", again_at, "enrolment_id")
        step = Step("active", "active", "card_change_asked")
        take_step(
            rows,
            shown.enrolment_id,
            step,
            by=by,
            changes=", change_asked_at = %s",
            values=[now],
        )
        mail_link(rows, shown, "card_change", key=message.key, by=by, now=now)
        return read_enrolment(rows, shown.enrolment_id)


def mail_link(
    rows: Rows,
    shown: EnrolmentShown,
    template: MailTemplate,
    *,
    key: str,
    by: str,
    now: datetime,
    **facts: str,
) -> bool:
    """Make a link in place of earlier ones and have it mailed; return False, and make none, when
    the holder has no mail."""
    holder = holder_of(rows, shown.enrolment_id)
    if holder is None or holder.email_token is None:
        return False
    token = (TEST_TOKEN_PREFIX if is_twin(shown.site) else "") + new_token()
    close_links(rows, shown.enrolment_id, now)
    rows.do(
        "INSERT INTO card_link (id, client_body, enrolment_id, key, digest, asked_by, asked_at,"
        " expires_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
        [
            new_id("cardlink"),
            shown.client_body,
            shown.enrolment_id,
            key,
            digest_of(token),
            by,
            now,
            now + limits.LINK_OPEN,
        ],
    )
    until = (now + limits.LINK_OPEN).isoformat()
    tell_holder(
        rows, shown.enrolment_id, template, {"link_until_at": until, **facts}, link_token=token
    )
    evidence.append(
        kind="payments.card_link_mailed",
        subject=shown.enrolment_id,
        facts={"client_body": shown.client_body, "by": by},
    )
    return True


def close_links(rows: Rows, enrolment_id: str, now: datetime) -> None:
    """Shut every open link of an enrolment."""
    rows.do(
        "UPDATE card_link SET closed_at = %s WHERE enrolment_id = %s AND closed_at IS NULL",
        [now, enrolment_id],
    )
