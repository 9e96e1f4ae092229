"""Opens the desk's room: its schema, its runtime role, its pages."""

from collections.abc import Iterator
from typing import Any

import pytest

from sekisho.processes.client_desk.wiring import MIDDLEWARE, PROCESS
from tests.rooms.open_room import open_room

assert PROCESS.settings is not None
_settings = PROCESS.settings(None)
room = open_room(
    "client_desk",
    urls=_settings["ROOT_URLCONF"],
    middleware=MIDDLEWARE,
    template_folders=_settings["TEMPLATES"][0]["DIRS"],
    DATA_UPLOAD_MAX_MEMORY_SIZE=_settings["DATA_UPLOAD_MAX_MEMORY_SIZE"],
)


@pytest.fixture
def receiver() -> Iterator[Any]:
    """A body's receiver of webhooks."""
    from tests.rooms.hook_sender.receiver import receiving

    with receiving() as one:
        yield one


@pytest.fixture
def world(receiver: Any) -> Iterator[Any]:
    """The desk's messenger between payments and that receiver."""
    from sekisho import transport
    from sekisho.client_desk.records.scope import enter_body
    from tests.rooms.client_desk.hook_world import World

    yield World(receiver)
    transport.use(None)
    enter_body("")
