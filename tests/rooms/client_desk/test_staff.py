"""Staff: invited, given roles, ended; second factors made anew by two; visits; passkeys."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.test import Client

from sekisho.client_desk.doors import make_doors
from sekisho.client_desk.records.models import Passkey, Person, Visit
from sekisho.client_desk.records.portal_models import FactorReset
from sekisho.client_desk.records.scope import enter_body
from sekisho.crossings.client_desk import MakeFactorAnew
from sekisho.sign_in.second_factor import code_at
from sekisho.vocabulary.clock import now
from tests.rooms.client_desk.staff import (
    ADDRESS,
    PASSWORD,
    TERMINAL,
    accept,
    browser,
    desk,
    evidence_kinds,
    factor_of,
    signed_in,
)
from tests.rooms.sign_in.authenticator import Device

pytestmark = pytest.mark.usefixtures("clean")


def fresh(name: str, client_body: str = "mihon_to") -> str:
    """A code that the person's app shows and that counts: earlier ones are forgotten."""
    secret = factor_of(name, client_body)
    enter_body(client_body)
    Person.objects.filter(name=name).update(factor_step=0)
    enter_body("")
    return code_at(secret, now())


def person(name: str, client_body: str = "mihon_to") -> Person:
    enter_body(client_body)
    found = Person.objects.get(name=name)
    enter_body("")
    return found


def act(visitor: Client, name: str, deed: str, by: str = "kanri", **typed: Any) -> Any:
    page = f"/staff/{person(name).person_id}/{deed}"
    return visitor.post(page + "?lang=en", {"code": fresh(by), **typed})


def administrator(name: str = "kanri") -> Client:
    return signed_in(name, roles=("administrator",))


# --- inviting and roles ---------------------------------------------------------------------


def test_an_administrator_invites_and_the_link_is_shown_once() -> None:
    visitor = administrator()
    typed = {"name": "Hanako", "roles": ["clerk", "approver"], "code": fresh("kanri")}
    page = visitor.post("/staff/invite", typed).content.decode()
    link = re.search(r"http://localhost:7004(/invitation/mihon_to/[\w-]+)", page)
    assert link
    assert link[1] not in visitor.get("/staff").content.decode()
    accept(link[1])
    hanako = person("hanako")
    assert hanako.roles == ["clerk", "approver"]
    assert hanako.roles_given_by == person("kanri").person_id
    assert "client_desk.person_invited" in evidence_kinds()


def test_a_stolen_visit_makes_nobody_an_administrator() -> None:
    visitor = administrator()
    used = code_at(factor_of("kanri", "mihon_to"), now())
    for code in ("", used, "000000"):
        typed = {"name": "thief", "roles": ["administrator"], "code": code}
        assert visitor.post("/staff/invite", typed).status_code == 403
    enter_body("mihon_to")
    assert not Person.objects.filter(name="thief").exists()


def test_who_is_no_administrator_sees_and_does_nothing_of_it() -> None:
    administrator()
    clerk = signed_in(roles=("clerk", "approver", "viewer"))
    assert clerk.get("/staff").status_code == 403
    assert clerk.get("/staff/invite").status_code == 403
    typed = {"name": "thief", "roles": ["viewer"], "code": fresh("hanako")}
    assert clerk.post("/staff/invite", typed).status_code == 403
    for deed in ("roles", "end", "unlock", "reset"):
        answer = act(clerk, "hanako", deed, by="hanako", roles=["administrator"])
        assert answer.status_code == 403
    assert sorted(person("hanako").roles) == ["approver", "clerk", "viewer"]


def test_roles_are_given_to_others_never_to_oneself() -> None:
    visitor = administrator()
    signed_in(roles=("viewer",))
    assert act(visitor, "hanako", "roles", roles=["approver"]).status_code == 302
    assert person("hanako").roles == ["approver"]
    answer = act(visitor, "kanri", "roles", roles=["administrator", "approver"])
    assert answer.status_code == 409
    assert person("kanri").roles == ["administrator"]
    assert act(visitor, "hanako", "roles", roles=["owner"]).status_code == 400
    assert act(visitor, "hanako", "roles").status_code == 400


def test_an_ended_person_is_out_and_the_last_administrator_stays() -> None:
    visitor = administrator()
    hanako = signed_in()
    assert act(visitor, "hanako", "end").status_code == 302
    assert hanako.get("/").headers["Location"] == "/sign-in"
    answer = act(visitor, "kanri", "end")
    assert answer.status_code == 409
    assert "only administrator" in answer.content.decode()
    signed_in("kanri2", roles=("administrator",))
    assert act(visitor, "kanri", "end").status_code == 302
    assert visitor.get("/").headers["Location"] == "/sign-in"


