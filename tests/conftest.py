"""What every test may ask for."""

from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.rooms import open_room

# A busy machine is slow, not wrong: no test times anything.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")


@pytest.fixture
def clean() -> Iterator[None]:
    """Begin with empty tables in the open room; evidence is empty too."""
    for room in open_room.opened:
        room.clean()
    yield
