"""A small world around payments: sites of two client bodies, a vault and a network that answer by
hand, a clock that stands still until it is moved."""

from __future__ import annotations

from collections import deque
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from sekisho import transport
from sekisho.crossings import card_network, payments, vault
from sekisho.crossings.card_network import BrowserFacts
from sekisho.crossings.message import Crossing, Refusal, Taken
from sekisho.payments.doors import open_doors
from sekisho.payments.guard.decide import EndRefused, end_refused
from sekisho.payments.issue_permit import PermitPress
from sekisho.payments.post_orders import SENDS
from sekisho.payments.records.session import EVERY_BODY, acting_for
from sekisho.payments.room import Room, write_down_sites
from sekisho.payments.site_rules import read_site_rules
from sekisho.transport.doors import Caller
from sekisho.transport.outbox import Outbox
from tests.rooms.payments.callers import DESK, NETWORK, PREMIUM, TAX, TERMINAL, VAULT
from tests.rooms.payments.money_verbs import MoneyVerbs

__all__ = ["DESK", "NETWORK", "PREMIUM", "TAX", "TERMINAL", "VAULT", "World"]

ORIGIN = "http://localhost:7001"
RETURN_URL = ORIGIN + "/pay/{payment_id}/card-taken"
BROWSER = BrowserFacts(
    accept_header="text/html", user_agent="test", language="ja", java_script=True
)

FEE = {"start_yen": 50, "first_step_yen": 10_000, "step_yen": 10_000, "per_step_yen": 80}

PAYOUT = {
    "bank_code": "9991",
    "bank_name": "みほん",
    "branch_code": "101",
    "branch_name": "ほんてん",
    "kind": "ordinary",
    "number": "1234567",
    "holder": "ミホントシュウノウカ",
}

SITES: dict[str, dict[str, Any]] = {
    "metropolitan_tax": {
        "client_body": "mihon_to",
        "kind": "bills",
        "merchant_id": "MIHONTO00000001",
        "merchant_name": "MIHON METROPOLIS TAX",
        "payee_numbers": ["13999"],
        "fee": FEE,
        "payout": PAYOUT,
    },
    "group_life_premium": {
        "client_body": "mihon_kiko",
        "kind": "policies",
        "merchant_id": "MIHONKIKO000001",
        "merchant_name": "MIHON AGENCY PREMIUM",
        "payout": PAYOUT,
    },
}


