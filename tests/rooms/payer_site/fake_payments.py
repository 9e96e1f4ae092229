"""Stands where the payments zone does: obeys the crossings' contract, in memory, and holds the
vault's private key so that tests can see what was sealed."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from sekisho.crossings import payments as p
from sekisho.crossings.message import Crossing, Refusal
from sekisho.crossings.permits import may_send
from sekisho.crossings.sealing import items_purpose, open_sealed
from sekisho.transport.errors import CrossingUnavailable
from sekisho.vocabulary.identifiers import new_id, new_reference

BILL_NUMBERS = ("13999", "00001234567890123456", "123456", "108")
POLICY_NUMBER, BORN = "20010001", "1980-03-01"
VAULT = "http://localhost:7003"

BILL = p.BillFacts(
    bill_id="bill_1",
    item_ja="固定資産税・都市計画税（土地・家屋）",
    item_en="Fixed asset tax and city planning tax (land and house)",
    fiscal_year=2026,
    term="第3期",
    amount_yen=45_200,
    fee_yen=407,
    fee_tax_yen=37,
    total_yen=45_607,
    first_payable_at=datetime(2026, 4, 1, tzinfo=UTC),
    due_date=date(2026, 12, 28),
    payable_until=datetime(2027, 3, 31, tzinfo=UTC),
)

POLICY = p.PolicyFacts(
    policy_id="policy_1",
    policy_number=POLICY_NUMBER,
    product_ja="団体信用生命保険（3大疾病付機構団信）",
    product_en="Group credit life insurance (three major diseases)",
    yearly_premium_yen=58_400,
    joined_month=6,
)


ENROLMENT = p.EnrolmentFacts(
    enrolment_id="enrol_1",
    policy=POLICY,
    applied_on=date(2026, 11, 23),
    first_charge_month="2027-06",
    status="applied",
)


def is_solved(puzzle: p.Puzzle, proof: str) -> bool:
    """Whether the proof holds, worked out here once more from the crossing's words."""
    numbers = proof.split("-")
    digests = [
        hashlib.sha256(f"{puzzle.salt}:{part}:{number}".encode()).hexdigest()
        for part, number in enumerate(numbers)
    ]
    return len(numbers) == puzzle.parts and all(
        int(digest, 16) >> (256 - puzzle.part_bits) == 0 for digest in digests
    )


