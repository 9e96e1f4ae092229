"""The test cards: each number decides what the simulated issuer and its access control server do.

A number that is not here is refused (14, invalid card number), so that nobody pays a simulator
with a real card; the ranges of ``LOAD_PREFIXES`` are approved without challenge, for load and for
canaries that need many numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

NetworkBehaviour = Literal[
    "answer",
    "silent_accepted",
    "silent_refused",
    "late",
    "duplicate",
    "malformed",
    "cut",
    "mismatched",
    "stubborn",
    "capture_silent_once",
    "capture_refused",
    "refund_silent_once",
    "refund_refused",
    "charged_back",
]
"""How the network treats an authorisation; all but ``answer`` and ``silent_refused`` approve it."""

AuthenticationBehaviour = Literal[
    "frictionless",
    "challenge",
    "failed",
    "attempted",
    "unavailable",
    "rejected",
    "server_error",
    "server_silent",
]

EXPIRY = "12/35"
"""Expiry printed with every test card; any month from now on is taken."""

WRONG_CODE = "000"
"""Security code that every test card refuses (N7); American Express: ``0000``."""


@dataclass(frozen=True, slots=True)
class TestCard:
    """One test card and what it does. ``expiry`` is MM/YY."""

    __test__ = False

    number: str
    brand: str
    what_it_does_ja: str
    what_it_does_en: str
    network: NetworkBehaviour = "answer"
    response_code: str = "00"
    authentication: AuthenticationBehaviour = "frictionless"
    expiry: str = EXPIRY

    @property
    def code(self) -> str:
        """A security code that passes; four digits for American Express."""
        return "1234" if self.brand == "amex" else "123"


def _declined(number: str, response_code: str, ja: str, en: str, brand: str = "visa") -> TestCard:
    return TestCard(number, brand, f"拒否: {ja}", f"declined: {en}", response_code=response_code)


_APPROVED = ("承認(本人認証は画面なし)", "approved, no challenge")
_CHALLENGED = ("本人認証の画面のあと承認", "approved after a challenge")

_CARDS: tuple[TestCard, ...] = (
    TestCard("4111111111111111", "visa", *_APPROVED),
    TestCard("5555555555554444", "mastercard", *_APPROVED),
    TestCard("3530111333300000", "jcb", *_APPROVED),
    TestCard("378282246310005", "amex", *_APPROVED),
    TestCard("30569309025904", "diners", *_APPROVED),
    # 3-D Secure
    TestCard("4000030200000007", "visa", *_CHALLENGED, authentication="challenge"),
    TestCard("5200030100000003", "mastercard", *_CHALLENGED, authentication="challenge"),
    TestCard("3530030100000009", "jcb", *_CHALLENGED, authentication="challenge"),
    TestCard("370003010000004", "amex", *_CHALLENGED, authentication="challenge"),
    TestCard("36000301000004", "diners", *_CHALLENGED, authentication="challenge"),
    TestCard(
        "4000030300000006",
        "visa",
        "本人認証に失敗(画面なし)",
        "authentication fails, no challenge",
        authentication="failed",
    ),
    TestCard(
        "4000030400000005",
        "visa",
        "本人認証は試行扱い、承認",
        "authentication attempted only; approved",
        authentication="attempted",
    ),
    TestCard(
        "4000030500000004",
        "visa",
        "本人認証が利用できない(発行会社側)",
        "authentication unavailable at the issuer",
        authentication="unavailable",
    ),
    TestCard(
        "4000030600000003",
        "visa",
        "本人認証で取引を拒絶",
        "authentication rejected by the issuer",
        authentication="rejected",
    ),
    TestCard(
        "4000030700000002",
        "visa",
        "本人認証サーバーがエラーを返す",
        "directory server answers with an error",
        authentication="server_error",
    ),
    TestCard(
        "4000030800000001",
        "visa",
        "本人認証サーバーが応答しない",
        "directory server never answers",
        authentication="server_silent",
    ),
    # the usual declines
    _declined("4000005100000000", "51", "残高・限度額の不足", "insufficient funds (51)"),
    _declined(
        "5200005100000005", "51", "残高・限度額の不足", "insufficient funds (51)", "mastercard"
    ),
    _declined("3530005100000001", "51", "残高・限度額の不足", "insufficient funds (51)", "jcb"),
    _declined("4000000500000007", "05", "取扱不可", "do not honour (05)"),
    _declined("4000004100000003", "41", "紛失カード", "lost card (41)"),
    _declined("4000004300000001", "43", "盗難カード", "stolen card (43)"),
    _declined("4000005400000007", "54", "有効期限切れ", "expired card (54)"),
    _declined("4000008200000003", "N7", "セキュリティコード誤り", "wrong security code (N7)"),
    _declined("4000006100000008", "61", "利用金額の上限超過", "amount limit exceeded (61)"),
    _declined("4000005900000002", "59", "不正利用の疑い", "suspected fraud (59)"),
    _declined("4000009100000002", "91", "発行会社が応答不能", "issuer unavailable (91)"),
    # what goes wrong on the way
    TestCard(
        "4000010100000000",
        "visa",
        "ネットワークは受け付けたが応答しない(取消される)",
        "network accepts but never answers (is reversed)",
        network="silent_accepted",
    ),
    TestCard(
        "4000010200000009",
        "visa",
        "ネットワークが受け付けず応答しない",
        "network neither accepts nor answers",
        network="silent_refused",
    ),
    TestCard(
        "4000010300000008",
        "visa",
        "承認の応答が遅れて届く(取消される)",
        "approval arrives too late (is reversed)",
        network="late",
    ),
    TestCard(
        "4000010400000007",
        "visa",
        "同じ承認の応答が2回届く",
        "approval is answered twice",
        network="duplicate",
    ),
    TestCard(
        "4000010500000006",
        "visa",
        "壊れた応答が届く(取消される)",
        "answer is malformed (is reversed)",
        network="malformed",
    ),
    TestCard(
        "4000010600000005",
        "visa",
        "応答の途中で接続が切れる(結果は照会で分かる)",
        "connection drops in mid-answer (outcome found by inquiry)",
        network="cut",
    ),
    TestCard(
        "4000010700000004",
        "visa",
        "金額の違う応答が届く(取消される)",
        "answer is for another amount (is reversed)",
        network="mismatched",
    ),
    TestCard(
        "4000010800000003",
        "visa",
        "取消の照会にも数回応答しない(結果不明がしばらく続く)",
        "reversals are ignored a few times (stays unknown for a while)",
        network="stubborn",
    ),
    TestCard(
        "4000010900000002",
        "visa",
        "承認、売上確定への最初の応答がない",
        "approved; first capture is not answered",
        network="capture_silent_once",
    ),
    TestCard(
        "4000011000000009",
        "visa",
        "承認、売上確定は拒否される",
        "approved; capture is refused",
        network="capture_refused",
    ),
    TestCard(
        "4000011100000008",
        "visa",
        "承認、返金への最初の応答がない",
        "approved; first message of a refund is not answered",
        network="refund_silent_once",
    ),
    TestCard(
        "4000011200000007",
        "visa",
        "承認、返金は拒否される",
        "approved; refund is refused",
        network="refund_refused",
    ),
    TestCard(
        "4000011300000006",
        "visa",
        "承認、売上確定の数秒後にチャージバック",
        "approved; charged back some seconds after the capture",
        network="charged_back",
    ),
)

LOAD_PREFIXES: dict[str, str] = {
    "400099": "visa",
    "520099": "mastercard",
    "353099": "jcb",
    "340099": "amex",
    "360099": "diners",
}
"""Ranges whose every Luhn-valid number is approved without challenge."""

_NUMBER_DIGITS = {"visa": 16, "mastercard": 16, "jcb": 16, "amex": 15, "diners": 14}

_BY_NUMBER = {card.number: card for card in _CARDS}


def describe() -> list[TestCard]:
    """Return every test card, in the order in which people read them."""
    return list(_CARDS)


def find(number: str) -> TestCard | None:
    """Return the test card of ``number`` (digits), a plain approving one for a number of the load
    ranges, or ``None`` for any other."""
    card = _BY_NUMBER.get(number)
    if card is not None:
        return card
    brand = LOAD_PREFIXES.get(number[:6])
    if brand is None or len(number) != _NUMBER_DIGITS[brand] or not ends_in_check_digit(number):
        return None
    return TestCard(number, brand, *_APPROVED)


def load_number(serial: int, brand: str = "visa") -> str:
    """Return the load-range card number with ``serial`` (int from 0) in it, check digit last.

    Raises ``ValueError`` for an unknown brand or a serial too large for its digits."""
    prefix = next((one for one, name in LOAD_PREFIXES.items() if name == brand), None)
    if prefix is None:
        raise ValueError(f"brand must be one of {sorted(_NUMBER_DIGITS)}")
    room = _NUMBER_DIGITS[brand] - len(prefix) - 1
    if not 0 <= serial < 10**room:
        raise ValueError(f"serial must be from 0 to {10**room - 1}")
    body = f"{prefix}{serial:0{room}d}"
    return next(body + digit for digit in "0123456789" if ends_in_check_digit(body + digit))


def ends_in_check_digit(number: str) -> bool:
    """Return whether ``number`` (ASCII digits) passes Luhn (ISO/IEC 7812-1, annex B)."""
    if not (number.isascii() and number.isdigit()):
        return False
    doubled = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)
    digits = [int(digit) for digit in reversed(number)]
    return (sum(digits[::2]) + sum(doubled[digit] for digit in digits[1::2])) % 10 == 0
