"""Who bears a payment that its cardholder did not make. Pure.

After authentication (ECI 05; Mastercard 02) or its attempt (06; 01) the issuer does, else the
acquirer (EMV 3-D Secure 2.2, ECI; the brands' rules on liability shift). An exemption leaves it
with the acquirer, as nobody was asked; so does an indicator that does not fit the result."""

from __future__ import annotations

from typing import Literal

Liability = Literal["issuer", "acquirer", "none"]

_ISSUER_BEARS = frozenset(
    {
        ("authenticated", "05"),
        ("authenticated", "02"),
        ("attempted", "06"),
        ("attempted", "01"),
    }
)

_ANSWERED = frozenset({"approved", "declined", "reversed"})


def liability(authentication: str, eci: str, exemption: str, authorisation: str) -> Liability:
    """Return who bears a fraudulent payment: from the attempt's 3-D Secure result, its ECI, the
    exemption (empty: none) and the issuer's answer (``none`` before there is one)."""
    if authorisation not in _ANSWERED:
        return "none"
    if exemption or (authentication, eci) not in _ISSUER_BEARS:
        return "acquirer"
    return "issuer"
