"""Equal items have equal fingerprints, typed either way; nothing else tells."""

from __future__ import annotations

import pytest

from sekisho.vault.fingerprints import fingerprint, normalise

KEY, OTHER = b"k" * 32, b"o" * 32


@pytest.mark.parametrize(
    ("kind", "typed", "same"),
    [
        ("card_number", "4111 1111 1111 1111", "４１１１-1111-1111-1111"),
        ("email", "Taro@Example.JP ", "taro@example.jp"),
        ("email", "ｔａｒｏ@example.jp", "taro@example.jp"),
        ("name", "見本 太郎", "見本　太郎"),
        ("kana", "ミホン　タロウ", "みほん たろう"),
        ("kana", "ﾐﾎﾝ ﾀﾛｳ", "ミホンタロウ"),
        ("kana", "オーノ", "おーの"),
        ("phone", "03-1234-5678", "０３（１２３４）５６７８"),
        ("phone", "+81 3 1234 5678", "0312345678"),
        ("postal_code", "123-4567", "１２３４５６７"),
        ("address", "見本区１－２－３ 見本荘", "見本区1-2-3見本荘"),
        ("date_of_birth", "1970-01-31", "1970-01-31"),
    ],
)
def test_one_thing_typed_twice_is_one(kind: str, typed: str, same: str) -> None:
    assert normalise(kind, typed) == normalise(kind, same)
    assert fingerprint(KEY, "b", kind, typed) == fingerprint(KEY, "b", kind, same)


def test_key_body_kind_and_value_all_count() -> None:
    seen = {
        fingerprint(KEY, "mihon_to", "name", "x"),
        fingerprint(OTHER, "mihon_to", "name", "x"),
        fingerprint(KEY, "mihon_kiko", "name", "x"),
        fingerprint(KEY, "mihon_to", "kana", "x"),
        fingerprint(KEY, "mihon_to", "name", "y"),
        fingerprint(KEY, "mihon_to\0name", "", "x"),
    }
    assert len(seen) == 6
