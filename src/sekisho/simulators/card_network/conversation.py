"""What the host answers: the network's rules over its book. No sockets, no clocks of its own.

Response codes are those of ISO 8583:1987 field 39: 00 approved, 12 invalid transaction, 13
invalid amount, 14 invalid card number, 21 no action taken, 25 record not found, 30 format error,
54 expired card, 57 not permitted, 94 duplicate transmission; N7 is the networks' own for a wrong
security code."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sekisho.simulators.card_network.book import Book, Entry, Key, business_day, masked
from sekisho.simulators.card_network.disputes import ACCEPTANCE, REPRESENTMENT, Disputes
from sekisho.simulators.card_network.faults import Faults
from sekisho.simulators.card_network.packing import HostMessage, PackingError, unpack_elements
from sekisho.simulators.test_cards import WRONG_CODE, TestCard, find

STUBBORN_TRIES = 3
"""Messages about a ``stubborn`` authorisation that the host leaves unanswered."""

ACCOUNT_VERIFICATION = "51"
"""Field 25 of a zero-amount authorisation that only asks whether the card is good."""

AUTHENTICATED_ECI = frozenset({"05", "02", "06", "01"})
"""Electronic commerce indicators that need an authentication value beside them."""

_ECHOED = (3, 4, 7, 11, 32, 37, 41, 42, 49, 70)


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer: when it goes (seconds from now) and in which shape."""

    message: HostMessage
    after_s: float = 0.0
    shape: Literal["whole", "malformed", "cut"] = "whole"


