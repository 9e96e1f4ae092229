"""The room of payments: its own database role, a movable clock, a fake vault and network."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.rooms.open_room import open_room

ROOM = open_room("payments")


@pytest.fixture
def world(clean: None) -> Iterator[object]:
    """A furnished room with two client bodies, empty tables, fakes for the neighbours."""
    from tests.rooms.payments.world import World

    world = World(ROOM.own_folder)
    world.enter()
    yield world
    world.leave()
