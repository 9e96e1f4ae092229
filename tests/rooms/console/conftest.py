"""Opens the console's room: its schema, its runtime role, its pages."""

from sekisho.processes.console.wiring import MIDDLEWARE, PROCESS
from tests.rooms.open_room import open_room

assert PROCESS.settings is not None
_settings = PROCESS.settings(None)
room = open_room(
    "console",
    urls=_settings["ROOT_URLCONF"],
    middleware=MIDDLEWARE,
    template_folders=_settings["TEMPLATES"][0]["DIRS"],
    USE_THOUSAND_SEPARATOR=_settings["USE_THOUSAND_SEPARATOR"],
    NUMBER_GROUPING=_settings["NUMBER_GROUPING"],
)