class Conversation:
    """One connection's talk with the host: signed on or not, over the host's one book."""

    def __init__(self, book: Book, now: Callable[[], datetime]) -> None:
        self._book = book
        self._now = now
        self._disputes = Disputes(book, now)
        self._faults = Faults()
        self.signed_on = False

    def answer(self, asked: HostMessage, faults: Faults) -> list[Reply]:
        """Return what the host answers to ``asked``: nothing, one answer or more. Of ``faults``
        only the times of the test cards count here."""
        self._faults = faults
        if asked.kind == "0800":
            return [self._manage(asked)]
        act = {
            "01": self._authorise,
            "02": self._financial,
            "04": self._reverse,
            "06": self._inquire,
        }.get(asked.kind[:2])
        if asked.kind in ("0432", "0632"):
            self._disputes.acknowledged(asked)
        if asked.kind[2] not in "02468" or asked.kind[3] not in "01":
            return []  # an answer, or no type at all: answering it could go on for ever
        if act is None or asked.kind[2] not in "02":
            return [self._reply(asked, "12")]
        if not self.signed_on or not _key(asked):
            return [self._reply(asked, "12" if not self.signed_on else "30")]
        replies = act(asked)
        return [
            Reply(one.message, faults.late_after_s if one.after_s else 0.0, one.shape)
            for one in replies
        ]

    def _reply(self, asked: HostMessage, code: str, **more: str) -> Reply:
        fields = {number: asked.fields[number] for number in _ECHOED if number in asked.fields}
        fields[39] = code
        fields[15] = f"{self._now():%m%d}"
        fields.update({int(name[1:]): value for name, value in more.items() if value})
        return Reply(HostMessage(f"{asked.kind[:2]}{int(asked.kind[2]) + 1}0", fields))

    def _manage(self, asked: HostMessage) -> Reply:
        purpose = asked.fields.get(70, "")
        if purpose == "001":
            self.signed_on = True
        elif purpose == "002":
            self.signed_on = False
        return self._reply(asked, "00" if purpose in ("001", "002", "301") else "12")

    # --- authorisation ---------------------------------------------------------------------------

    def _authorise(self, asked: HostMessage) -> list[Reply]:
        if asked.kind[2] != "0" or not {2, 3, 4, 14, 22, 37, 42, 49} <= asked.fields.keys():
            return [self._reply(asked, "30")]
        key = _key(asked)
        assert key is not None
        entry = self._book.find(key)
        if entry is None:
            entry = self._decide(key, asked)
            if entry is None:
                return []
            self._book.write(entry)
        elif entry.state in ("closed", "reversed"):
            return [self._reply(asked, "94")]
        return self._as_behaved(asked, entry)

    def _decide(self, key: Key, asked: HostMessage) -> Entry | None:
        number = asked.fields[2]
        card = find(number)
        code = _refused(asked, card, self._now()) or (card.response_code if card else "14")
        behaviour = card.network if card and code == "00" else "answer"
        if behaviour == "silent_refused":
            return None
        amount = int(asked.fields[4])
        approved = code == "00"
        return Entry(
            key=key,
            kind="authorisation" if amount else "verification",
            state="approved" if approved else "declined",
            response_code=code,
            amount=amount,
            approval_code=secrets.token_hex(3).upper() if approved else "",
            network_reference=f"{self._now():%y%m%d}{secrets.randbelow(10**9):09d}",
            retrieval_reference=asked.fields[37],
            merchant=asked.fields[42].strip(),
            reference=asked.fields.get(62, "").strip(),
            card=masked(number),
            card_hash=self._book.card_hash(number),
            behaviour=behaviour,
            eci=unpack_elements(asked.fields.get(48, "")).get("42", "") if approved else "",
        )

    def _as_behaved(self, asked: HostMessage, entry: Entry) -> list[Reply]:
        whole = self._reply(
            asked, entry.response_code, f38=entry.approval_code, f63=entry.network_reference
        )
        match entry.behaviour:
            case "silent_accepted" | "stubborn":
                return []
            case "late":
                return [Reply(whole.message, after_s=1.0)]
            case "duplicate":
                return [whole, whole]
            case "malformed":
                return [Reply(whole.message, shape="malformed")]
            case "cut":
                return [Reply(whole.message, shape="cut")]
            case "mismatched":
                whole.message.fields[4] = f"{(entry.amount + 1) % 10**12:012d}"
        return [whole]

    # --- capture and refund ----------------------------------------------------------------------

    def _financial(self, asked: HostMessage) -> list[Reply]:
        if not {3, 4, 37, 42, 90} <= asked.fields.keys():
            return [self._reply(asked, "30")]
        if asked.kind[2] == "2" and asked.fields[3] in (REPRESENTMENT, ACCEPTANCE):
            decide_after_s = self._faults.decide_after_s
            return [
                self._reply(asked, self._disputes.take_word(asked, decide_after_s=decide_after_s))
            ]
        if asked.kind[2] == "2":
            return self._capture(asked)
        if asked.fields[3].startswith("20"):
            return self._refund(asked)
        return [self._reply(asked, "12")]

    def _capture(self, asked: HostMessage) -> list[Reply]:
        entry = self._original(asked)
        amount = int(asked.fields[4])
        trace = asked.fields[7] + asked.fields[11]
        if entry is None or entry.kind != "authorisation":
            return [self._reply(asked, "25")]
        if entry.state == "captured":
            return [self._reply(asked, "00" if entry.capture_trace == trace else "94")]
        if entry.state != "approved" or entry.merchant != asked.fields[42].strip():
            return [self._reply(asked, "12")]
        if entry.behaviour == "capture_refused":
            return [self._reply(asked, "57")]
        if not 0 < amount <= entry.amount:
            return [self._reply(asked, "13")]
        entry.state, entry.captured, entry.capture_trace = "captured", amount, trace
        entry.day = business_day(self._now())
        if entry.behaviour == "charged_back":
            entry.due = self._now().timestamp() + self._faults.chargeback_after_s
        self._book.write(entry)
        silent = entry.behaviour == "capture_silent_once"
        return [] if silent else [self._reply(asked, "00", f63=entry.network_reference)]

    def _refund(self, asked: HostMessage) -> list[Reply]:
        key = _key(asked)
        assert key is not None
        known = self._book.find(key)
        if known is not None:
            closed = known.state in ("closed", "reversed")
            same = known.kind == "refund" and known.amount == int(asked.fields[4])
            return [self._reply(asked, known.response_code if same and not closed else "94")]
        entry = self._original(asked)
        amount = int(asked.fields[4])
        if entry is None or entry.state != "captured":
            return [self._reply(asked, "25" if entry is None else "12")]
        if entry.merchant != asked.fields[42].strip():
            return [self._reply(asked, "12")]
        if entry.behaviour == "refund_refused":
            return [self._reply(asked, "57")]
        if not 0 < amount <= entry.left:
            return [self._reply(asked, "13")]
        refund = Entry(
            key=key,
            kind="refund",
            state="refunded",
            response_code="00",
            amount=amount,
            retrieval_reference=asked.fields[37],
            merchant=entry.merchant,
            reference=entry.reference,
            card=entry.card,
            card_hash=entry.card_hash,
            original=entry.key,
            day=business_day(self._now()),
        )
        entry.refunded += amount
        self._book.write(entry, refund)
        return [] if entry.behaviour == "refund_silent_once" else [self._reply(asked, "00")]

    # --- reversal and inquiry --------------------------------------------------------------------

    def _reverse(self, asked: HostMessage) -> list[Reply]:
        key = _original_key(asked)
        if key is None:
            return [self._reply(asked, "30")]
        entry = self._book.find(key)
        if entry is None:
            closed = Entry(key=key, kind="authorisation", state="closed", response_code="94")
            self._book.write(closed)
            return [self._reply(asked, "25")]
        if self._ignores(entry):
            return []
        if entry.state == "captured":
            return [self._reply(asked, "21")]
        if entry.state in ("approved", "refunded"):
            changed = [entry]
            original = self._book.find(entry.original) if entry.original else None
            if original is not None:
                original.refunded -= entry.amount
                changed.append(original)
            entry.state = "reversed"
            self._book.write(*changed)
        return [self._reply(asked, "25" if entry.state == "closed" else "00")]

    def _inquire(self, asked: HostMessage) -> list[Reply]:
        key = _original_key(asked)
        if key is None or asked.kind[2] != "0":
            return [self._reply(asked, "30")]
        entry = self._book.find(key)
        if entry is None or entry.state == "closed":
            return [self._reply(asked, "25")]
        if self._ignores(entry):
            return []
        found = self._reply(
            asked,
            "00",
            f38=entry.approval_code,
            f44=f"{entry.response_code} {entry.state}",
            f63=entry.network_reference,
        )
        found.message.fields[4] = f"{entry.amount:012d}"
        return [found]

    def _ignores(self, entry: Entry) -> bool:
        if entry.behaviour != "stubborn" or entry.ignored >= STUBBORN_TRIES:
            return False
        entry.ignored += 1
        self._book.write(entry)
        return True

    def _original(self, asked: HostMessage) -> Entry | None:
        key = _original_key(asked)
        return self._book.find(key) if key else None


