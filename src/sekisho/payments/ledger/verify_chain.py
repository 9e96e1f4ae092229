"""Check the ledger's chain: what was changed, removed, slipped in or moved since it was linked."""

from __future__ import annotations

from sekisho.payments.ledger.chain import HEAD_KIND
from sekisho.payments.records.session import Rows

CHUNK_LINKS = 200_000
"""Links checked in one statement: memory and time of a statement stay bounded."""

_BOUNDS = (
    "SELECT min(transfer_id), max(transfer_id), max(position) FROM (SELECT position, transfer_id"
    " FROM ledger_link WHERE position > %s ORDER BY position LIMIT %s) chunk"
)

_BROKEN = (
    "WITH link AS (SELECT position, transfer_id, xid, digest,"
    " lag(position, 1, 0::bigint) OVER before AS earlier, lag(xid) OVER before AS earlier_xid,"
    " lag(transfer_id) OVER before AS earlier_id,"
    # Digest before the first link: 32 zero bytes.
    " coalesce(lag(digest) OVER before, decode(repeat('00', 32), 'hex')) AS digest_before"
    " FROM ledger_link WHERE position BETWEEN %(after)s AND %(last)s"
    " WINDOW before AS (ORDER BY position)),"
    " entries AS (SELECT transfer_id, jsonb_agg(jsonb_build_array(leg, legs, client_body, account,"
    " amount_yen) ORDER BY leg) AS entries FROM entry"
    " WHERE transfer_id BETWEEN %(low)s AND %(high)s GROUP BY transfer_id)"
    " SELECT k.position, k.transfer_id, CASE"
    " WHEN k.earlier <> k.position - 1 THEN 'the link before it is missing'"
    " WHEN t.id IS NULL THEN 'is missing'"
    " WHEN (t.xid, t.id) <= (k.earlier_xid, k.earlier_id) THEN 'is out of order'"
    " ELSE 'was changed or moved' END"
    " FROM link k LEFT JOIN transfer t ON t.id = k.transfer_id"
    " AND t.id BETWEEN %(low)s AND %(high)s"
    " LEFT JOIN entries e ON e.transfer_id = k.transfer_id"
    " WHERE k.position > %(after)s AND (k.earlier <> k.position - 1 OR t.id IS NULL"
    " OR (t.xid, t.id) <= (k.earlier_xid, k.earlier_id) OR k.digest IS DISTINCT FROM"
    " sha256(k.digest_before || convert_to(transfer_text(t, e.entries), 'UTF8')))"
    " ORDER BY k.position LIMIT %(most)s"
)

_SLIPPED_IN = (
    "SELECT t.id FROM transfer t LEFT JOIN ledger_link k ON k.transfer_id = t.id"
    " WHERE k.position IS NULL AND (t.xid, t.id) <= (SELECT xid, transfer_id FROM ledger_link"
    " ORDER BY position DESC LIMIT 1) ORDER BY t.id LIMIT %s"
)

_HEADS = (
    "SELECT h.position FROM (SELECT (facts::jsonb->>'position')::bigint AS position,"
    " facts::jsonb->>'digest' AS digest FROM evidence.own_line WHERE kind = %s) h"
    " LEFT JOIN ledger_link k ON k.position = h.position"
    " WHERE encode(k.digest, 'hex') IS DISTINCT FROM h.digest ORDER BY h.position LIMIT %s"
)

_SUMS = (
    "WITH kept AS (SELECT client_body, account, sum(debit_yen) AS debit, sum(credit_yen) AS credit"
    " FROM ledger_block_sum GROUP BY 1, 2), told AS (SELECT e.client_body, e.account,"
    " sum(greatest(e.amount_yen, 0)) AS debit, sum(greatest(-e.amount_yen, 0)) AS credit"
    " FROM ledger_link k JOIN entry e ON e.transfer_id = k.transfer_id"
    " WHERE k.position <= (SELECT max(last_position) FROM ledger_block) GROUP BY 1, 2)"
    " SELECT client_body, account FROM kept FULL JOIN told USING (client_body, account)"
    " WHERE (kept.debit, kept.credit) IS DISTINCT FROM (told.debit, told.credit)"
    " ORDER BY 1, 2 LIMIT %s"
)


def check_chain(rows: Rows, most: int) -> tuple[int, list[str]]:
    """Return how many transfers are linked, and each fault in words, ``most`` of a kind. ``rows``
    must see one moment and every client body."""
    faults: list[str] = []
    after = 0
    while len(faults) < most:
        low, high, last = rows.one(_BOUNDS, [after, CHUNK_LINKS]) or (None, None, None)
        if last is None:
            break
        faults += [
            f"chain position {position}: transfer {transfer} {what}"
            if what != "the link before it is missing"
            else f"chain position {position}: {what}"
            for position, transfer, what in rows.all(
                _BROKEN, {"after": after, "last": last, "low": low, "high": high, "most": most}
            )
        ]
        after = last
    faults += [
        f"transfer {row[0]} was slipped in behind the chain's back"
        for row in rows.all(_SLIPPED_IN, [most])
    ]
    faults += [
        f"chain position {row[0]}: the head on evidence has another digest"
        for row in rows.all(_HEADS, [HEAD_KIND, most])
    ]
    faults += [
        f"the kept sums of {body} {account} are not those of its entries"
        for body, account in rows.all(_SUMS, [most])
    ]
    counted = rows.one("SELECT count(*) FROM ledger_link")
    return (counted[0] if counted else 0), faults
