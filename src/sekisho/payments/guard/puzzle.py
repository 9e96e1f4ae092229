"""Work that a browser does before a suspicious try goes on: find numbers whose SHA-256 with the
salt begins with zero bits (the idea of Hashcash, Back 2002). Checking takes one hash for each part.

A puzzle belongs to one card of one payment and to the payer's session, is good once, and dies after
``PUZZLE_LIFE``. Who has no script waits instead: ``guard.wait_minutes``, counted here."""

from __future__ import annotations

import hashlib
import re
import secrets
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from sekisho.crossings.payments import Puzzle
from sekisho.payments.guard.count import Who
from sekisho.payments.guard.guard_section import GuardSection
from sekisho.payments.guard.rules import PARTS
from sekisho.payments.move_payment import Payment
from sekisho.payments.records.session import Rows

PUZZLE_LIFE = timedelta(minutes=30)
"""From the end of the wait."""

SALT_BYTES = 16
MAX_PROOF_CHARACTERS = 120
"""``PARTS`` numbers of at most 12 digits, with hyphens between."""

_NUMBER = re.compile(r"0|[1-9][0-9]{0,11}", re.ASCII)

Passed = Literal["", "proof", "wait"]


class Kept(NamedTuple):
    """A puzzle as it is kept."""

    session: str
    source: str
    salt: str
    bits: int
    parts: int
    expires_at: datetime
    waits_until: datetime


def solves(salt: str, bits: int, parts: int, proof: str) -> bool:
    """Return whether ``proof`` (a number for each part, hyphens between) solves the puzzle: for
    each part, SHA-256 of ``salt:part:number`` begins with ``bits`` minus log2(``parts``) zero
    bits."""
    numbers = proof.split("-") if len(proof) <= MAX_PROOF_CHARACTERS else []
    zero_bits = part_bits(bits, parts)
    return len(numbers) == parts and all(
        _NUMBER.fullmatch(number) and _zeroes(f"{salt}:{part}:{number}") >= zero_bits
        for part, number in enumerate(numbers)
    )


def part_bits(bits: int, parts: int) -> int:
    """Return the zero bits that each part needs, so that all together cost 2**``bits`` hashes."""
    return bits - parts.bit_length() + 1


def _zeroes(text: str) -> int:
    digest = int.from_bytes(hashlib.sha256(text.encode()).digest())
    return 256 - digest.bit_length()


def pass_or_ask(
    rows: Rows,
    section: GuardSection,
    payment: Payment,
    who: Who,
    proof: str | None,
    bits: int,
    now: datetime,
) -> Passed:
    """Return how the payer passed; empty when a puzzle waits for them (it is made if there is
    none)."""
    kept = _kept(rows, payment)
    if kept is None or kept.expires_at <= now:
        _make(rows, section, payment, who, bits, now)
        return ""
    if kept.session != who.session:
        return ""
    passed: Passed = ""
    if proof:
        passed = "proof" if solves(kept.salt, kept.bits, kept.parts, proof) else ""
    elif kept.waits_until <= now and _may_pass_by_waiting(rows, section, payment, kept, now):
        passed = "wait"
    if passed:
        rows.do(
            "UPDATE guard_puzzle SET passed_at = %s, passed_by = %s"
            " WHERE payment_id = %s AND number = %s",
            [now, passed, payment.id, payment.attempt],
        )
    return passed


def read_puzzle(rows: Rows, payment_id: str) -> Puzzle | None:
    """Return the puzzle that the payment's card in use waits for, as the payer's browser needs
    it."""
    row = rows.one(
        "SELECT z.salt, z.bits, z.parts, z.waits_until FROM guard_puzzle z JOIN payment p"
        " ON p.id = z.payment_id AND p.attempt = z.number"
        " WHERE z.payment_id = %s AND z.passed_at IS NULL",
        [payment_id],
    )
    if row is None:
        return None
    salt, bits, parts, waits_until = row
    zero_bits = part_bits(bits, parts)
    return Puzzle(salt=salt, parts=parts, part_bits=zero_bits, waits_until=waits_until)


def _next_minute(moment: datetime) -> datetime:
    """Pages tell the time in minutes: who comes in the minute told must not be too early."""
    return moment + timedelta(seconds=-(moment.second + moment.microsecond / 1e6) % 60)


def _kept(rows: Rows, payment: Payment) -> Kept | None:
    row = rows.one(
        "SELECT session, source, salt, bits, parts, expires_at, waits_until FROM guard_puzzle"
        " WHERE payment_id = %s AND number = %s AND passed_at IS NULL",
        [payment.id, payment.attempt],
    )
    return Kept(*row) if row else None


def _make(
    rows: Rows, section: GuardSection, payment: Payment, who: Who, bits: int, now: datetime
) -> None:
    waits_until = _next_minute(now + section.wait)
    rows.do(
        "INSERT INTO guard_puzzle AS z (payment_id, number, client_body, site, source, session,"
        " salt, bits, parts, issued_at, expires_at, waits_until)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
        " ON CONFLICT (payment_id, number) DO UPDATE SET source = excluded.source,"
        " session = excluded.session, salt = excluded.salt, bits = excluded.bits,"
        " parts = excluded.parts, issued_at = excluded.issued_at,"
        " expires_at = excluded.expires_at, waits_until = excluded.waits_until,"
        " passed_at = NULL, passed_by = ''",
        [
            payment.id,
            payment.attempt,
            payment.client_body,
            payment.site,
            who.source,
            who.session,
            secrets.token_hex(SALT_BYTES),
            bits,
            PARTS,
            now,
            waits_until + PUZZLE_LIFE,
            waits_until,
        ],
    )


def _may_pass_by_waiting(
    rows: Rows, section: GuardSection, payment: Payment, kept: Kept, now: datetime
) -> bool:
    """One address may wait its way through ``waits_per_hour`` times; the next waits until the
    oldest of them is an hour ago. Tries of one address follow one another: the count's row, which
    this transaction holds, sees to it."""
    waited = rows.all(
        "SELECT passed_at FROM guard_puzzle WHERE site = %s AND source = %s AND passed_by = 'wait'"
        " AND passed_at > %s ORDER BY passed_at DESC LIMIT %s",
        [payment.site, kept.source, now - timedelta(hours=1), section.waits_per_hour],
    )
    if len(waited) < section.waits_per_hour:
        return True
    waits_until = _next_minute(waited[-1][0] + timedelta(hours=1))
    rows.do(
        "UPDATE guard_puzzle SET waits_until = %s, expires_at = %s"
        " WHERE payment_id = %s AND number = %s",
        [waits_until, waits_until + PUZZLE_LIFE, payment.id, payment.attempt],
    )
    return False
