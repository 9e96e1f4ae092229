"""Rules of the sign-in: passwords, locks, visits, codes, words. Pure."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sekisho.sign_in import rules
from sekisho.sign_in.frame import WORDS
from sekisho.sign_in.second_factor import (
    SecretBroken,
    SecretKeeper,
    code_at,
    key_address,
    matching_step,
    new_secret,
    show_secret,
)
from sekisho.sign_in.words import WordsDiffer, load_words

RFC_SECRET = b"12345678901234567890"
NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "code"),
    [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")],
)
def test_codes_are_those_of_the_standard(seconds: int, code: str) -> None:
    """RFC 6238 appendix B, the last six of its eight digits."""
    moment = datetime.fromtimestamp(seconds, UTC)
    assert code_at(RFC_SECRET, moment) == code
    assert matching_step(RFC_SECRET, code, now=moment, after_step=0) == seconds // 30


def test_a_code_counts_for_its_neighbours_in_time_and_never_again() -> None:
    code = code_at(RFC_SECRET, NOW)
    step = int(NOW.timestamp()) // 30
    for seconds, found in ((-30, step), (0, step), (30, step), (60, None), (-60, None)):
        moment = NOW + timedelta(seconds=seconds)
        assert matching_step(RFC_SECRET, code, now=moment, after_step=0) == found
    assert matching_step(RFC_SECRET, code, now=NOW, after_step=step) is None
    assert matching_step(RFC_SECRET, f" {code[:3]} {code[3:]} ", now=NOW, after_step=0) == step


@given(st.text(max_size=30).filter(lambda text: not text.strip().isdigit()))
def test_what_is_no_code_matches_nothing(text: str) -> None:
    assert matching_step(RFC_SECRET, text, now=NOW, after_step=0) is None


def test_a_secret_opens_only_for_its_owner_and_with_its_key(tmp_path: Path) -> None:
    keeper = SecretKeeper.from_folder(tmp_path)
    secret = new_secret()
    sealed = keeper.seal(secret, "person_1")
    assert secret not in sealed
    assert SecretKeeper.from_folder(tmp_path).open(sealed, "person_1") == secret
    assert (tmp_path / "second_factor.key").stat().st_mode & 0o777 == 0o600
    for broken, owner in ((sealed, "person_2"), (sealed[:-1], "person_1"), (b"", "person_1")):
        with pytest.raises(SecretBroken):
            keeper.open(broken, owner)
    with pytest.raises(SecretBroken):
        SecretKeeper(b"k" * 32).open(sealed, "person_1")


def test_an_app_reads_the_secret_from_the_address() -> None:
    address = urlsplit(key_address(RFC_SECRET, "hanako@mihon", "sekisho desk"))
    facts = parse_qs(address.query)
    assert base64.b32decode(facts["secret"][0]) == RFC_SECRET
    assert facts["issuer"] == ["sekisho desk"]
    assert show_secret(RFC_SECRET).replace(" ", "") == facts["secret"][0]


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("fern 48 lantern", ""),
        ("長い合言葉は覚えやすい2026", ""),
        ("short1", "short"),
        ("x1" * 65, "long"),
        ("only letters here", "plain"),
        ("123456789012", "plain"),
        ("password2026xx", "common"),
        ("hanako 2026 spring", "like_name"),
    ],
)
def test_a_password_is_refused_with_its_reason(password: str, why: str) -> None:
    assert rules.check_password(password, "hanako@mihon") == why


@settings(deadline=None)
@given(st.text(max_size=200))
def test_no_password_breaks_the_check(password: str) -> None:
    assert rules.check_password(password, "hanako") in (
        "", "short", "long", "plain", "common", "like_name",
    )  # fmt: skip


def test_names_have_one_form() -> None:
    assert rules.read_name(" Hanako.Mihon@To ") == "hanako.mihon@to"
    for text in ("", "a", "-a", "has space", "名前", "a" * 65, "a\nb", "a'b"):
        assert rules.read_name(text) is None


def test_an_account_is_locked_at_the_limit() -> None:
    assert rules.lock_until(rules.FAILED_TRIES_LIMIT - 1, NOW) is None
    assert rules.lock_until(rules.FAILED_TRIES_LIMIT, NOW) == NOW + timedelta(minutes=30)


@pytest.mark.parametrize(
    ("opened", "seen", "factor", "is_open"),
    [
        (1, 0, True, True),
        (9 * 60, 14, True, True),
        (60, 15, True, False),
        (10 * 60, 0, True, False),
        (9, 9, False, True),
        (10, 0, False, False),
    ],
)
def test_a_visit_has_its_bounds(opened: int, seen: int, factor: bool, is_open: bool) -> None:
    opened_at = NOW - timedelta(minutes=opened)
    assert is_open == rules.visit_is_open(
        opened_at=opened_at,
        seen_at=NOW - timedelta(minutes=seen),
        factor_at=opened_at if factor else None,
        now=NOW,
    )


def test_both_languages_have_every_word(tmp_path: Path) -> None:
    assert load_words(WORDS)["ja"].keys() == load_words(WORDS)["en"].keys()
    (tmp_path / "ja.toml").write_text('only_here = "x"')
    (tmp_path / "en.toml").write_text("")
    with pytest.raises(WordsDiffer, match="only_here"):
        load_words(WORDS, tmp_path)
