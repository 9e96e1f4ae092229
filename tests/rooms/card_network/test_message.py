"""The connector's packing and the simulator's, written apart, read each other's messages."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sekisho.card_network import message as iso
from sekisho.card_network.errors import MessageBroken
from sekisho.card_network.message import Message
from sekisho.simulators.card_network.packing import (
    LAYOUTS,
    HostMessage,
    PackingError,
    pack,
    unpack,
    unpack_elements,
)
from tests.rooms.card_network.messages import fields, kinds

NUMBER = "4000990000012349"


@given(kinds, fields)
def test_the_network_reads_what_the_connector_packs(kind: str, content: dict[int, str]) -> None:
    frame = iso.encode(Message(kind, {str(number): text for number, text in content.items()}))
    assert int.from_bytes(frame[:2], "big") == len(frame) - 2
    assert unpack(bytes(frame[2:])) == HostMessage(kind, content)


@given(kinds, fields)
def test_the_connector_reads_what_the_network_packs(kind: str, content: dict[int, str]) -> None:
    read = iso.decode(pack(HostMessage(kind, content)))
    assert (read.kind, read.fields) == (
        kind,
        {str(number): text for number, text in content.items()},
    )


@given(kinds, fields)
def test_both_pack_the_same_bytes(kind: str, content: dict[int, str]) -> None:
    frame = iso.encode(Message(kind, {str(number): text for number, text in content.items()}))
    assert bytes(frame[2:]) == pack(HostMessage(kind, content))


@given(st.binary(max_size=300))
def test_garbage_is_named_and_nothing_else_happens(wire: bytes) -> None:
    for read, refuses in ((iso.decode, MessageBroken), (unpack, PackingError)):
        with suppress(refuses):
            read(wire)


@given(kinds, fields, st.data())
def test_damaged_messages_are_read_by_both_or_by_neither(
    kind: str, content: dict[int, str], data: st.DataObject
) -> None:
    wire = bytearray(pack(HostMessage(kind, content)))
    at = data.draw(st.integers(0, len(wire) - 1))
    wire[at] = data.draw(st.integers(0, 255))
    if data.draw(st.booleans()):
        del wire[data.draw(st.integers(0, len(wire) - 1)) :]
    try:
        theirs = unpack(bytes(wire))
    except PackingError:
        theirs = None
    try:
        ours = iso.decode(bytes(wire))
    except MessageBroken:
        ours = None
    if theirs is not None and ours is not None:
        assert {int(number): text for number, text in ours.fields.items()} == theirs.fields


@pytest.mark.parametrize("number", [str(number) for number in LAYOUTS])
def test_a_field_that_does_not_fit_is_named_without_its_content(number: str) -> None:
    layout = LAYOUTS[int(number)]
    with pytest.raises(MessageBroken) as caught:
        iso.encode(Message("0100", {number: "7" * (layout.size + 1)}))
    assert caught.value.field == number
    assert "777" not in str(caught.value)


def test_a_message_shows_no_content() -> None:
    message = Message("0100", {"2": NUMBER, "14": "3512", "48": "9203123"})
    assert NUMBER not in repr(message)
    assert repr(message) == "<Message 0100 fields 2, 14, 48>"
    assert NUMBER not in repr(HostMessage("0100", {2: NUMBER}))


def test_what_may_be_stored_has_neither_number_nor_expiry_nor_code() -> None:
    kept = iso.storable(Message("0100", {"2": NUMBER, "14": "3512", "48": "9203123", "4": "1"}))
    assert kept == {"2": "400099******2349", "4": "1"}


def test_additional_data_is_read_by_the_network() -> None:
    elements = {"92": "123", "42": "05", "43": "x" * 28, "66": ""}
    del (filled := dict(elements))["66"]
    assert unpack_elements(iso.additional_data(elements)) == filled


def test_an_answer_must_repeat_its_request() -> None:
    asked = Message("0100", {"4": "1", "7": "2", "11": "3", "42": "m"})
    answer = {"4": "1", "7": "2", "11": "3", "42": "m", "39": "00"}
    assert iso.find_mismatch(asked, Message("0110", answer)) is None
    for number in ("4", "7", "11", "42"):
        assert iso.find_mismatch(asked, Message("0110", {**answer, number: "9"})) == number
    for number in ("4", "7", "11", "39"):
        without = {name: text for name, text in answer.items() if name != number}
        assert iso.find_mismatch(asked, Message("0110", without)) == number


def test_a_retrieval_reference_holds_day_hour_and_trace_number() -> None:
    moment = datetime(2026, 3, 5, 7, 59, tzinfo=UTC)
    assert iso.retrieval_reference("000123", moment) == "606407000123"
