"""Who bears a fraudulent payment, from what 3-D Secure and the issuer said."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sekisho.payments.liability import liability
from tests.rooms.payments.world import World


@pytest.mark.parametrize(
    ("authentication", "eci", "exemption", "authorisation", "bears"),
    [
        ("authenticated", "05", "", "approved", "issuer"),
        ("authenticated", "02", "", "approved", "issuer"),
        ("attempted", "06", "", "approved", "issuer"),
        ("attempted", "01", "", "approved", "issuer"),
        ("authenticated", "07", "", "approved", "acquirer"),
        ("authenticated", "", "", "approved", "acquirer"),
        ("attempted", "05", "", "approved", "acquirer"),
        ("unavailable", "07", "", "approved", "acquirer"),
        ("failed", "05", "", "approved", "acquirer"),
        ("", "", "recurring", "approved", "acquirer"),
        ("", "", "moto", "declined", "acquirer"),
        ("authenticated", "05", "recurring", "approved", "acquirer"),
        ("authenticated", "05", "", "", "none"),
        ("authenticated", "05", "", "unknown", "none"),
        ("authenticated", "05", "", "not_sent", "none"),
    ],
)
def test_who_bears_it(
    authentication: str, eci: str, exemption: str, authorisation: str, bears: str
) -> None:
    assert liability(authentication, eci, exemption, authorisation) == bears


@given(st.text(max_size=15), st.text(max_size=3), st.text(min_size=1, max_size=10))
def test_without_a_result_that_is_known_the_issuer_never_does(
    authentication: str, eci: str, exemption: str
) -> None:
    assert liability(authentication, eci, exemption, "approved") == "acquirer"


def test_the_history_shows_it(world: World) -> None:
    payment_id = world.captured()
    (attempt,) = world.history(payment_id).attempts
    assert (attempt.eci, attempt.exemption, attempt.liability) == ("05", "", "issuer")