class FakePayments:
    """``said`` is every message that came, ``down`` the messages that nobody answers,
    ``refuse`` a refusal for the next message of a kind."""

    def __init__(self, client_body: str = "mihon_to") -> None:
        self.key = X25519PrivateKey.generate()
        self.client_body = client_body
        self.said: list[Crossing[Any]] = []
        self.down: set[type] = set()
        self.refuse: dict[type, Refusal] = {}
        self.by_key: dict[str, p.PaymentShown] = {}
        self.payments: dict[str, p.PaymentShown] = {}
        self.forms: dict[str, str] = {}
        self.vault = VAULT
        self.after_confirm: dict[str, Any] = {"status": "processing"}
        self.puzzle: p.Puzzle | None = None
        """Asked for at "pay" until its proof comes, or until its time to wait is over."""
        self.cards_closed = False
        self.links: dict[str, p.LinkOpened] = {}
        """By token, what a link opens."""
        self.card_links: set[str] = set()
        """Tokens of links by which another card is given."""

    @property
    def is_test(self) -> bool:
        return self.client_body.endswith("_test")

    @property
    def public_key(self) -> bytes:
        return self.key.public_key().public_bytes_raw()

    def cross(self, message: Crossing[Any], *, seconds: float) -> Any:
        kind = type(message)
        assert may_send("payer_site", kind)
        message = msgspec.msgpack.decode(msgspec.msgpack.encode(message), type=kind)
        self.said.append(message)
        if kind in self.down:
            raise CrossingUnavailable("payments did not answer")
        if kind in self.refuse:
            raise self.refuse.pop(kind)
        answer = getattr(self, f"on_{kind.__name__}")(message)
        return msgspec.msgpack.decode(msgspec.msgpack.encode(answer), type=kind.reply)

    def messages(self, kind: type) -> list[Any]:
        return [message for message in self.said if type(message) is kind]

    def opened(self, box: bytes) -> dict[str, str]:
        """What the vault would find in a box."""
        purpose = items_purpose(self.client_body)
        found: dict[str, str] = open_sealed(self.key, box, purpose=purpose, as_type=dict[str, str])
        return found

    def change(self, payment_id: str, **facts: Any) -> None:
        self.payments[payment_id] = msgspec.structs.replace(self.payments[payment_id], **facts)

    def only(self) -> p.PaymentShown:
        (shown,) = self.payments.values()
        return shown

    def return_url(self, payment_id: str) -> str:
        """Where the vault's frame would send the window."""
        for key, shown in self.by_key.items():
            for message in self.said:
                if getattr(message, "key", None) == key and shown.payment_id == payment_id:
                    return str(message.return_url)  # type: ignore[attr-defined]
        raise LookupError(payment_id)

    # --- answers --------------------------------------------------------------------------------

    def on_FindBill(self, message: p.FindBill) -> p.BillFound:
        typed = (
            message.payee_number,
            message.payment_number,
            message.confirmation_number,
            message.category_number,
        )
        if typed[0] != BILL_NUMBERS[0]:
            raise Refusal("number_wrong", field="payee_number")
        if typed != BILL_NUMBERS:
            raise Refusal("bill_unknown")
        return p.BillFound(bill=BILL)

    def on_OpenLink(self, message: p.OpenLink) -> p.LinkOpened:
        if message.token not in self.links:
            raise Refusal("link_unknown")
        return self.links[message.token]

    def on_FindPolicy(self, message: p.FindPolicy) -> p.PolicyFound:
        born = self.opened(message.sealed_date_of_birth)
        if message.policy_number != POLICY_NUMBER or born != {"date_of_birth": BORN}:
            raise Refusal("policy_unknown")
        return p.PolicyFound(policy=POLICY)

    def on_StartPayment(self, message: p.StartPayment) -> p.PaymentStarted:
        return self._start(message.key, "payment", message.sealed_email is not None)

    def on_StartEnrolment(self, message: p.StartEnrolment) -> p.PaymentStarted:
        return self._start(message.key, "enrolment", "email" in self.opened(message.box))

    def on_StartCardChange(self, message: p.StartCardChange) -> p.PaymentStarted:
        if message.token not in self.card_links:
            raise Refusal("link_unknown")
        if self.opened(message.sealed_date_of_birth) != {"date_of_birth": BORN}:
            raise Refusal("birth_wrong", field="date_of_birth")
        started = self._start(message.key, "enrolment", True)
        self.change(started.payment_id, enrolment=ENROLMENT)
        return started

    def _start(self, key: str, purpose: Any, mail_wanted: bool) -> p.PaymentStarted:
        if key not in self.by_key:
            for other in self.payments.values():
                if other.status in ("started", "card_entered"):
                    self.change(other.payment_id, status="cancelled", reason="superseded")
            moment = datetime.now(UTC)
            shown = p.PaymentShown(
                payment_id=new_id("tpay" if self.is_test else "pay"),
                reference=new_reference(),
                purpose=purpose,
                test=self.is_test,
                status="started",
                reason="",
                bill=BILL if purpose == "payment" else None,
                total_yen=BILL.total_yen if purpose == "payment" else 0,
                card_brand=None,
                card_last_four=None,
                challenge=None,
                started_at=moment,
                expires_at=moment + timedelta(minutes=20),
                finished_at=None,
                mail_wanted=mail_wanted,
            )
            self.by_key[key] = shown
            self.payments[shown.payment_id] = shown
        return self._started(self.by_key[key].payment_id)

    def _started(self, payment_id: str) -> p.PaymentStarted:
        shown = self.payments[payment_id]
        url = f"{self.vault}/card/{new_id('form')}?lang=ja"
        self.forms[payment_id] = url
        return p.PaymentStarted(
            payment_id=payment_id,
            reference=shown.reference,
            total_yen=shown.total_yen,
            card_form_url=url,
            expires_at=shown.expires_at,
        )

    def on_ReopenCardForm(self, message: p.ReopenCardForm) -> p.PaymentStarted:
        if self._of(message).status not in ("started", "card_entered", "declined", "failed"):
            raise Refusal("payment_over")
        self.change(
            message.payment_id, status="started", reason="", card_brand=None, card_last_four=None
        )
        return self._started(message.payment_id)

    def _of(self, message: Any) -> p.PaymentShown:
        if message.payment_id not in self.payments:
            raise Refusal("payment_unknown")
        return self.payments[message.payment_id]

    def on_ShowPayment(self, message: p.ShowPayment) -> p.PaymentShown:
        return self._of(message)

    def on_FindPayment(self, message: p.FindPayment) -> p.PaymentShown:
        numbers = (BILL_NUMBERS[1], POLICY_NUMBER)
        for shown in self.payments.values():
            if shown.reference == message.reference and message.number in numbers:
                return shown
        raise Refusal("payment_unknown")

    def on_ShowCardEntry(self, message: p.ShowCardEntry) -> p.CardEntryShown:
        return p.CardEntryShown(open=not self.cards_closed)

    def on_ConfirmPayment(self, message: p.ConfirmPayment) -> p.PaymentShown:
        asked, shown = self.puzzle, self._of(message)
        if asked is not None and shown.status == "card_entered":
            waited = message.proof is None and asked.waits_until <= datetime.now(UTC)
            if not waited and not is_solved(asked, message.proof or ""):
                self.change(message.payment_id, puzzle=asked)
                return self._of(message)
            self.change(message.payment_id, puzzle=None)
        if self._of(message).status == "card_entered":
            self.change(message.payment_id, **self.after_confirm)
        return self._of(message)

    def on_FinishChallenge(self, message: p.FinishChallenge) -> p.PaymentShown:
        if self._of(message).status == "challenge":
            self.change(message.payment_id, status="processing", challenge=None)
        return self._of(message)

    def on_CancelPayment(self, message: p.CancelPayment) -> p.PaymentShown:
        if self._of(message).status not in ("started", "card_entered", "challenge"):
            raise Refusal("payment_in_flight")
        self.change(message.payment_id, status="cancelled", reason="by_payer")
        return self._of(message)

    def on_ExtendPayment(self, message: p.ExtendPayment) -> p.PaymentShown:
        shown = self._of(message)
        self.change(message.payment_id, expires_at=shown.expires_at + timedelta(minutes=20))
        return self._of(message)

    # --- what the rest of the platform would do --------------------------------------------------

    def enter_card(self, payment_id: str | None = None) -> None:
        self.change(
            payment_id or self.only().payment_id,
            status="card_entered",
            card_brand="visa",
            card_last_four="1111",
        )

    def succeed(self, payment_id: str | None = None) -> None:
        shown = self.payments[payment_id] if payment_id else self.only()
        enrolment = None
        if shown.purpose == "enrolment":
            enrolment = ENROLMENT
        self.change(
            shown.payment_id,
            status="succeeded",
            finished_at=datetime.now(UTC),
            challenge=None,
            enrolment=enrolment,
        )