class World(MoneyVerbs):
    """``say`` speaks at a door as a caller; ``outbox`` holds what payments told its neighbours."""

    def __init__(self, folder: Path, **sections: dict[str, Any]) -> None:
        self.moment = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
        self.permit_key = Ed25519PrivateKey.generate()
        self.receiving_key = X25519PrivateKey.generate()
        self.room = Room(
            sites={
                site: read_site_rules(site, {**section, **sections.get(site, {})})
                for site, section in SITES.items()
            },
            press=PermitPress(self.permit_key, self.receiving_key.public_key().public_bytes_raw()),
            now=lambda: self.moment,
        )
        self.doors = open_doors(self.room)
        self._outbox = Outbox(
            sends=SENDS, own={EndRefused: lambda message: end_refused(self.room, message)}
        )
        self.told: deque[Crossing[Any]] = deque()
        self.date_of_birth_matches = True
        self.items_differ: tuple[str, ...] = ()
        self.cards_expiring: dict[str, list[str]] = {}
        self.broken_boxes: dict[bytes, str] = {}
        self.stored = 0
        self.unreachable = False

    def enter(self) -> None:
        transport.use(self)
        write_down_sites(self.room)

    def leave(self) -> None:
        transport.use(None)

    def say(self, caller: Caller, message: Crossing[Any]) -> Any:
        """Speak at a door and return the reply; raises what the door refuses."""
        return self.doors._handlers[type(message)](caller, message)

    def later(self, **pause: float) -> None:
        self.moment += timedelta(**pause)

    def deliver(self) -> list[Crossing[Any]]:
        """Carry the outbox; return what was told to the neighbours now."""
        before = len(self.told)
        while self._outbox.deliver_due():
            pass
        return list(self.told)[before:]

    # --- the neighbours -----------------------------------------------------------------------

    def cross(self, message: Crossing[Any], *, seconds: float) -> Any:
        if self.unreachable:
            raise transport.CrossingUnavailable("cut")
        match message:
            case vault.OpenCardForm():
                return vault.CardFormOpened(url=f"http://localhost:7003/card/{message.payment_id}")
            case vault.StoreItems():
                return self._store(message.box)
            case vault.OpenPaperCardForm():
                kind = "again" if message.compare_with else "paper"
                url = f"http://localhost:7003/card/{kind}-{message.payment_id}"
                return vault.CardFormOpened(url=url)
            case vault.CompareItems():
                return vault.ItemsCompared(differs=list(self.items_differ))
            case vault.CardsExpiring():
                tokens = self.cards_expiring.get(message.month, [])
                rest = sorted(token for token in tokens if token > message.after)
                page = rest[: message.limit]
                more = len(rest) > len(page)
                return vault.CardsListed(tokens=page, next=page[-1] if more else "")
            case vault.StoreSubjects():
                for at, box in enumerate(message.boxes):
                    if box in self.broken_boxes:
                        raise Refusal("item_invalid", self.broken_boxes[box], f"boxes.{at}.x")
                return vault.SubjectsStored(subjects=[self._store(box) for box in message.boxes])
            case vault.MatchItem():
                if message.token == "none":
                    raise Refusal("token_unknown")
                return vault.ItemMatched(matches=self.date_of_birth_matches)
        self.told.append(message)
        return Taken()

    def _store(self, box: bytes) -> vault.ItemsStored:
        if box in self.broken_boxes:
            raise Refusal("item_invalid", self.broken_boxes[box], "email")
        self.stored += 1
        kinds = ("email", "date_of_birth")
        return vault.ItemsStored(
            subject=f"subject_{self.stored}",
            tokens={kind: f"{kind}_{self.stored}" for kind in kinds},
        )

    # --- bills and policies -------------------------------------------------------------------

    def add_bills(self, count: int = 1, **fields: Any) -> list[payments.BillRow]:
        bills = [make_bill(line, **fields) for line in range(2, count + 2)]
        result = self.import_rows("bills", bills)
        assert result.taken, result.refused
        return bills

    def add_policy(self, number: str = "12345678", **fields: Any) -> str:
        result = self.import_rows("policies", [make_policy(2, policy_number=number, **fields)])
        assert result.taken, result.refused
        return number

    def import_rows(
        self,
        kind: Any,
        rows: list[Any],
        *,
        skip_bad: bool = False,
        dry_run: bool = False,
        digest: str | None = None,
        client_body: str | None = None,
    ) -> payments.ImportResult:
        """Take rows in as the terminal does, one message after the other."""
        self.files = getattr(self, "files", 0) + 1
        opened = self.say(
            TERMINAL,
            payments.OpenImport(
                kind=kind,
                client_body=client_body or ("mihon_to" if kind == "bills" else "mihon_kiko"),
                file_digest=digest or f"{self.files:064x}",
                file_name="rows.csv",
            ),
        )
        if opened.done is not None:
            done: payments.ImportResult = opened.done
            return done
        said = payments.ImportBills if kind == "bills" else payments.ImportPolicies
        for at in range(0, len(rows), 1_000):
            self.say(TERMINAL, said(import_id=opened.import_id, rows=rows[at : at + 1_000]))
        result: payments.ImportResult = self.say(
            TERMINAL,
            payments.CommitImport(import_id=opened.import_id, skip_bad=skip_bad, dry_run=dry_run),
        )
        return result

    # --- the way of a payment -----------------------------------------------------------------

    def find(self, bill: payments.BillRow, **changed: Any) -> payments.BillFacts:
        numbers = {
            "payee_number": bill.payee_number,
            "payment_number": bill.payment_number,
            "confirmation_number": bill.confirmation_number,
            "category_number": bill.category_number,
            "source": "address-1",
            "session": "session-1",
        }
        facts: payments.BillFacts = self.say(TAX, payments.FindBill(**{**numbers, **changed})).bill
        return facts

    def start(
        self, facts: payments.BillFacts, key: str = "key-1", **changed: Any
    ) -> payments.PaymentStarted:
        fields: dict[str, Any] = {
            "key": key,
            "bill_id": facts.bill_id,
            "total_yen": facts.total_yen,
            "language": "ja",
            "sealed_email": b"box",
            "parent_origin": ORIGIN,
            "return_url": RETURN_URL,
            "source": "address-1",
            "session": "session-1",
        }
        started: payments.PaymentStarted = self.say(
            TAX, payments.StartPayment(**{**fields, **changed})
        )
        return started

    def enter_card(self, payment_id: str, token: str = "card_1") -> None:
        self.say(
            VAULT,
            payments.CardEntered(
                payment_id=payment_id,
                card_token=token,
                subject="subject_card",
                brand="visa",
                last_four="1111",
                issuer_bin="41111111",
                fingerprint=b"f" * 32,
            ),
        )

    def confirm(self, payment_id: str, caller: Caller = TAX) -> payments.PaymentShown:
        shown: payments.PaymentShown = self.say(
            caller,
            payments.ConfirmPayment(
                payment_id=payment_id, notification_url=ORIGIN + "/back", browser=BROWSER
            ),
        )
        return shown

    def confirmed(self, *, key: str = "key-1") -> str:
        """Return a fresh bill's payment after "pay"."""
        (bill,) = self.add_bills(1, payment_number=next_number())
        payment_id = self.start(self.find(bill), key).payment_id
        self.enter_card(payment_id)
        self.confirm(payment_id)
        return payment_id

    def authenticate(
        self, payment_id: str, result: Any = "authenticated", attempt: int = 1
    ) -> None:
        challenge = payments.Challenge(acs_url="http://localhost:7007/acs", creq="creq")
        self.say(
            NETWORK,
            payments.AuthenticationOutcome(
                payment_id=payment_id,
                attempt=attempt,
                result=result,
                eci="05",
                ds_transaction_id="ds-1",
                challenge=challenge if result == "challenge" else None,
            ),
        )

    def authorise(self, payment_id: str, result: Any = "approved", attempt: int = 1) -> None:
        self.say(
            NETWORK,
            payments.AuthorisationOutcome(
                payment_id=payment_id,
                attempt=attempt,
                result=result,
                response_code="00" if result == "approved" else "05",
                approval_code="A12345",
                network_reference="ref-1",
                trace_number="000001",
            ),
        )

    def capture(self, payment_id: str, result: Any = "captured", attempt: int = 1) -> None:
        self.say(
            NETWORK,
            payments.CaptureOutcome(
                payment_id=payment_id, attempt=attempt, result=result, response_code="00"
            ),
        )

    def reverse(self, payment_id: str, result: Any = "reversed", attempt: int = 1) -> None:
        self.say(
            NETWORK,
            payments.ReversalOutcome(
                payment_id=payment_id, attempt=attempt, result=result, response_code="00"
            ),
        )

    # --- after the issuer's yes ---------------------------------------------------------------

    def captured(self, *, key: str = "key-1") -> str:
        """Return a fresh bill's payment (12,143 yen with its fee) whose money was taken."""
        payment_id = self.confirmed(key=key)
        self.authenticate(payment_id)
        self.authorise(payment_id)
        self.capture(payment_id)
        return payment_id

    def show(self, payment_id: str, caller: Caller = TAX) -> payments.PaymentShown:
        shown: payments.PaymentShown = self.say(caller, payments.ShowPayment(payment_id=payment_id))
        return shown

    def history(self, payment_id: str) -> payments.PaymentHistory:
        shown: payments.PaymentHistory = self.say(
            TERMINAL, payments.ShowHistory(reference=payment_id)
        )
        return shown

    def books(self) -> payments.LedgerVerified:
        verified: payments.LedgerVerified = self.say(TERMINAL, payments.VerifyLedger())
        return verified

    def apply(self, policy_id: str, key: str = "apply-1", **changed: Any) -> Any:
        fields: dict[str, Any] = {
            "key": key,
            "policy_id": policy_id,
            "box": b"person",
            "language": "ja",
            "parent_origin": ORIGIN,
            "return_url": RETURN_URL,
            "source": "address-1",
            "session": "session-1",
        }
        return self.say(PREMIUM, payments.StartEnrolment(**{**fields, **changed}))

    def find_policy(self, number: str, **changed: Any) -> payments.PolicyFacts:
        fields: dict[str, Any] = {
            "policy_number": number,
            "sealed_date_of_birth": b"birth",
            "source": "address-1",
            "session": "session-1",
        }
        facts: payments.PolicyFacts = self.say(
            PREMIUM, payments.FindPolicy(**{**fields, **changed})
        ).policy
        return facts


