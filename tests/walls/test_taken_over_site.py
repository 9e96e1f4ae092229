"""Code runs in the tax site's process, with its keys, role and sandbox: it gets nothing stored.

The first promise of the product (docs/explanation/why-a-site-cannot-read.md)."""

from __future__ import annotations

import json

from tests.walls.conftest import Infiltrated


def test_the_intruder_really_was_inside(infiltrated: Infiltrated) -> None:
    controls = [one for one in infiltrated.loot.values() if one["name"].startswith("control:")]
    assert len(controls) >= 8
    assert [one for one in controls if not one["worked"]] == []


def test_nothing_that_it_tried_worked(infiltrated: Infiltrated) -> None:
    tried = [one for one in infiltrated.loot.values() if not one["name"].startswith("control:")]
    assert len(tried) > 100
    assert [one for one in tried if one["worked"]] == []


def test_it_reads_no_table_but_its_sites_own(infiltrated: Infiltrated) -> None:
    tables = json.loads((infiltrated.site_folder / "tables.json").read_text())
    assert tables
    assert {name.split(".")[0] for name in tables} == {"payer_site_metropolitan_tax"}


def test_what_it_reads_there_is_sealed(infiltrated: Infiltrated) -> None:
    rows = (infiltrated.site_folder / "everything-readable.txt").read_text()
    canaries = infiltrated.canaries
    assert "34500" in rows, "the intruder read no errand, so this would prove nothing"
    for secret in (canaries.card, canaries.bill_email, *canaries.person.values()):
        assert secret not in rows


def test_no_card_number_was_ever_in_its_memory(infiltrated: Infiltrated) -> None:
    memory = (infiltrated.site_folder / "memory.json").read_text()
    digits = memory.replace(" ", "").replace("-", "")
    assert infiltrated.canaries.card not in digits
    assert infiltrated.canaries.amex not in digits


def test_its_knocking_is_on_the_evidence(infiltrated: Infiltrated) -> None:
    shown = infiltrated.platform.sekisho("evidence", "verify")
    assert shown
    lines = infiltrated.platform.sekisho("evidence", "show", "--kind", "crossing_forbidden")
    assert "payer_site.metropolitan_tax" in lines
