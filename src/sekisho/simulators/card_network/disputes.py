"""Chargebacks as the network handles them: opened, answered by the acquirer, decided.

What a case costs is taken from the capture when it is opened and given back when it is won. The
rule of decision: a claim of fraud is lost by the cardholder who was authenticated (liability of
the issuer), every other contested case is won by the merchant, an unanswered one is lost."""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sekisho.simulators.card_network.book import TOKYO, Book, Case, Entry, Key, business_day
from sekisho.simulators.card_network.packing import (
    HostMessage,
    PackingError,
    pack_elements,
    unpack_elements,
)

FRAUD_REASON = "4837"
"""No cardholder authorisation."""
OTHER_REASON = "4853"
"""Cardholder dispute."""

LIABILITY_SHIFTED_ECI = frozenset({"05", "02", "06", "01"})
DAYS_TO_ANSWER = 30
REPRESENTMENT, ACCEPTANCE = "020000", "220000"
"""Field 3 of the acquirer's word in a case."""

CASE_NUMBER, REASON_CODE, RESPOND_BY, RESULT = "01", "02", "03", "04"
"""Sub-elements of field 60."""


class DisputeRefused(Exception):
    """A chargeback that can't be opened or decided; the text says why."""


class Disputes:
    """The cases of one book."""

    def __init__(self, book: Book, now: Callable[[], datetime]) -> None:
        self._book = book
        self._now = now

    def open(
        self,
        entry: Entry,
        *,
        amount: int | None = None,
        reason_code: str = FRAUD_REASON,
        days: int = DAYS_TO_ANSWER,
    ) -> Entry:
        """Open a case about a captured ``entry`` for ``amount`` yen (all that is left when absent).
        Raises ``DisputeRefused``."""
        amount = entry.left if amount is None else amount
        if entry.state != "captured" or not 0 < amount <= entry.left:
            raise DisputeRefused(f"at most {entry.left} yen of {entry.reference} can be disputed")
        now = self._now()
        number = f"CB{now:%y%m%d}{secrets.randbelow(10**10):010d}"
        respond_by = (now.astimezone(TOKYO) + timedelta(days=days)).date()
        end_of_day = datetime.combine(respond_by, datetime.max.time(), TOKYO)
        trace, sent_at = self._stamp()
        case = Entry(
            key=Key(entry.key.acquirer, number, sent_at),
            kind="chargeback",
            state="open",
            response_code="00",
            amount=amount,
            original=entry.key,
            retrieval_reference=entry.retrieval_reference,
            merchant=entry.merchant,
            reference=entry.reference,
            card=entry.card,
            card_hash=entry.card_hash,
            eci=entry.eci,
            day=business_day(now),
            due=end_of_day.timestamp(),
            case=Case(
                number=number,
                reason_code=reason_code,
                respond_by=respond_by.isoformat(),
                trace=trace,
                sent_at=sent_at,
            ),
        )
        entry.charged_back += amount
        entry.due = 0.0
        self._book.write(entry, case)
        return case

    def take_word(self, asked: HostMessage, *, decide_after_s: float) -> str:
        """Take the acquirer's word in a case (0220) and return field 39 of the answer."""
        try:
            number = unpack_elements(asked.fields.get(60, "")).get(CASE_NUMBER, "")
            grounds = base64.b64decode(asked.fields.get(72, ""), validate=True).decode()
        except (PackingError, binascii.Error, UnicodeDecodeError):
            return "30"
        entry = self._book.chargeback(number)
        if entry is None or entry.case is None:
            return "25"
        contests = asked.fields[3] == REPRESENTMENT
        if bool(grounds) != contests:
            return "30"
        if entry.merchant != asked.fields[42].strip():
            return "03"
        if not 0 < int(asked.fields[4]) <= entry.amount:
            return "13"
        if entry.state == "open":
            entry.state = "contested" if contests else "accepted"
            entry.case.grounds = grounds
            entry.due = self._now().timestamp() + decide_after_s if contests else 0.0
            self._book.write(entry)
            return "00"
        if entry.case.grounds or entry.state == "accepted":
            same = (entry.case.grounds == grounds) and contests == bool(entry.case.grounds)
            return "00" if same else "94"
        return "57"  # decided before anybody answered

    def decide(self, entry: Entry, *, won: bool) -> None:
        """Decide a case for or against the merchant. Raises ``DisputeRefused``."""
        if entry.case is None or entry.state not in ("open", "contested"):
            raise DisputeRefused(f"the case is {entry.state}")
        entry.state, entry.due = "won" if won else "lost", 0.0
        entry.case.trace, entry.case.sent_at = self._stamp()
        entry.case.unanswered = "decision"
        changed = [entry]
        original = self._book.find(entry.original) if entry.original else None
        if won:
            entry.case.won_day = business_day(self._now())
            if original is not None:
                original.charged_back -= entry.amount
                changed.append(original)
        self._book.write(*changed)

    def work(self) -> None:
        """Do what is due: open the cases of ``charged_back`` cards, decide, let time run out."""
        moment = self._now().timestamp()
        for entry in self._book.cared_for():
            if not 0 < entry.due <= moment:
                continue
            if entry.case is None:
                self._open_by_itself(entry)
            elif entry.case.unanswered != "chargeback":  # never decided before it was heard of
                self.decide(entry, won=entry.state == "contested" and _is_won(entry))

    def _open_by_itself(self, entry: Entry) -> None:
        try:
            self.open(entry)
        except DisputeRefused:
            entry.due = 0.0
            self._book.write(entry)

    def acknowledged(self, answer: HostMessage) -> None:
        """Take the acquirer's answer (0432, 0632) to a message about a case."""
        wanted = {"0432": "chargeback", "0632": "decision"}.get(answer.kind)
        for entry in self._book.cared_for():
            case = entry.case
            if case is None or case.unanswered != wanted or answer.fields.get(39) is None:
                continue
            if (case.trace, case.sent_at) == (answer.fields.get(11), answer.fields.get(7)):
                case.unanswered = ""
                case.refused_with = "" if answer.fields[39] == "00" else answer.fields[39]
                self._book.write(entry)

    def message_about(self, entry: Entry, *, repeated: bool) -> HostMessage:
        """Return the message that the acquirer has not acknowledged."""
        case, original = entry.case, entry.original
        assert case is not None
        assert original is not None
        decision = case.unanswered == "decision"
        elements = {CASE_NUMBER: case.number}
        if decision:
            elements[RESULT] = "W" if entry.state == "won" else "L"
        else:
            elements[REASON_CODE] = case.reason_code
            elements[RESPOND_BY] = case.respond_by.replace("-", "")
        return HostMessage(
            f"0{'6' if decision else '4'}2{'3' if repeated else '2'}",
            {
                4: f"{entry.amount:012d}",
                7: case.sent_at,
                11: case.trace,
                15: entry.day[5:].replace("-", ""),
                32: original.acquirer,
                37: entry.retrieval_reference,
                42: f"{entry.merchant:<15}",
                49: "392",
                60: pack_elements(elements),
                90: f"0100{original.trace}{original.sent_at}{original.acquirer:0>11}{'':0>11}",
            },
        )

    def _stamp(self) -> tuple[str, str]:
        moment = self._now().astimezone(UTC)
        return f"{secrets.randbelow(10**6):06d}", f"{moment:%m%d%H%M%S}"


def _is_won(entry: Entry) -> bool:
    assert entry.case is not None
    if entry.case.reason_code == FRAUD_REASON:
        return entry.eci in LIABILITY_SHIFTED_ECI
    return True
