"""Keys of the API: who makes them, what they open, when they end."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest
from django.test import Client

from sekisho.client_desk.api import limit_keys, limits
from sekisho.client_desk.doors import make_doors
from sekisho.client_desk.keys import rules
from sekisho.client_desk.keys.admit import admit
from sekisho.client_desk.keys.hold_keys import make_key, revoke_key, rotate_key
from sekisho.client_desk.keys.rules import SCOPES, KeyRefused
from sekisho.client_desk.records.api_models import ApiKey
from sekisho.client_desk.records.scope import enter_body
from sekisho.crossings.client_desk import (
    ListApiKeys,
    MakeApiKey,
    RevokeApiKey,
    RotateApiKey,
)
from sekisho.sign_in.second_factor import code_at
from sekisho.vocabulary.clock import now
from tests.rooms.client_desk.conftest import room
from tests.rooms.client_desk.machines import BILL, ROOT, Machine, at_work, new_key
from tests.rooms.client_desk.staff import (
    TERMINAL,
    desk,
    evidence_kinds,
    factor_of,
    later,
    signed_in,
)

pytestmark = pytest.mark.usefixtures("clean")


def administrator(name: str = "hanako", client_body: str = "mihon_to") -> Client:
    return signed_in(name, client_body, ("administrator",))


def typed(name: str = "hanako", client_body: str = "mihon_to", **changes: Any) -> dict[str, Any]:
    """What is typed to make a key, with the next code that was not used."""
    code = code_at(factor_of(name, client_body), later(1))
    facts = {"key_name": "books", "mode": "live", "scopes": ["bills:read"], "days": "30"}
    return facts | {"code": code} | changes


def secret_on(page: Any) -> str:
    found = re.search(rules.SECRET_PATTERN, page.content.decode())
    assert found, page.content.decode()
    return found[0]


def test_an_administrator_makes_a_key_that_is_shown_once_and_works() -> None:
    visitor = administrator()
    page = visitor.post("/keys", typed())
    assert page.status_code == 201
    secret = secret_on(page)
    assert secret.startswith("sk_live_")
    assert page.headers["Cache-Control"] == "no-store"
    assert evidence_kinds()[-1] == "client_desk.key_made"
    listed = visitor.get("/keys").content.decode()
    assert secret not in listed
    assert "…" + secret[-4:] in listed
    with at_work(secret) as (machine, payments):
        assert machine.get("/bills").status_code == 200
        assert payments.said[0].client_body == "mihon_to"  # type: ignore[attr-defined]


def test_the_database_keeps_no_key() -> None:
    secret, _ = new_key()
    rows = room.cluster.execute_sql("SELECT row_to_json(api_key)::text FROM client_desk.api_key")
    assert secret not in rows[0][0]
    assert secret[8:40] not in rows[0][0]
    lines = room.cluster.execute_sql("SELECT facts::text FROM evidence.line")
    assert not any(secret[8:40] in line[0] for line in lines)


@pytest.mark.parametrize("role", ["viewer", "clerk", "approver"])
def test_nobody_else_makes_keys(role: str) -> None:
    visitor = signed_in(roles=(role,))
    assert visitor.get("/keys").status_code == 403
    assert visitor.post("/keys", typed()).status_code == 403
    enter_body("mihon_to")
    assert not ApiKey.objects.count()


def test_a_stolen_visit_makes_no_key() -> None:
    visitor = administrator()
    assert visitor.post("/keys", typed(code="000000")).status_code == 403
    # A code that was good once is good no more.
    good = typed()
    assert visitor.post("/keys", good).status_code == 201
    assert visitor.post("/keys", good | {"key_name": "other"}).status_code == 403
    enter_body("mihon_to")
    assert ApiKey.objects.count() == 1


def test_staff_of_another_body_see_and_end_nothing() -> None:
    _, key_id = new_key("mihon_to")
    visitor = administrator("jiro", "mihon_kiko")
    assert visitor.get(f"/keys/{key_id}").status_code == 404
    code = code_at(factor_of("jiro", "mihon_kiko"), later(1))
    assert visitor.post(f"/keys/{key_id}/revoke", {"code": code}).status_code == 404
    enter_body("mihon_to")
    assert ApiKey.objects.get().revoked_at is None


def test_a_revoked_key_opens_nothing_at_once() -> None:
    secret, key_id = new_key()
    visitor = administrator()
    code = code_at(factor_of("hanako", "mihon_to"), later(1))
    with at_work(secret) as (machine, _):
        assert machine.get("/bills").status_code == 200
        assert visitor.post(f"/keys/{key_id}/revoke", {"code": code}).status_code == 302
        refused = machine.get("/bills")
    assert refused.status_code == 401
    assert refused.json()["code"] == "key_not_good"
    assert evidence_kinds()[-1] == "client_desk.key_revoked"


def test_a_replaced_key_works_beside_the_new_one_for_the_overlap() -> None:
    moment = now()
    former, key_id = new_key(scopes=("bills:read",))
    enter_body("mihon_to")
    newer, key = rotate_key(
        client_body="mihon_to", key_id=key_id, overlap_hours=24, by="hanako", now=moment
    )
    assert key.scopes == ["bills:read"]
    during, after = moment + timedelta(hours=23), moment + timedelta(hours=25)
    assert [admit(former, during), admit(newer, during)].count(None) == 0
    assert admit(former, after) is None
    assert admit(newer, after) is not None
    enter_body("mihon_to")
    with pytest.raises(KeyRefused, match="took its place"):
        rotate_key(client_body="mihon_to", key_id=key_id, overlap_hours=1, by="x", now=moment)


def test_a_leaked_key_is_replaced_without_overlap_on_the_page() -> None:
    former, key_id = new_key()
    visitor = administrator()
    code = code_at(factor_of("hanako", "mihon_to"), later(1))
    page = visitor.post(f"/keys/{key_id}/rotate", {"overlap": "0", "code": code})
    assert page.status_code == 201
    assert admit(former, now()) is None
    assert admit(secret_on(page), now()) is not None
    assert "client_desk.key_rotated" in evidence_kinds()


def test_a_key_ends_by_itself() -> None:
    begun = now()
    secret, _ = new_key(days=30, moment=begun)
    assert admit(secret, begun + timedelta(days=29)) is not None
    assert admit(secret, begun + timedelta(days=31)) is None


def make(moment: datetime, **changes: Any) -> tuple[str, ApiKey]:
    facts: dict[str, Any] = {"client_body": "mihon_to", "live": True, "scopes": ["bills:read"]}
    facts["name"] = f"books {ApiKey.objects.count()}"
    return make_key(**(facts | {"days": 1, "by": "hanako", "now": moment} | changes))


def test_only_so_many_keys_work_at_once() -> None:
    moment = now()
    enter_body("mihon_to")
    made = [make(moment)[1] for _ in range(rules.MAX_KEYS_PER_BODY)]
    with pytest.raises(KeyRefused, match="at most"):
        make(moment)
    with pytest.raises(KeyRefused, match="at most"):
        rotate_key(
            client_body="mihon_to",
            key_id=made[0].key_id,
            overlap_hours=1,
            by="hanako",
            now=moment,
        )
    revoke_key(client_body="mihon_to", key_id=made[0].key_id, by="hanako", now=moment)
    make(moment)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"name": " "}, "name_wrong"),
        ({"name": "x" * 61}, "name_wrong"),
        ({"name": "a\nb"}, "name_wrong"),
        ({"days": 0}, "expiry_wrong"),
        ({"days": rules.MAX_EXPIRY_DAYS + 1}, "expiry_wrong"),
        ({"scopes": []}, "scope_missing"),
        ({"scopes": ["bills:read", "keys:write"]}, "scope_unknown"),
    ],
)
def test_what_no_key_can_be(changes: dict[str, Any], code: str) -> None:
    enter_body("mihon_to")
    with pytest.raises(KeyRefused) as refused:
        make(now(), **changes)
    assert refused.value.code == code
    assert not ApiKey.objects.exists()


def test_the_key_of_one_body_never_acts_for_another() -> None:
    secret, _ = new_key("mihon_kiko")
    holder = admit(secret, now())
    assert holder is not None
    assert holder.client_body == "mihon_kiko"
    # The rows of the other body stay hidden while its request is answered.
    new_key("mihon_to")
    admit(secret, now())
    assert {key.client_body for key in ApiKey.objects.all()} == {"mihon_kiko"}


def test_a_test_key_acts_on_the_twin() -> None:
    secret, _ = new_key(live=False)
    assert secret.startswith("sk_test_")
    with at_work(secret) as (machine, payments):
        live = payments.add_payment("mihon_to")
        assert machine.get(f"/payments/{live.payment_id}").status_code == 404
        assert payments.said[0].client_body == "mihon_to_test"  # type: ignore[attr-defined]


def document_operations() -> list[tuple[str, str, str]]:
    """Every operation: method, path with places filled in, and the scope that it needs."""
    from sekisho.client_desk.api.frame import document

    found = []
    for path, methods in document()["paths"].items():
        for method, operation in methods.items():
            filled = re.sub(r"\{(\w+)\}", lambda m: PLACES[m[1]], path)
            found.append((method, filled.removeprefix(ROOT), operation["security"][0]["ApiKey"][0]))
    return found


PLACES = {
    "bill_id": "bill_" + "0" * 26,
    "link_id": "link_" + "0" * 26,
    "payment_id": "pay_" + "0" * 26,
    "refund_id": "rfd_" + "0" * 26,
    "case_number": "CB-1",
    "day": "2026-11-20",
    "delivery_id": "delivery_" + "0" * 26,
    "endpoint_id": "hook_" + "0" * 26,
    "enrolment_id": "enrol_" + "0" * 26,
    "event_id": "event_" + "0" * 32,
    "payout_id": "payout_" + "0" * 26,
    "run_id": "crun_" + "0" * 26,
}


def test_a_stolen_key_that_only_reads_payments_does_nothing_else() -> None:
    with at_work(scopes=("payments:read",)) as (machine, payments):
        for method, path, scope in document_operations():
            if scope == "payments:read":
                continue
            answer = machine.post(path, {}) if method == "post" else machine.get(path)
            assert (answer.status_code, answer.json()["code"]) in (
                (403, "scope_needed"),
                (404, "path_unknown"),
            ), path
        assert not payments.said


def test_every_operation_needs_a_key_and_a_scope_that_exists() -> None:
    keyless = Machine("")
    keyless.headers = {}
    for method, path, scope in document_operations():
        assert scope in SCOPES
        answer = keyless.post(path, {}) if method == "post" else keyless.get(path)
        assert answer.status_code == 401, path
        assert answer.json()["code"] == "key_missing"
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer ", "Bearer x", "Basic c2s6c2s=", "Bearer sk_live_" + "A" * 43],
)
def test_what_is_no_key_opens_nothing(header: str) -> None:
    machine = Machine("")
    machine.headers = {"authorization": header}
    assert machine.get("/bills").status_code == 401


def test_the_portal_s_cookie_opens_no_api_and_the_api_sets_none() -> None:
    visitor = administrator()
    answer = visitor.get(ROOT + "/bills")
    assert answer.status_code == 401
    assert not answer.cookies
    assert visitor.cookies
    assert not answer.wsgi_request.COOKIES
    with at_work() as (machine, _):
        assert not machine.get("/bills").cookies


def test_a_key_opens_no_page() -> None:
    secret, _ = new_key()
    answer = Client().get(
        "/keys", headers={"authorization": f"Bearer {secret}", "host": "localhost:7004"}
    )
    assert answer.headers["Location"] == "/sign-in"


def test_a_key_s_last_use_is_kept() -> None:
    moment = now()
    secret, _ = new_key()
    admit(secret, moment)
    enter_body("mihon_to")
    assert ApiKey.objects.get().used_at == moment


def test_each_key_has_its_own_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr(limit_keys, "buckets", limit_keys.Buckets(lambda: clock[0]))
    hasty, calm = new_key()[0], new_key()[0]
    with at_work(hasty) as (machine, _):
        answers = [machine.get("/refunds") for _ in range(limits.READS_BURST + 1)]
        assert [answer.status_code for answer in answers[-2:]] == [200, 429]
        refused = answers[-1]
        assert refused.json()["code"] == "too_many_requests"
        assert refused.headers["Retry-After"] == "1"
        assert refused.headers["RateLimit"] == '"reads";r=0;t=4'
        assert Machine(calm).get("/refunds").status_code == 200
        # What is written has a bucket of its own, and tokens come back.
        assert machine.post("/bills", BILL).status_code == 200
        clock[0] += 1.0
        assert machine.get("/refunds").status_code == 200


# --- from the terminal ---

MAKE = MakeApiKey(
    client_body="mihon_to", live=True, name="books", scopes=["bills:read"], days=30, by="root"
)


def said(message: Any) -> Any:
    """What the desk's doors answer the terminal."""
    answer = make_doors(desk).answer(TERMINAL, message)
    if hasattr(answer, "code"):
        return answer
    return msgspec.msgpack.decode(bytes(answer.body), type=message.reply)  # type: ignore[union-attr]


