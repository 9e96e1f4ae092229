"""Every attack on the list gets its status and a reference; nothing of it reaches the zone."""

from __future__ import annotations

from typing import Any

import pytest

from sekisho.edge import Edge
from tests.rooms.edge.attacks import ATTACKS
from tests.rooms.edge.knock import FakeZone, knock, log_lines


@pytest.mark.parametrize("name", ATTACKS)
def test_attack_is_refused(name: str, edge: Edge, zone: FakeZone, folder: Any) -> None:
    status, request = ATTACKS[name]
    answer = knock(edge, **request)
    assert answer.status == status
    assert zone.environs == []
    line = log_lines(folder)[-1]
    assert line["status"] == status
    assert line["verdict"] == "refuse"
    assert line["reference"] in answer.text
    assert line["reference"] == answer.headers["X-Request-Id"]


def test_refusal_names_its_rules_in_the_log_only(edge: Edge, folder: Any) -> None:
    answer = knock(edge, **ATTACKS["sql in a free field"][1])
    line = log_lines(folder)[-1]
    assert 942100 in line["rules"]
    assert line["where"] == "ARGS:note"
    assert "942100" not in answer.text
    assert "note" not in answer.text


def test_ognl_header_is_found_by_its_own_rule(edge: Edge, folder: Any) -> None:
    knock(edge, **ATTACKS["ognl content type"][1])
    line = log_lines(folder)[-1]
    assert line["rules"] == [9900001]
    assert "OgnlContext" in line["headers"]["content-type"]