def _refused(asked: HostMessage, card: TestCard | None, now: datetime) -> str | None:
    """Return why the request is refused whatever the table says of its card, or ``None``."""
    try:
        elements = unpack_elements(asked.fields.get(48, ""))
    except PackingError:
        return "30"
    if asked.fields[49] != "392":
        return "12"
    if card is None:
        return "14"
    if asked.fields[14] < f"{now:%y%m}" or not "01" <= asked.fields[14][2:] <= "12":
        return "54"
    if elements.get("92", "").startswith(WRONG_CODE):
        return "N7"
    if elements.get("42") in AUTHENTICATED_ECI and len(elements.get("43", "")) != 28:
        return "12"
    amount_fits = (int(asked.fields[4]) == 0) == (asked.fields.get(25) == ACCOUNT_VERIFICATION)
    return None if amount_fits else "13"


def _key(asked: HostMessage) -> Key | None:
    if not {7, 11, 32} <= asked.fields.keys():
        return None
    return Key(asked.fields[32], asked.fields[11], asked.fields[7])


def _original_key(asked: HostMessage) -> Key | None:
    """Return the key in field 90: type 4, trace 6, sent at 10, acquirer 11, forwarder 11."""
    original = asked.fields.get(90)
    if original is None:
        return None
    return Key(original[20:31].lstrip("0"), original[4:10], original[10:20])