def test_an_order_for_a_key_said_again_makes_no_other() -> None:
    made = said(MAKE)
    assert admit(made.secret, now()) is not None
    assert said(MAKE).code == "name_taken"
    assert len(said(ListApiKeys(client_body="mihon_to")).keys) == 1
    line = room.cluster.execute_sql("SELECT facts FROM evidence.line ORDER BY id DESC LIMIT 1")
    assert "terminal root" in str(line[0][0])


def test_a_replaced_key_is_not_replaced_twice() -> None:
    made = said(MAKE)
    rotate_it = RotateApiKey(
        client_body="mihon_to", key_id=made.key.key_id, overlap_hours=24, by="root"
    )
    newer = said(rotate_it)
    assert said(rotate_it).code == "key_replaced"
    assert [admit(one.secret, now()) for one in (made, newer)].count(None) == 0


def test_the_terminal_s_word_ends_a_key_once() -> None:
    made = said(MAKE)
    revoke_it = RevokeApiKey(client_body="mihon_to", key_id=made.key.key_id, by="root")
    assert said(revoke_it).state == said(revoke_it).state == "revoked"
    assert admit(made.secret, now()) is None
    assert evidence_kinds().count("client_desk.key_revoked") == 1


def test_no_key_for_a_body_that_is_none() -> None:
    for message in (MAKE, ListApiKeys(client_body="mihon_to")):
        other = msgspec.structs.replace(message, client_body="mihon_to_test")
        assert said(other).code == "client_body_unknown"