_numbers = iter(range(1, 10**9))


def next_number() -> str:
    """Return a payment number that no earlier bill of this run has."""
    return f"{next(_numbers):016d}"


def make_bill(line: int, **fields: Any) -> payments.BillRow:
    filled: dict[str, Any] = {
        "line": line,
        "payee_number": "13999",
        "payment_number": f"{900_000_000_000_0000 + line}",
        "confirmation_number": "123456",
        "category_number": "001",
        "item_ja": "固定資産税",
        "item_en": "Fixed asset tax",
        "fiscal_year": 2026,
        "term": "第3期",
        "amount_yen": 12_000,
        "first_payable_at": datetime(2026, 11, 1, tzinfo=UTC),
        "due_date": date(2026, 12, 28),
        "payable_until": datetime(2026, 12, 28, 15, tzinfo=UTC),
    }
    return payments.BillRow(**{**filled, **fields})


def make_policy(line: int, **fields: Any) -> payments.PolicyRow:
    filled: dict[str, Any] = {
        "line": line,
        "policy_number": f"{12_345_678 + line}",
        "product_ja": "団体信用生命保険",
        "product_en": "Group credit life insurance",
        "yearly_premium_yen": 48_000,
        "joined_month": 4,
        "ended": False,
        "box": f"box {line}".encode(),
    }
    return payments.PolicyRow(**{**filled, **fields})


def rows_of(statement: Any, values: Any = (), bodies: str = EVERY_BODY) -> list[Any]:
    """Read as the runtime role, acting for ``bodies``."""
    with acting_for(bodies) as rows:
        return rows.all(statement, values)


def told_of(world: World, kind: type[Any]) -> list[Any]:
    """Return what of ``kind`` payments told its neighbours so far."""
    world.deliver()
    return [message for message in world.told if isinstance(message, kind)]


__all__ = ["card_network"]