def test_another_bodys_people_are_not_there() -> None:
    signed_in("taro", "mihon_kiko")
    visitor = administrator()
    taro = person("taro", "mihon_kiko")
    assert "taro" not in visitor.get("/staff").content.decode()
    assert visitor.get(f"/staff/{taro.person_id}").status_code == 404
    answer = visitor.post(f"/staff/{taro.person_id}/end", {"code": fresh("kanri")})
    assert answer.status_code == 404
    assert person("taro", "mihon_kiko").ended_at is None


def test_a_lock_is_shown_and_undone() -> None:
    visitor = administrator()
    signed_in()
    typed = {"client_body": "mihon_to", "name": "hanako", "password": "wrong"}
    for _ in range(6):
        browser().post("/sign-in", typed)
    page = visitor.get(f"/staff/{person('hanako').person_id}?lang=en").content.decode()
    assert "locked" in page
    assert "30 minutes" in page
    assert act(visitor, "hanako", "unlock").status_code == 302
    assert browser().post("/sign-in", typed | {"password": PASSWORD}).status_code == 302


# --- a second factor made anew --------------------------------------------------------------


def decide_reset(visitor: Client, by: str, decision: str = "approve") -> Any:
    enter_body("mihon_to")
    reset = FactorReset.objects.get()
    enter_body("")
    typed = {"decision": decision, "code": fresh(by)}
    return visitor.post(f"/staff/resets/{reset.reset_id}", typed)


def test_a_lost_factor_is_made_anew_by_two_administrators() -> None:
    first, second = administrator(), administrator("kanri2")
    hanako = signed_in()
    assert act(first, "hanako", "reset").status_code == 302
    assert hanako.get("/").status_code == 200
    assert decide_reset(first, "kanri").status_code == 409
    page = decide_reset(second, "kanri2").content.decode()
    link = re.search(r"http://localhost:7004(/invitation/mihon_to/[\w-]+)", page)
    assert link
    assert hanako.get("/").headers["Location"] == "/sign-in"
    typed = {"client_body": "mihon_to", "name": "hanako", "password": PASSWORD}
    assert browser().post("/sign-in", typed).status_code == 403
    accept(link[1])
    assert browser().post("/sign-in", typed).status_code == 302
    assert decide_reset(second, "kanri2").status_code == 409


def test_nobody_resets_alone_not_even_in_the_database() -> None:
    first = administrator()
    administrator("kanri2")
    signed_in()
    assert act(first, "kanri", "reset").status_code == 409
    assert act(first, "hanako", "reset").status_code == 302
    assert act(first, "hanako", "reset").status_code == 409
    enter_body("mihon_to")
    for who in (person("kanri"), person("hanako")):
        enter_body("mihon_to")
        with pytest.raises(DatabaseError), transaction.atomic():
            FactorReset.objects.update(state="done", decided_by=who.person_id)


def test_an_operator_makes_a_factor_anew_and_the_earlier_link_is_worthless() -> None:
    visitor = signed_in()
    doors = make_doors(desk)
    message = MakeFactorAnew(client_body="mihon_to", name="hanako")
    links = []
    for _ in range(2):
        body = bytes(doors.answer(TERMINAL, message).body)  # type: ignore[union-attr]
        found = re.search(rb"http://localhost:7004(/invitation/[\w/-]+)", body)
        assert found
        links.append(found[1].decode())
    assert visitor.get("/").headers["Location"] == "/sign-in"
    assert browser().get(links[0]).status_code == 410
    accept(links[1])
    for name, body_id in (("nobody", "mihon_to"), ("hanako", "mihon_kiko")):
        wrong = MakeFactorAnew(client_body=body_id, name=name)
        assert getattr(doors.answer(TERMINAL, wrong), "code", "") == "name_unknown"


# --- visits ---------------------------------------------------------------------------------


def test_visits_are_listed_and_ended() -> None:
    visitor = signed_in()
    other = browser()
    other.post("/sign-in", {"client_body": "mihon_to", "name": "hanako", "password": PASSWORD})
    other.post("/sign-in/code", {"code": fresh("hanako")})
    page = visitor.get("/account?lang=en").content.decode()
    assert "at most at once: 3" in page
    (visit,) = re.findall(r'name="visit" value="(visit_\w+)"', page)
    assert visitor.post("/account/visits/end", {"visit": visit}).status_code == 302
    assert other.get("/").headers["Location"] == "/sign-in"
    assert visitor.get("/").status_code == 200


