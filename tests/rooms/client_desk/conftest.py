"""Opens the desk's room: its schema, its runtime role, its pages."""

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
