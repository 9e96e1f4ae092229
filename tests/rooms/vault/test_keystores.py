"""Both key stores keep the same promises."""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path

import pytest

from sekisho.vault.errors import EnvelopeBroken, KeyMissing, KeyStoreError
from sekisho.vault.keys_folder import open_keys, prepare_keys
from sekisho.vault.keystore import KeyStore, open_keystore
from sekisho.vault.keystore.file import FileKeyStore
from sekisho.vault.keystore.interface import CARD_MAC, KEPT_WRAP, SEAL_WRAP, epoch_wrap
from sekisho.vault.seal_key import FILE_NAME, seal_key

KEY = bytes(range(32))


@pytest.fixture
def keystore(tmp_path: Path, keystore_settings: dict[str, str]) -> KeyStore:
    store = open_keystore(tmp_path, keystore_settings)
    yield store
    store.close()


def test_the_standing_keys_are_made_once(
    tmp_path: Path, keystore: KeyStore, keystore_settings: dict[str, str]
) -> None:
    wrapped, mac = keystore.wrap(KEPT_WRAP, KEY, b"here"), keystore.mac(CARD_MAC, b"text")
    assert {SEAL_WRAP, KEPT_WRAP, CARD_MAC} <= set(keystore.key_ids())
    keystore.close()
    again = open_keystore(tmp_path, keystore_settings)
    assert again.unwrap(KEPT_WRAP, wrapped, b"here") == KEY
    assert again.mac(CARD_MAC, b"text") == mac
    again.close()


def test_a_wrapped_key_opens_in_its_context_alone(keystore: KeyStore) -> None:
    wrapped = keystore.wrap(KEPT_WRAP, KEY, b"here")
    assert KEY not in wrapped
    assert keystore.unwrap(KEPT_WRAP, wrapped, b"here") == KEY
    for key_id, content, context in (
        (KEPT_WRAP, wrapped, b"there"),
        (SEAL_WRAP, wrapped, b"here"),
        (KEPT_WRAP, wrapped[:-1] + bytes([wrapped[-1] ^ 1]), b"here"),
        (KEPT_WRAP, b"", b"here"),
    ):
        with pytest.raises(EnvelopeBroken):
            keystore.unwrap(key_id, content, context)


def test_hashes_are_keyed(keystore: KeyStore) -> None:
    mac = keystore.mac(CARD_MAC, b"4111111111111111")
    assert len(mac) == 32
    assert mac == keystore.mac(CARD_MAC, b"4111111111111111")
    assert mac != keystore.mac(CARD_MAC, b"4111111111111112")
    assert mac != hashlib.sha256(b"4111111111111111").digest()
    assert mac != hmac.new(b"", b"4111111111111111", hashlib.sha256).digest()


def test_a_destroyed_key_is_gone(keystore: KeyStore) -> None:
    name = epoch_wrap("20261005")
    keystore.ensure(name, "wrap")
    wrapped = keystore.wrap(name, KEY, b"here")
    keystore.destroy(name)
    keystore.destroy(name)
    assert not keystore.has(name)
    with pytest.raises(KeyMissing):
        keystore.unwrap(name, wrapped, b"here")
    keystore.ensure(name, "wrap")
    with pytest.raises(EnvelopeBroken):
        keystore.unwrap(name, wrapped, b"here")
    keystore.destroy(name)


@pytest.mark.parametrize("name", ["../escape", "A", "", "wrap/seal", "x" * 80, "wrap-\n"])
def test_a_name_is_only_a_name(keystore: KeyStore, name: str) -> None:
    with pytest.raises(KeyStoreError):
        keystore.ensure(name, "wrap")


def test_the_seal_key_lies_wrapped(tmp_path: Path, keystore: KeyStore) -> None:
    key = seal_key(tmp_path, keystore)
    raw = key.private_bytes_raw()
    assert seal_key(tmp_path, keystore).private_bytes_raw() == raw
    assert raw not in (tmp_path / FILE_NAME).read_bytes()
    assert (tmp_path / FILE_NAME).stat().st_mode & 0o077 == 0


def test_key_files_are_for_their_owner_alone(tmp_path: Path) -> None:
    store = FileKeyStore(tmp_path / "keys")
    store.ensure(KEPT_WRAP, "wrap")
    (file,) = (tmp_path / "keys").iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "keys").stat().st_mode & 0o777 == 0o700
    file.chmod(0o644)
    with pytest.raises(KeyStoreError, match="chmod 600"):
        FileKeyStore(tmp_path / "keys").wrap(KEPT_WRAP, KEY, b"")
    file.chmod(0o600)
    file.write_bytes(b"short")
    with pytest.raises(KeyStoreError, match="32 bytes"):
        FileKeyStore(tmp_path / "keys").wrap(KEPT_WRAP, KEY, b"")


def test_a_module_keeps_its_keys_inside(security_module: dict[str, str], tmp_path: Path) -> None:
    import pkcs11

    store = open_keystore(tmp_path, security_module)
    session = store._session  # type: ignore[attr-defined]
    for key in session.get_objects({pkcs11.Attribute.CLASS: pkcs11.ObjectClass.SECRET_KEY}):
        assert key[pkcs11.Attribute.EXTRACTABLE] is False
        assert key[pkcs11.Attribute.SENSITIVE] is True
    store.close()


def test_a_lost_session_is_opened_anew(security_module: dict[str, str], tmp_path: Path) -> None:
    store = open_keystore(tmp_path, security_module)
    wrapped = store.wrap(KEPT_WRAP, KEY, b"here")
    store._session.close()  # type: ignore[attr-defined]
    assert store.unwrap(KEPT_WRAP, wrapped, b"here") == KEY
    store.close()


def test_a_wrong_setting_says_what_to_do(tmp_path: Path, security_module: dict[str, str]) -> None:
    pin = tmp_path / "pin"
    pin.write_text("000000")
    pin.chmod(0o600)
    for settings, words in (
        ({"kind": "paper"}, "neither"),
        ({"kind": "pkcs11", "library": "x"}, "token_label"),
        ({**security_module, "pin_file": str(pin)}, "PIN"),
        ({**security_module, "token_label": "none"}, "none"),
    ):
        with pytest.raises(KeyStoreError, match=words):
            open_keystore(tmp_path, settings)
    pin.chmod(0o644)
    with pytest.raises(KeyStoreError, match="chmod 600"):
        open_keystore(tmp_path, {**security_module, "pin_file": str(pin)})


def test_prepare_gives_the_public_key_and_again_the_same(tmp_path: Path) -> None:
    made = prepare_keys(tmp_path)
    assert set(made) == {"seal"}
    assert made == prepare_keys(tmp_path)
    public = seal_key(tmp_path, open_keys(tmp_path)).public_key().public_bytes_raw()
    assert made["seal"] == public
    (tmp_path / "keystore.toml").write_text("kind = ")
    with pytest.raises(KeyStoreError, match=r"keystore\.toml"):
        open_keys(tmp_path)


def test_many_makers_end_with_one_key(tmp_path: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    def make(_: int) -> bytes:
        store = FileKeyStore(tmp_path / "keys")
        store.ensure(CARD_MAC, "mac")
        return store.mac(CARD_MAC, b"x")

    with ThreadPoolExecutor(8) as threads:
        assert len(set(threads.map(make, range(32)))) == 1
    assert [file.name for file in (tmp_path / "keys").iterdir()] == [f"{CARD_MAC}.key"]
