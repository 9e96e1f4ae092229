"""What every test may ask for."""

from collections.abc import Iterator

import pytest

from tests.rooms import open_room


@pytest.fixture
def clean() -> Iterator[None]:
    """Begin with empty tables in the open room; evidence is empty too."""
    for room in open_room.opened:
        room.clean()
    yield
