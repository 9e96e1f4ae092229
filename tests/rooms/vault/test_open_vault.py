"""The vault opens from its briefing: keys of its own folder, everybody else's public keys."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from sekisho.crossings.permits import messages_of
from sekisho.crossings.sealing import items_purpose, open_sealed, seal
from sekisho.edge.page_rules import find_page
from sekisho.transport.briefing import Briefing
from sekisho.vault.card_form.fields import CardFields
from sekisho.vault.card_form.page_rules import CARD_FORM_PAGE, PAGES
from sekisho.vault.doors import make_doors
from sekisho.vault.keys_folder import prepare_keys
from sekisho.vault.limits import RELEASES_PER_HOUR
from sekisho.vault.open_vault import open_vault
from sekisho.vocabulary.twins import twin_of
from tests.rooms.vault.neighbours import Neighbours


def briefing(folder: Path, **changes: Any) -> Briefing:
    permit = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    receive = X25519PrivateKey.generate().public_key().public_bytes_raw()
    told = {
        "process": "vault",
        "zone": "vault",
        "folder": str(folder),
        "log_folder": str(folder / "log"),
        "public_keys": {"payments.permit": permit, "card_network.receive": receive},
        "addresses": {
            "vault": "http://localhost:7003/",
            "payer_site.metropolitan_tax": "http://localhost:7001/",
            "notices": "http://localhost:7006",
        },
        "settings": {"mail_folder": str(folder / "mail"), **changes.pop("settings", {})},
    }
    return Briefing(**{**told, **changes})


def test_it_opens_with_what_the_briefing_says(tmp_path: Path) -> None:
    budgets = {"default": 10, "all": 20, "client_bodies": {"mihon_to": 5}}
    vault = open_vault(briefing(tmp_path, settings={"release_budgets": budgets}))
    assert vault.base_url == "http://localhost:7003"
    assert vault.site_origins == dict.fromkeys(
        ("metropolitan_tax", "metropolitan_tax_test"), "http://localhost:7001"
    )
    assert (vault.budgets_of("mihon_to"), vault.budgets_of("mihon_kiko")) == ((5, 20), (10, 20))
    assert vault.all_releases_per_hour == 20
    assert vault.mail.folder == tmp_path / "mail"
    assert "key" not in repr(vault).lower()
    vault.keystore.close()


def test_mails_name_the_sites_as_their_files_do(tmp_path: Path) -> None:
    import tomllib

    import sekisho

    folder = Path(sekisho.__file__).parent / "payer_site" / "sites"
    files = {file.stem: tomllib.loads(file.read_text()) for file in folder.glob("*.toml")}
    told = {site: file["site"] for site, file in files.items()}
    vault = open_vault(briefing(tmp_path, settings={"sites": told}))
    assert set(vault.mail.sites) == {*files, *map(twin_of, files)}
    for words in vault.mail.sites.values():
        for said in (words.name, words.payee, words.contact):
            assert set(said) == {"ja", "en"}
        assert "0120-" in words.contact["ja"]
    vault.keystore.close()


def test_defaults_are_safe(tmp_path: Path) -> None:
    vault = open_vault(briefing(tmp_path))
    assert vault.budgets_of("mihon_to").own == RELEASES_PER_HOUR
    vault.keystore.close()


def test_smtp_takes_the_place_of_the_folder(tmp_path: Path) -> None:
    mail = {"smtp_host": "mail.example", "smtp_password_file": "password", "sender": "a@b.example"}
    settings = open_vault(briefing(tmp_path, settings={"mail": mail})).mail
    assert settings.folder is None
    assert (settings.smtp_host, settings.smtp_port, settings.smtp_tls) == (
        "mail.example",
        587,
        True,
    )
    assert settings.smtp_password_file == tmp_path / "keys" / "password"


@pytest.mark.parametrize("missing", ["payments.permit", "card_network.receive"])
def test_a_missing_key_is_named(tmp_path: Path, missing: str) -> None:
    told = briefing(tmp_path)
    keys = {name: raw for name, raw in told.public_keys.items() if name != missing}
    with pytest.raises(KeyError, match=missing):
        open_vault(briefing(tmp_path, public_keys=keys))


def test_what_a_site_seals_to_the_prepared_key_opens(tmp_path: Path) -> None:
    told = briefing(tmp_path)
    public = prepare_keys(told.keys_folder)["seal"]
    vault = open_vault(told)
    purpose = items_purpose("mihon_to")
    box = seal(public, {"email": "a@example.jp"}, purpose=purpose)
    opened = open_sealed(vault.seal_key, box, purpose=purpose, as_type=dict[str, str])
    assert opened == {"email": "a@example.jp"}
    vault.keystore.close()


def test_every_message_has_its_door(place: Neighbours) -> None:
    missing = make_doors(place.vault).missing()
    assert missing == ["Health"]
    assert len(messages_of("vault")) > 5


def test_the_wall_lets_the_pages_through_and_nothing_else(place: Neighbours) -> None:
    path = place.open_form().split("?")[0]
    page = find_page(PAGES, path)
    assert page is CARD_FORM_PAGE
    assert {rule.name for rule in page.fields or ()} == set(CardFields.base_fields)
    for rule in page.fields or ():
        assert rule.max_length == CardFields.base_fields[rule.name].max_length
    match = page.match(path)
    assert match is not None
    assert match["secret"] == path.removeprefix("/card/")
    for other in ("/", "/card/", "/card/short", path + "/x", "/admin/", "/card-form/../x"):
        assert find_page(PAGES, other) is None, other
