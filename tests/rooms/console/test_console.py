"""The console: operators by invitation, what each role may see, and what others answer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from sekisho import transport
from sekisho.crossings.evidence_keeper import ChainShown, ShowChain
from sekisho.crossings.message import Refusal
from sekisho.crossings.payments import (
    LedgerVerified,
    PaymentHistory,
    ShowHistory,
    VerifyLedger,
)
from sekisho.crossings.supervisor import PlatformShown, ProcessShown, ShowPlatform
from sekisho.transport import CrossingUnavailable
from sekisho.vocabulary.identifiers import new_reference
from tests.rooms.a_history import a_history
from tests.rooms.console.conftest import room
from tests.rooms.console.operators import browser, invite, signed_in

pytestmark = pytest.mark.usefixtures("clean")

AT = datetime(2026, 5, 1, 3, 4, 5, tzinfo=UTC)
REFERENCE = new_reference()


def process(name: str = "vault", **changes: Any) -> ProcessShown:
    values: dict[str, Any] = {
        "process": name,
        "title": "vault card form",
        "state": "healthy",
        "up_seconds": 7_300,
        "restarts": 2,
        "memory_bytes": 50 * 1024 * 1024,
        "database_role": name,
        "sandbox": "Landlock 7",
        "sandbox_missing": "",
        "faults": {},
        "last_end": "",
    }
    return ProcessShown(**(values | changes))


class Others:
    """The processes that the console asks."""

    def __init__(self, **changes: Any) -> None:
        self.answers: dict[type[Any], Callable[[Any], Any]] = {
            ShowPlatform: lambda message: PlatformShown(
                ready=True,
                up_seconds=8_000,
                memory_bytes=700 * 1024 * 1024,
                database_state="healthy",
                processes=[process(), process("payments", **changes)],
            ),
            ShowChain: lambda message: ChainShown(
                position=41,
                digest="ab" * 32,
                signed_at=AT,
                verified_at=AT,
                verified_lines=41,
                faults=[],
            ),
            VerifyLedger: lambda message: LedgerVerified(
                ok=True, transfers=3, entries=6, payments=2, linked=3, faults=[]
            ),
            ShowHistory: self.show_history,
        }

    @staticmethod
    def show_history(message: ShowHistory) -> PaymentHistory:
        if message.reference != REFERENCE:
            raise Refusal("payment_unknown")
        return a_history(REFERENCE)

    def cross(self, message: Any, *, seconds: float) -> Any:
        answer = self.answers.get(type(message))
        if answer is None:
            raise CrossingUnavailable("away")
        return answer(message)


@pytest.fixture(autouse=True)
def others() -> Any:
    """Everyone answers, until a test says otherwise."""
    found = Others()
    transport.use(found)
    yield found
    transport.use(None)


def test_an_operator_sees_how_everything_is() -> None:
    page = signed_in("observer").get("/?lang=en").content.decode()
    assert "Everything is well." in page
    for shown in ("payments", "700 MiB", "Landlock 7", "41", "ab" * 32, "2026-05-01 12:04:05"):
        assert shown in page


@pytest.mark.parametrize(
    "changes",
    [
        {"state": "waiting"},
        {"faults": {"database": "OperationalError"}},
    ],
)
def test_what_is_wrong_is_not_well(others: Others, changes: dict[str, Any]) -> None:
    others.answers.update(Others(**changes).answers)
    page = signed_in("observer").get("/").content.decode()
    assert "確認が必要な箇所があります" in page
    assert "すべて正常です" not in page


def test_a_broken_chain_and_those_who_do_not_answer_are_not_well(others: Others) -> None:
    visitor = signed_in("observer")
    whole = others.answers[ShowChain](None)
    others.answers[ShowChain] = lambda message: ChainShown(
        **{name: getattr(whole, name) for name in whole.__struct_fields__}
        | {"faults": ["position 7: line 9 was changed or moved"]}
    )
    page = visitor.get("/").content.decode()
    assert "確認が必要な箇所があります" in page
    assert "position 7" in page
    for away, words in ((ShowPlatform, "監視プロセスが応答しません"), (ShowChain, "番人が応答")):
        others.answers = Others().answers
        del others.answers[away]
        page = visitor.get("/").content.decode()
        assert words in page
        assert "確認が必要な箇所があります" in page


def test_a_payment_is_found_by_its_reference_and_looking_is_on_evidence() -> None:
    visitor = signed_in("auditor")
    page = visitor.post("/payments?lang=en", {"reference": REFERENCE.lower()}).content.decode()
    for shown in (REFERENCE, "succeeded", "12,500", "mihon_to", "card_network"):
        assert shown in page
    rows = room.cluster.execute_sql("SELECT kind, subject FROM evidence.line ORDER BY id DESC")
    assert rows[0] == ("console.payment_looked_at", "pay_1")


@pytest.mark.parametrize(
    ("typed", "status"),
    [(new_reference(), 404), ("nonsense", 400), ("", 400), ("x" * 500, 400)],
)
def test_a_reference_that_leads_nowhere_says_so(typed: str, status: int) -> None:
    answer = signed_in("auditor").post("/payments", {"reference": typed})
    assert answer.status_code == status
    assert "error-summary" in answer.content.decode()


def test_payments_that_do_not_answer_are_told(others: Others) -> None:
    visitor = signed_in("auditor")
    others.answers.clear()
    assert visitor.post("/payments", {"reference": REFERENCE}).status_code == 503
    assert "応答しません" in visitor.post("/ledger").content.decode()


def test_the_books_are_checked_when_asked_for(others: Others) -> None:
    visitor = signed_in("responder")
    assert "帳簿は合っています" not in visitor.get("/ledger").content.decode()
    assert "帳簿は合っています" in visitor.post("/ledger").content.decode()
    others.answers[VerifyLedger] = lambda message: LedgerVerified(
        ok=False, transfers=1, entries=1, payments=1, linked=1, faults=["transfer 7 sums to 1"]
    )
    assert "transfer 7 sums to 1" in visitor.post("/ledger").content.decode()


@pytest.mark.parametrize(
    ("role", "page", "status"),
    [
        ("observer", "/", 200),
        ("observer", "/payments", 403),
        ("observer", "/ledger", 403),
        ("approver", "/payments", 403),
        ("responder", "/payments", 200),
        ("auditor", "/ledger", 200),
    ],
)
def test_each_role_sees_its_own(role: Any, page: str, status: int) -> None:
    assert signed_in(role).get(page).status_code == status


def test_an_operator_without_a_role_sees_nothing() -> None:
    assert signed_in().get("/").status_code == 403


@pytest.mark.parametrize("page", ["/", "/payments", "/ledger"])
def test_nobody_else_sees_anything(page: str) -> None:
    assert browser().get(page).headers["Location"] == "/sign-in"
    assert browser().post("/payments", {"reference": REFERENCE}).status_code == 302


def test_a_newer_invitation_ends_the_older() -> None:
    older, newer = invite("observer"), invite("observer")
    assert older != newer
    assert browser().get(older).status_code == 410
    assert browser().get(newer).status_code == 200


def test_a_desks_cookie_opens_nothing_here() -> None:
    visitor = browser()
    visitor.cookies["sekisho_console"] = "mihon_to." + "a" * 43
    assert visitor.get("/").headers["Location"] == "/sign-in"
