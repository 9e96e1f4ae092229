"""Passkeys, made and proven. Pure."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sekisho.sign_in.passkeys import (
    MAX_ANSWER_CHARACTERS,
    Party,
    PasskeyRefused,
    credential_of,
    new_challenge,
)
from tests.rooms.sign_in.authenticator import Device

ORIGIN = "http://localhost:7004"
PARTY = Party(ORIGIN, "sekisho desk")


def made(device: Device) -> tuple[bytes, int]:
    challenge = new_challenge()
    options = PARTY.ask_for_new("person_1", "hanako", [], challenge)
    found = PARTY.check_new(device.make(options), challenge)
    assert found.credential_id == device.credential_id
    return found.public_key, found.sign_count


def test_a_passkey_is_made_and_proven() -> None:
    device = Device(ORIGIN)
    key, count = made(device)
    challenge = new_challenge()
    answer = device.prove(PARTY.ask_for_proof([device.credential_id], challenge))
    assert credential_of(answer) == device.credential_id
    assert PARTY.check_proof(answer, challenge, public_key=key, count=count) == 1


def test_the_options_want_the_owner_verified_and_name_our_host_alone() -> None:
    for options in (
        PARTY.ask_for_new("person_1", "hanako", [b"x" * 32], new_challenge()),
        PARTY.ask_for_proof([b"x" * 32], new_challenge()),
    ):
        assert '"userVerification": "required"' in options
        assert '"localhost"' in options


def test_a_proof_for_another_challenge_origin_key_or_count_is_none() -> None:
    device = Device(ORIGIN)
    key, count = made(device)
    challenge = new_challenge()
    options = PARTY.ask_for_proof([device.credential_id], challenge)
    answer = device.prove(options)
    other_key, _ = made(Device(ORIGIN))
    device.origin = "http://localhost.evil.example:7004"
    elsewhere = device.prove(options)
    for proof, asked, held, seen in (
        (answer, new_challenge(), key, count),
        (answer, challenge, other_key, count),
        (elsewhere, challenge, key, count),
        (answer, challenge, key, 5),
    ):
        with pytest.raises(PasskeyRefused):
            PARTY.check_proof(proof, asked, public_key=held, count=seen)


def test_a_device_that_does_not_verify_its_owner_is_not_enough() -> None:
    device = Device(ORIGIN, verifies=False)
    challenge = new_challenge()
    with pytest.raises(PasskeyRefused):
        PARTY.check_new(device.make(PARTY.ask_for_new("p", "hanako", [], challenge)), challenge)
    device.verifies = True
    key, count = made(device)
    device.verifies = False
    answer = device.prove(PARTY.ask_for_proof([device.credential_id], challenge))
    with pytest.raises(PasskeyRefused):
        PARTY.check_proof(answer, challenge, public_key=key, count=count)


@settings(deadline=None, max_examples=50)
@given(st.binary(max_size=300))
def test_what_is_no_answer_is_refused(content: bytes) -> None:
    answer = base64.urlsafe_b64encode(content).decode()
    for check in (
        lambda: PARTY.check_new(answer, bytes(32)),
        lambda: PARTY.check_proof(answer, bytes(32), public_key=b"", count=0),
        lambda: credential_of(answer),
    ):
        with pytest.raises(PasskeyRefused):
            check()


def test_an_answer_is_bounded() -> None:
    with pytest.raises(PasskeyRefused):
        credential_of("A" * (MAX_ANSWER_CHARACTERS + 1))
