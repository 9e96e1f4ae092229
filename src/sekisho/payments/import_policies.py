"""Policies come in from their client body, each with its holder's date of birth in a sealed box.

Rules: a new number is added and its date of birth stored by the vault; a known policy's product,
premium, month of joining and end change. A date of birth that is already known is not changed by a
file: the box is sealed, so payments can't compare it, and a file must not be a way around the
question that FindPolicy asks."""

from __future__ import annotations

import re

from sekisho.crossings.message import Refusal, Taken
from sekisho.crossings.payments import ImportPolicies, ImportResult, PolicyRow
from sekisho.crossings.vault import MAX_SUBJECTS_PER_MESSAGE, StoreSubjects
from sekisho.payments.enrolments.end import end_with_policies
from sekisho.payments.import_verdicts import POLICY_VERDICTS, judge, over
from sekisho.payments.laid_aside import File, open_file
from sekisho.payments.limits import MAX_BOX_BYTES
from sekisho.payments.records.session import Row, Rows, acting_for
from sekisho.payments.room import Room
from sekisho.transport import cross
from sekisho.vocabulary.identifiers import new_id
from sekisho.vocabulary.money import MAX_AMOUNT_YEN

STORE_SECONDS = 60.0
"""How long the vault may take over one message of boxes."""

_BOX_NUMBER = re.compile(r"boxes\.(\d+)")

_COLUMNS = (
    "policy_number",
    "product_ja",
    "product_en",
    "yearly_premium_yen",
    "joined_month",
    "ended",
    "box",
)


def lay_policies_aside(room: Room, message: ImportPolicies) -> Taken:
    """Lay rows aside; a line that was laid aside before is left as it is. Raises as ``open_file``,
    and ``box_broken``."""
    if any(len(row.box) > MAX_BOX_BYTES for row in message.rows):
        raise Refusal("box_broken", "too large", "box")
    lines = [row.line for row in message.rows]
    with open_file(message.import_id, "policies", lines) as (rows, file):
        rows.do(
            "INSERT INTO policy_staged (line, policy_id, policy_number, product_ja, product_en,"
            " yearly_premium_yen, joined_month, ended, box, import_id, client_body)"
            " SELECT *, %s, %s FROM unnest(%s::int[], %s::text[], %s::text[], %s::text[],"
            " %s::text[], %s::bigint[], %s::int[], %s::bool[], %s::bytea[])"
            " ON CONFLICT DO NOTHING",
            [file.id, file.client_body, *_columns(message.rows)],
        )
    return Taken()


def _columns(policies: list[PolicyRow]) -> list[list[object]]:
    return [
        [policy.line for policy in policies],
        [new_id("policy") for _ in policies],
        *([getattr(policy, name) for policy in policies] for name in _COLUMNS),
    ]


def _values(file: File) -> dict[str, object]:
    return {"import_id": file.id, "most_yen": MAX_AMOUNT_YEN}


def send_boxes(file: File) -> None:
    """Have the vault store the dates of birth of policies that are new, batch by batch, noting the
    tokens; after an interruption it goes on where it was. A box that the vault refuses is its
    row's fault. Raises ``TransportError`` when the vault can't be reached."""
    while True:
        with acting_for(file.client_body) as rows:
            batch = rows.all(
                over(
                    POLICY_VERDICTS,
                    "SELECT line, box FROM judged WHERE judgement = 'add'"
                    " AND subject = '' ORDER BY line LIMIT %(most)s",
                ),
                {**_values(file), "most": MAX_SUBJECTS_PER_MESSAGE},
            )
        if not batch:
            return
        _send_batch(file, batch)


def _send_batch(file: File, batch: list[Row]) -> None:
    lines = [row[0] for row in batch]
    message = StoreSubjects(
        key=f"{file.id}:{lines[0]}:{len(lines)}",
        client_body=file.client_body,
        boxes=[bytes(row[1]) for row in batch],
    )
    try:
        stored = cross(message, seconds=STORE_SECONDS).subjects
    except Refusal as refusal:
        found = _BOX_NUMBER.match(refusal.field or "")
        if found is None or int(found[1]) >= len(lines):
            raise
        with acting_for(file.client_body) as rows:
            rows.do(
                "UPDATE policy_staged SET fault = %s WHERE import_id = %s AND line = %s",
                [(refusal.detail or refusal.code)[:200], file.id, lines[int(found[1])]],
            )
        return
    tokens = [one.tokens.get("date_of_birth", "") for one in stored]
    with acting_for(file.client_body) as rows:
        rows.do(
            "UPDATE policy_staged s SET subject = v.subject, date_of_birth_token = v.token,"
            " fault = CASE WHEN v.token = '' THEN 'the box holds no date of birth' ELSE '' END"
            " FROM unnest(%s::int[], %s::text[], %s::text[]) AS v (line, subject, token)"
            " WHERE s.import_id = %s AND s.line = v.line",
            [lines, [one.subject for one in stored], tokens, file.id],
        )


def lock_changed(rows: Rows, file: File) -> None:
    """Lock every known policy of the file, in one order."""
    rows.do(
        "SELECT o.id FROM policy o JOIN policy_staged s ON s.client_body = o.client_body"
        " AND s.policy_number = o.policy_number WHERE s.import_id = %s"
        " ORDER BY o.id FOR NO KEY UPDATE OF o",
        [file.id],
    )


def judge_rows(room: Room, rows: Rows, file: File) -> ImportResult:
    """Return what would become of the rows."""
    return judge(rows, POLICY_VERDICTS, _values(file), take=False)


def take_rows(room: Room, rows: Rows, file: File, judged: ImportResult, *, by: str) -> None:
    """Add and change what was judged so; forget the rows laid aside."""
    values = _values(file)
    rows.do(
        over(
            POLICY_VERDICTS,
            "UPDATE policy o SET product_ja = j.product_ja,"
            " product_en = j.product_en, yearly_premium_yen = j.yearly_premium_yen,"
            " joined_month = j.joined_month, ended = j.ended, changed_at = now() FROM judged j"
            " WHERE o.id = j.known_id AND j.judgement IN ('change', 'withdraw')",
        ),
        values,
    )
    rows.do(
        over(
            POLICY_VERDICTS,
            "INSERT INTO policy (id, client_body, policy_number, product_ja,"
            " product_en, yearly_premium_yen, joined_month, ended, subject, date_of_birth_token)"
            " SELECT policy_id, client_body, policy_number, product_ja, product_en,"
            " yearly_premium_yen, joined_month, ended, subject, date_of_birth_token"
            " FROM judged WHERE judgement = 'add'",
        ),
        values,
    )
    end_with_policies(rows, file.id, by=by, now=room.now())
    rows.do("DELETE FROM policy_staged WHERE import_id = %s", [file.id])
