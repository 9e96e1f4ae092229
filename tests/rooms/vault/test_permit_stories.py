"""Any order of entering, permitting, releasing, forgetting, restarting and waiting: a card leaves
exactly when the rules say so, and every release is one line of evidence."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from sekisho.crossings.message import Refusal
from sekisho.crossings.payments import CardEntered
from sekisho.crossings.vault import ForgetCard, ForgetSecurityCode, SignedPermit
from sekisho.vault.forget import forget_card, forget_security_code
from sekisho.vault.limits import SECURITY_CODE_SECONDS
from sekisho.vault.security_codes import SecurityCodes
from sekisho.vocabulary.clock import now
from tests.rooms.vault.conftest import ROOM
from tests.rooms.vault.neighbours import BODY, CODE, NUMBER, OTHER_BODY, Neighbours, made_vault

BUDGET = 6
START = datetime.fromisoformat("2026-11-23T01:00:00+00:00")


@dataclass
class KnownCard:
    entered: CardEntered
    kept: bool
    code_until: float
    forgotten: bool = False


@dataclass
class KnownPermit:
    signed: SignedPermit
    card: KnownCard
    forged: bool
    spent: bool = False


class PermitStories(RuleBasedStateMachine):
    """``seconds`` is the story's clock; rules about time get it, forms use the real one."""

    cards = Bundle("cards")
    permits = Bundle("permits")

    def __init__(self) -> None:
        super().__init__()
        ROOM.clean()
        self.folder = Path(tempfile.mkdtemp(prefix="sekisho-stories-"))
        self.stack = ExitStack()
        self.place: Neighbours = self.stack.enter_context(made_vault(self.folder, {"kind": "file"}))
        self.seconds = 0.0
        self.known: list[KnownCard] = []
        self.releases: dict[datetime, int] = {}
        self.place.change(
            codes=SecurityCodes(lambda: self.seconds), default_releases_per_hour=BUDGET
        )

    def teardown(self) -> None:
        self.stack.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def at(self) -> datetime:
        return START + timedelta(seconds=self.seconds)

    @rule(target=cards, kept=st.booleans())
    def enter(self, kept: bool) -> KnownCard:
        card = self.place.entered_card(purpose="enrolment" if kept else "payment")
        known = KnownCard(card, kept, self.seconds + SECURITY_CODE_SECONDS)
        self.known.append(known)
        return known

    @rule(
        target=permits,
        card=cards,
        authorise=st.booleans(),
        with_code=st.booleans(),
        own_payment=st.sampled_from([True, True, True, False]),
        own_body=st.sampled_from([True, True, True, False]),
        forged=st.sampled_from([False, False, False, True]),
    )
    def permit(
        self,
        card: KnownCard,
        authorise: bool,
        with_code: bool,
        own_payment: bool,
        own_body: bool,
        forged: bool,
    ) -> KnownPermit:
        changes = {} if own_payment else {"payment_id": "pay_another"}
        permit = self.place.permit(
            card.entered,
            at=self.at,
            purpose="authorise" if authorise else "authenticate",
            with_security_code=with_code,
            client_body=BODY if own_body else OTHER_BODY,
            **changes,
        )
        signer = Ed25519PrivateKey.generate() if forged else None
        return KnownPermit(self.place.sign(permit, signer), card, forged)

    def expected(self, known: KnownPermit) -> str:
        permit, card = known.signed.permit, known.card
        own = permit.payment_id == card.entered.payment_id
        later = card.kept and permit.purpose == "authorise" and not permit.with_security_code
        hour = self.at.replace(minute=0, second=0, microsecond=0)
        if known.forged:
            return "permit_forged"
        if self.at >= permit.expires_at:
            return "permit_expired"
        if permit.with_security_code and permit.purpose != "authorise":
            return "permit_foreign"
        if permit.client_body != BODY or card.forgotten:
            return "token_unknown"
        if not (own or later):
            return "permit_foreign"
        if permit.with_security_code and self.seconds >= card.code_until:
            return "code_gone"
        if known.spent:
            return "permit_spent"
        if self.releases.get(hour, 0) >= BUDGET:
            return "budget_spent"
        return "released"

    @rule(known=permits)
    def release(self, known: KnownPermit) -> None:
        expected, permit, card = self.expected(known), known.signed.permit, known.card
        try:
            released = self.place.release(known.signed, at=self.at)
        except Refusal as refusal:
            assert refusal.code == expected
            return
        assert expected == "released"
        assert released.number == NUMBER
        assert released.security_code == (CODE if permit.with_security_code else None)
        assert (released.cardholder_name is None) == (permit.purpose == "authorise")
        known.spent = True
        hour = self.at.replace(minute=0, second=0, microsecond=0)
        self.releases[hour] = self.releases.get(hour, 0) + 1
        if permit.purpose == "authorise" and permit.payment_id == card.entered.payment_id:
            card.code_until = 0.0

    @rule(card=cards)
    def answer_came(self, card: KnownCard) -> None:
        forget_security_code(
            self.place.vault, ForgetSecurityCode(payment_id=card.entered.payment_id)
        )
        card.code_until = 0.0

    @rule(card=cards, reason=st.sampled_from(["settled", "cancelled"]))
    def forget(self, card: KnownCard, reason: str) -> None:
        forget_card(
            self.place.vault,
            ForgetCard(
                payment_id=card.entered.payment_id,
                card_token=card.entered.card_token,
                reason=reason,  # type: ignore[arg-type]
            ),
            now(),
        )
        card.code_until = 0.0
        card.forgotten = card.forgotten or not (card.kept and reason == "settled")

    @rule()
    def restart(self) -> None:
        self.place.change(codes=SecurityCodes(lambda: self.seconds))
        for card in self.known:
            card.code_until = 0.0

    @rule(minutes=st.sampled_from([1, 4, 11, 61]))
    def wait(self, minutes: int) -> None:
        self.seconds += minutes * 60

    @invariant()
    def every_release_is_one_line(self) -> None:
        lines = ROOM.cluster.execute_sql(
            "SELECT count(*) FROM evidence.line WHERE kind = 'vault.card_released'"
        )
        assert lines == [(sum(self.releases.values()),)]


PermitStories.TestCase.settings = settings(
    max_examples=25,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TestPermitStories = PermitStories.TestCase
