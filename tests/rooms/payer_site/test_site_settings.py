"""A site's configuration: what is wrong is named by file and key."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from sekisho.payer_site.errors import SettingsWrong
from sekisho.payer_site.site_settings import SITES, FeeShown, load_site, read_site

GOOD = (SITES / "metropolitan_tax.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize("file", sorted(SITES.glob("*.toml")), ids=lambda path: path.stem)
def test_each_site_of_ours_loads(file: Path) -> None:
    assert load_site(file.stem).site.id == file.stem


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('kind = "bills"', 'kind = "bill"', "site.kind"),
        ('accent = "#4f3a8a"', 'accent = "#ffee99"', "too light"),
        ('accent = "#4f3a8a"', 'accent = "purple"', "not a colour"),
        ("sample = true", 'sample = "yes"', "site.sample"),
        ("sample = true", "sample = true\ncolour = 1", "colour"),
        ('client_body = "mihon_to"\nkind = "bills"\nmerchant', 'client_body = "x"\nmerchant',
         "payments.client_body"),
        ("[payments.fee]", "[payments.fees]", "payments.fee"),
        ("start_yen = 50", 'start_yen = "50"', "payments.fee.start_yen"),
        ("[payments]", "[payments", "not TOML"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(old: str, new: str, words: str) -> None:
    assert old in GOOD
    with pytest.raises(SettingsWrong, match=words) as told:
        read_site(GOOD.replace(old, new, 1), file="x.toml")
    assert str(told.value).startswith("x.toml: ")


@pytest.mark.parametrize("site_id", ["nowhere", "../secrets", "A", ""])
def test_a_site_that_is_not_there_is_said_so(site_id: str) -> None:
    with pytest.raises(SettingsWrong):
        load_site(site_id)


def test_the_fee_shown_is_the_fee_charged() -> None:
    """The table of the entry page against the payments zone's own arithmetic."""
    import msgspec

    from sekisho.payments.charge_fee import FeeRule, charge_fee

    table = tomllib.loads(GOOD)["payments"]["fee"]
    shown, rule = msgspec.convert(table, FeeShown), msgspec.convert(table, FeeRule)
    for low, high, fee in shown.brackets(50):
        assert charge_fee(low, rule).total_yen == charge_fee(high, rule).total_yen == fee


def test_payments_takes_each_site_of_ours() -> None:
    from sekisho.payments.site_rules import read_site_rules

    for file in SITES.glob("*.toml"):
        read_site_rules(file.stem, tomllib.loads(file.read_text(encoding="utf-8"))["payments"])


def test_the_how_to_names_every_key() -> None:
    import msgspec

    from sekisho.payer_site.site_settings import Contact, SitePages
    from sekisho.payments.charge_fee import FeeRule
    from sekisho.payments.site_rules import SiteSection, TriesRule

    document = Path(__file__).parents[3] / "docs" / "how-to" / "add-a-site.md"
    said = document.read_text(encoding="utf-8")
    kinds = (SitePages, Contact, SiteSection, FeeRule, TriesRule)
    keys = {field.encode_name for kind in kinds for field in msgspec.structs.fields(kind)}
    assert len(keys) > 30
    assert [key for key in sorted(keys) if f"`{key}`" not in said] == []
