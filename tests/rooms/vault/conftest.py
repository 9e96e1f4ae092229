"""The vault's room: a throw-away PostgreSQL, the runtime role, a fresh vault for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sekisho.vault import card_form
from tests.rooms.open_room import Room, open_room
from tests.rooms.vault.soft_module import make_token

TEMPLATES = Path(card_form.__file__).parent / "templates"

ROOM = open_room("vault", urls="sekisho.vault.card_form.urls", template_folders=[TEMPLATES])

# Models can be imported once the room stands.
from tests.rooms.vault.neighbours import Neighbours, made_vault  # noqa: E402


@pytest.fixture(scope="session")
def room() -> Room:
    return ROOM


@pytest.fixture(scope="session")
def security_module() -> dict[str, str]:
    """Settings of a fresh SoftHSM token."""
    return make_token()


@pytest.fixture(params=["file", "pkcs11"])
def keystore_settings(request: pytest.FixtureRequest) -> dict[str, str]:
    """Each key store in turn."""
    if request.param == "file":
        return {"kind": "file"}
    settings: dict[str, str] = request.getfixturevalue("security_module")
    return settings


@pytest.fixture
def place(clean: None, tmp_path: Path) -> Iterator[Neighbours]:
    """A fresh vault with the file key store, and the zones around it."""
    with made_vault(tmp_path, {"kind": "file"}) as neighbours:
        yield neighbours


@pytest.fixture
def either_place(
    clean: None, tmp_path: Path, keystore_settings: dict[str, str]
) -> Iterator[Neighbours]:
    """``place`` with each key store in turn."""
    with made_vault(tmp_path, keystore_settings) as neighbours:
        yield neighbours
