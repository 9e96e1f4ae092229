"""A card network with a mind of its own: it keeps the truth, and says it late, twice or never."""

from __future__ import annotations

from typing import Any, Literal

from sekisho.crossings import card_network, payments
from tests.rooms.payments.network_money import NetworkMoney

Held = Literal["none", "held", "captured", "given_back", "declined"]
Key = tuple[str, int]

AUTHENTICATIONS = ["authenticated", "challenge", "attempted", "challenge", "failed", "unavailable"]
AUTHORISATIONS = [
    "approved",
    "declined",
    "not_sent",
    "lost_yes",
    "lost_no",
    "code_gone",
    "declined",
    "wrong_no",
]


class NetworkBook:
    """Acts on orders, at most once each, and answers with outcomes that are true."""

    def __init__(self) -> None:
        self.held: dict[Key, Held] = {}
        self.shut: set[Key] = set()
        """Given back before it came: an authorisation can't be approved any more."""
        self.proven: set[Key] = set()
        self.money = NetworkMoney()
        self._said: dict[tuple[type[Any], Key], list[Any]] = {}

    def act(self, order: Any, choice: int) -> list[Any]:
        """Return the outcomes that an order leads to; said again it leads to the same ones."""
        key = (order.payment_id, order.attempt)
        kind = type(order)
        if kind is card_network.Inquire:
            return [self._answer(key)]
        if kind is card_network.Refund:
            return [self.money.refund(order, choice)]
        if kind is card_network.AnswerChargeback:
            return self.money.answered(order, choice)
        if kind is card_network.ChallengeReturned:
            return [self._authentication(key, self._end(choice))]
        if (kind, key) not in self._said:
            self._said[kind, key] = self._act_once(order, key, choice)
        return self._said[kind, key]

    def _act_once(self, order: Any, key: Key, choice: int) -> list[Any]:
        match order:
            case card_network.Authenticate():
                result = AUTHENTICATIONS[choice % 6]
                said: list[Any] = [self._authentication(key, result)]
                if result == "challenge" and choice // 6 % 2:
                    # The directory server's word may come before the browser is back.
                    said.append(self._authentication(key, self._end(choice // 12)))
                return said
            case card_network.Authorise():
                assert key in self.proven, "asked for money from a payer who is not proven"
                fate = AUTHORISATIONS[choice // 6 % 8]
                told: list[Any] = [self._authorise(key, fate)]
                if fate == "wrong_no" and self.held[key] == "held":
                    told.append(self._authorisation(key, "approved"))
                return told
            case card_network.Capture():
                return [self._capture(key, order.amount_yen, refuses=choice // 3 % 4 == 2)]
            case card_network.Reverse():
                return [self._reverse(key)]
        raise AssertionError(order)

    def _end(self, choice: int) -> str:
        return ("authenticated", "authenticated", "failed", "unavailable")[choice % 4]

    def _authentication(self, key: Key, result: Any) -> payments.AuthenticationOutcome:
        if result in ("authenticated", "attempted"):
            self.proven.add(key)
        return payments.AuthenticationOutcome(
            payment_id=key[0],
            attempt=key[1],
            result=result,
            eci="05",
            ds_transaction_id="ds",
            challenge=payments.Challenge(acs_url="http://acs", creq="creq")
            if result == "challenge"
            else None,
        )

    def _authorise(self, key: Key, fate: str) -> payments.AuthorisationOutcome:
        if key in self.shut:
            self.held[key] = "none"
            return self._authorisation(key, "not_sent")
        self.held[key] = {
            "approved": "held",
            "lost_yes": "held",
            "wrong_no": "held",
            "declined": "declined",
        }.get(fate, "none")  # type: ignore[assignment]
        said = {"lost_yes": "unknown", "lost_no": "unknown", "wrong_no": "not_sent"}
        return self._authorisation(key, said.get(fate, fate))

    def _answer(self, key: Key) -> payments.AuthorisationOutcome:
        held = self.held.get(key)
        if held is None:
            self.shut.add(key)
        result = {
            "held": "approved",
            "captured": "approved",
            "given_back": "reversed",
            "declined": "declined",
        }.get(held or "none", "not_sent")
        return self._authorisation(key, result)

    def _authorisation(self, key: Key, result: Any) -> payments.AuthorisationOutcome:
        return payments.AuthorisationOutcome(
            payment_id=key[0],
            attempt=key[1],
            result=result,
            response_code="00",
            approval_code="A",
            network_reference="N",
            trace_number="1",
        )

    def _capture(self, key: Key, yen: int, *, refuses: bool) -> payments.CaptureOutcome:
        assert self.held.get(key) == "held", "captured what is not held"
        if not refuses:
            self.held[key] = "captured"
            self.money.captured[key[0]] = yen
        return payments.CaptureOutcome(
            payment_id=key[0],
            attempt=key[1],
            result="refused" if refuses else "captured",
            response_code="00",
        )

    def _reverse(self, key: Key) -> payments.ReversalOutcome:
        held = self.held.get(key)
        assert held != "captured", "gave back what is captured"
        if held == "held":
            self.held[key] = "given_back"
        elif held is None:
            self.shut.add(key)
        return payments.ReversalOutcome(
            payment_id=key[0],
            attempt=key[1],
            result="reversed" if held == "held" else "nothing_to_reverse",
            response_code="00",
        )