def test_somebody_elses_visit_is_not_ended() -> None:
    visitor, other = signed_in(), signed_in("taro")
    enter_body("mihon_to")
    visit = Visit.objects.get(person_id=Person.objects.get(name="taro").person_id)
    enter_body("")
    visitor.post("/account/visits/end", {"visit": visit.visit_id})
    assert other.get("/").status_code == 200
    page = f"/staff/{person('taro').person_id}/visits/end"
    assert visitor.post(page, {"visit": visit.visit_id}).status_code == 403
    assert administrator().post(page, {"visit": visit.visit_id}).status_code == 302
    assert other.get("/").headers["Location"] == "/sign-in"


# --- passkeys -------------------------------------------------------------------------------


def options(page: Any, name: str) -> str:
    found = re.search(rf'data-{name}="([^"]*)"', page.content.decode())
    assert found, page.content.decode()
    return html.unescape(found[1])


def add_passkey(visitor: Client, device: Device, name: str = "hanako") -> Any:
    made = device.make(options(visitor.get("/account"), "options"))
    typed = {"passkey_name": "blue key", "made": made, "code": fresh(name)}
    return visitor.post("/account/passkeys", typed)


def half_signed_in(name: str = "hanako") -> Client:
    visitor = browser()
    visitor.post("/sign-in", {"client_body": "mihon_to", "name": name, "password": PASSWORD})
    return visitor


def test_a_passkey_signs_in_and_proves_an_act() -> None:
    device, visitor = Device(ADDRESS, counts=False), administrator()
    assert add_passkey(visitor, device, "kanri").status_code == 302
    other = half_signed_in("kanri")
    answer = device.prove(options(other.get("/sign-in/code"), "passkey"))
    typed = {"code": "", "assertion": answer}
    assert other.post("/sign-in/code", typed).headers["Location"] == "/"
    proof = device.prove(options(other.get("/staff/invite"), "passkey"))
    wish = {"name": "hanako", "roles": ["clerk"], "code": "", "assertion": proof}
    assert other.post("/staff/invite", wish).status_code == 200
    # A proof is good once, and only for the visit that it was asked of.
    assert other.post("/staff/invite", wish | {"name": "jiro"}).status_code == 403
    for_other = device.prove(options(other.get("/staff/invite"), "passkey"))
    stolen = {"name": "jiro", "roles": ["clerk"], "code": "", "assertion": for_other}
    assert visitor.post("/staff/invite", stolen).status_code == 403


def test_a_passkey_is_added_only_with_the_apps_code() -> None:
    visitor, device = signed_in(), Device(ADDRESS)
    made = device.make(options(visitor.get("/account"), "options"))
    typed = {"passkey_name": "thief's", "made": made, "code": "000000"}
    assert visitor.post("/account/passkeys", typed).status_code == 403
    enter_body("mihon_to")
    assert not Passkey.objects.exists()


def test_a_passkey_of_another_proves_nothing() -> None:
    theirs, own = Device(ADDRESS), Device(ADDRESS)
    add_passkey(signed_in("taro"), theirs, "taro")
    add_passkey(signed_in(), own)
    visitor = half_signed_in()
    asked = options(visitor.get("/sign-in/code"), "passkey")
    answer = visitor.post("/sign-in/code", {"code": "", "assertion": theirs.prove(asked)})
    assert answer.status_code == 403


def test_a_passkey_given_up_or_made_worthless_by_a_reset_proves_nothing() -> None:
    device, visitor = Device(ADDRESS), signed_in()
    add_passkey(visitor, device)
    enter_body("mihon_to")
    passkey = Passkey.objects.get()
    enter_body("")
    half = half_signed_in()
    asked = options(half.get("/sign-in/code"), "passkey")
    typed = {"passkey": passkey.passkey_id, "code": fresh("hanako")}
    assert visitor.post("/account/passkeys/give-up", typed).status_code == 302
    answer = half.post("/sign-in/code", {"code": "", "assertion": device.prove(asked)})
    assert answer.status_code == 403


def test_wrong_proofs_lock_the_account() -> None:
    visitor = signed_in()
    add_passkey(visitor, Device(ADDRESS))
    half = half_signed_in()
    for _ in range(6):
        half.post("/sign-in/code", {"code": "", "assertion": "AAAA"})
    assert person("hanako").locked_until is not None


def test_the_database_shows_no_other_bodys_passkeys_and_forgets_none() -> None:
    add_passkey(signed_in(), Device(ADDRESS))
    for body in ("", "mihon_kiko"):
        enter_body(body)
        assert not Passkey.objects.exists()
    enter_body("mihon_to")
    with pytest.raises(DatabaseError), transaction.atomic():
        Passkey.objects.all().delete()
    with pytest.raises(DatabaseError), transaction.atomic():
        Passkey.objects.update(public_key=b"x")
