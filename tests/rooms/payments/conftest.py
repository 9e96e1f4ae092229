"""The room of payments: its own database role, a movable clock, a fake vault and network."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

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


@pytest.fixture
def furnish(clean: None) -> Iterator[Any]:
    """Make a world with a guard of one's own (``guard_hands.Furnish``)."""
    from tests.rooms.payments.guard_hands import Prober, world_with

    made = []

    def make(bills: int = 20, **changes: Any) -> Prober:
        world = world_with(ROOM.own_folder, **changes)
        world.enter()
        made.append(world)
        return Prober(world, bills)

    yield make
    for world in made:
        world.leave()
