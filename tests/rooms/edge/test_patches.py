"""Patches change at run time: at once, without a lost request, and never by half."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from sekisho.edge import CrsMissing, Edge, RulesRefused, Waf, default_crs_dir
from tests.rooms.edge.knock import knock, log_lines, post

PATCH = (
    'SecRule ARGS:note "@rx mihon-attack" '
    "\"id:9910001,phase:2,deny,status:403,log,severity:CRITICAL,msg:'test'\""
)
DETECT = PATCH.replace("deny,status:403", "pass")


def test_a_patch_is_live_at_once_and_off_again(edge: Edge, patches_back: Waf, folder: Path) -> None:
    note = {"note": "mihon-attack"}
    assert post(edge, "/find", note).status == 200
    patches_back.load_patches(PATCH, "case-1 v1")
    assert post(edge, "/find", note).status == 403
    assert log_lines(folder)[-1]["rules"] == [9910001]
    assert log_lines(folder)[-1]["patches"] == "case-1 v1"
    patches_back.load_patches("", "case-1 off")
    assert post(edge, "/find", note).status == 200


def test_a_patch_sees_fields_that_the_page_closes(edge: Edge, patches_back: Waf) -> None:
    patches_back.load_patches(PATCH.replace("ARGS:note", "ARGS:number").replace(
        "mihon-attack", "^424242$"), "closed")  # fmt: skip
    assert post(edge, "/find", {"number": "424242"}).status == 403
    assert post(edge, "/find", {"number": "424243"}).status == 200


def test_a_detecting_patch_lets_pass_and_is_logged(
    edge: Edge, patches_back: Waf, folder: Path
) -> None:
    patches_back.load_patches(DETECT, "detect")
    assert post(edge, "/find", {"note": "mihon-attack"}).status == 200
    assert log_lines(folder)[-1]["rules"] == [9910001]
    assert log_lines(folder)[-1]["where"] == "ARGS:note"


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (PATCH.replace("mihon-attack", "(mihon"), "line 1: the pattern"),
        ("# a comment\n" + PATCH.replace("@rx", "@nope"), "line 2: a patch may not use"),
        (PATCH.replace("@rx mihon-attack", "@inspectFile /bin/sh"), "@inspectFile"),
        (PATCH.replace("9910001", "941100"), "id 941100 is not in"),
        (PATCH.replace("deny", "exec:/bin/sh,deny"), "may not use"),
        (PATCH.replace("deny", "ctl:ruleEngine=Off,deny"), "may not use"),
        (PATCH.replace("deny", "allow"), "may not use"),
        ("SecAuditEngine On", "only SecRule"),
        ("Include /etc/passwd", "only SecRule"),
        ("SecRule ARGS", "expected SecRule"),
        (PATCH + "\\", "ends with a backslash"),
        (PATCH.replace("phase:2", "phase:nine"), ""),
        (PATCH + "\n" + PATCH, ""),
        ("#" * 300_000, "longer than"),
    ],
)
def test_a_bad_patch_is_refused_and_the_old_one_stays(
    bad: str, said: str, edge: Edge, patches_back: Waf
) -> None:
    patches_back.load_patches(PATCH, "good")
    with pytest.raises(RulesRefused) as refused:
        patches_back.load_patches(bad, "bad")
    assert said in str(refused.value)
    assert patches_back.patches_version == "good"
    assert post(edge, "/find", {"note": "mihon-attack"}).status == 403


def test_a_pattern_may_hold_words_that_are_actions(patches_back: Waf) -> None:
    patches_back.load_patches(PATCH.replace("mihon-attack", "exec:|ctl:ruleEngine"), "words")
    assert patches_back.patches_version == "words"


def test_swapping_under_load_gives_no_wrong_answer(edge: Edge, patches_back: Waf) -> None:
    """Four threads knock while rules and patches change; each answer is one of the two true ones,
    and what no rule forbids always passes."""
    wrong: list[str] = []
    stop = threading.Event()
    rounds = 25

    def attacker() -> None:
        while not stop.is_set():
            if knock(edge, path="/find", query="q=<script>alert(1)</script>").status != 403:
                wrong.append("an attack passed")
            if post(edge, "/find", {"note": "こんにちは"}).status != 200:
                wrong.append("a payer was refused")

    threads = [threading.Thread(target=attacker) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        for number in range(rounds):
            patches_back.load_patches(PATCH if number % 2 else "", f"v{number}")
            if number % 5 == 0:
                patches_back.reload_rules()
            expected = 403 if number % 2 else 200
            assert post(edge, "/find", {"note": "mihon-attack"}).status == expected
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert wrong == []


def test_reload_that_fails_keeps_the_rules(tmp_path: Path, make_edge: Callable[..., Edge]) -> None:
    crs = tmp_path / "crs"
    shutil.copytree(default_crs_dir(), crs)
    waf = Waf(crs)
    edge = make_edge(waf=waf)
    broken = crs / "usr/share/modsecurity-crs/rules/REQUEST-942-APPLICATION-ATTACK-SQLI.conf"
    broken.write_text("SecRule nonsense\n")
    with pytest.raises(RulesRefused, match=r"REQUEST-942"):
        waf.reload_rules()
    broken.unlink()
    with pytest.raises(CrsMissing, match=r"lacks REQUEST-942.*fetch_crs"):
        waf.reload_rules()
    assert post(edge, "/find", {"note": "1' OR '1'='1' -- "}).status == 403


def test_a_missing_rule_set_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(CrsMissing) as missing:
        Waf(tmp_path / "nowhere")
    assert str(tmp_path / "nowhere") in str(missing.value)
    assert "tools/fetch_crs.py" in str(missing.value)


def test_another_version_line_is_refused(tmp_path: Path) -> None:
    crs = tmp_path / "crs"
    shutil.copytree(default_crs_dir(), crs)
    first = crs / "usr/share/modsecurity-crs/rules/REQUEST-901-INITIALIZATION.conf"
    first.write_text(first.read_text().replace("OWASP_CRS/3.3.4", "OWASP_CRS/4.1.0"))
    with pytest.raises(CrsMissing, match=r"not version 3\.3"):
        Waf(crs)
