"""Coming in: invited once, password and code, locked out, signed out, never another's rows."""

import pytest
from django.db import DatabaseError, transaction

from sekisho.client_desk.doors import make_doors
from sekisho.client_desk.records.models import Person, Upload, Visit
from sekisho.client_desk.records.scope import enter_body
from sekisho.crossings.client_desk import InviteStaff
from sekisho.sign_in.second_factor import code_at
from sekisho.vocabulary.clock import now
from tests.rooms.client_desk.conftest import room
from tests.rooms.client_desk.staff import (
    PASSWORD,
    TERMINAL,
    accept,
    browser,
    desk,
    evidence_kinds,
    factor_of,
    invite,
    later,
    open_the_desk,
    signed_in,
)

pytestmark = pytest.mark.usefixtures("clean")

TYPED = {"client_body": "mihon_to", "name": "hanako", "password": PASSWORD}


def test_an_invited_person_signs_in_and_out() -> None:
    visitor = signed_in()
    assert "見本都" in visitor.get("/").content.decode()
    assert visitor.post("/sign-out").headers["Location"] == "/sign-in"
    assert visitor.get("/").headers["Location"] == "/sign-in"
    assert evidence_kinds() == [
        "client_desk.person_invited",
        "client_desk.person_active",
        "client_desk.signed_in",
        "client_desk.signed_out",
    ]


def test_an_invitation_works_once() -> None:
    link = invite()
    accept(link)
    assert browser().get(link).status_code == 410
    assert browser().post(link, {"password": PASSWORD, "again": PASSWORD}).status_code == 410


def test_a_new_invitation_makes_the_earlier_link_worthless() -> None:
    earlier = invite()
    later_link = invite()
    assert browser().get(earlier).status_code == 410
    assert browser().get(later_link).status_code == 200


def test_an_invitation_shown_for_another_body_is_none() -> None:
    link = invite().replace("mihon_to", "mihon_kiko")
    assert browser().get(link).status_code == 410


@pytest.mark.parametrize(
    ("password", "again"),
    [
        ("short1", "short1"),
        ("onlyletterslong", "onlyletterslong"),
        ("aaaaaaaaaaaa1", "aaaaaaaaaaaa2"),
        ("hanako-2026-spring", "hanako-2026-spring"),
        ("password123456", "password123456"),
        ("1111111111111", "1111111111111"),
    ],
)
def test_a_weak_password_is_refused_with_the_reason(password: str, again: str) -> None:
    answer = browser().post(invite(), {"password": password, "again": again})
    assert answer.status_code == 400
    assert "field__error" in answer.content.decode()


def test_an_invitation_is_not_used_up_by_a_wrong_code() -> None:
    link = invite()
    visitor = browser()
    visitor.post(link, {"password": PASSWORD, "again": PASSWORD})
    right = code_at(factor_of("hanako", "mihon_to"), now())
    wrong = f"{(int(right) + 1) % 1_000_000:06d}"
    assert visitor.post(link + "/code", {"code": wrong}).status_code in (403, 302)
    enter_body("mihon_to")
    assert browser().post("/sign-in", TYPED).status_code == 403
    assert visitor.post(link + "/code", {"code": right}).status_code == 302


def test_the_password_alone_opens_nothing() -> None:
    accept(invite())
    visitor = browser()
    assert visitor.post("/sign-in", TYPED).headers["Location"] == "/sign-in/code"
    assert visitor.get("/").headers["Location"] == "/sign-in"
    assert visitor.get("/files").headers["Location"] == "/sign-in"


def test_a_code_is_good_once() -> None:
    accept(invite())
    code = code_at(factor_of("hanako", "mihon_to"), now())
    first, second = browser(), browser()
    first.post("/sign-in", TYPED)
    second.post("/sign-in", TYPED)
    assert first.post("/sign-in/code", {"code": code}).status_code == 302
    assert second.post("/sign-in/code", {"code": code}).status_code == 403


@pytest.mark.parametrize(
    "changes",
    [
        {"password": "wrong"},
        {"name": "taro"},
        {"client_body": "mihon_kiko"},
        {"client_body": "no_such_body"},
        {"client_body": "'; DROP TABLE person"},
        {"name": "' OR 1=1 --"},
        {"password": ""},
        {"name": "x" * 500},
    ],
)
def test_every_wrong_try_looks_the_same(changes: dict[str, str]) -> None:
    accept(invite())
    answer = browser().post("/sign-in", TYPED | changes)
    assert answer.status_code == 403
    assert "サインインできませんでした" in answer.content.decode()


def test_six_wrong_tries_lock_the_account_for_the_right_password_too() -> None:
    accept(invite())
    for _ in range(6):
        assert browser().post("/sign-in", TYPED | {"password": "wrong"}).status_code == 403
    assert browser().post("/sign-in", TYPED).status_code == 403
    assert evidence_kinds().count("client_desk.sign_in_refused") == 7
    enter_body("mihon_to")
    locked_until = Person.objects.get().locked_until
    assert locked_until is not None
    assert 29 * 60 < (locked_until - now()).total_seconds() <= 30 * 60
    Person.objects.update(locked_until=later(-1))
    assert browser().post("/sign-in", TYPED).status_code == 302


def test_wrong_codes_count_as_wrong_tries() -> None:
    accept(invite())
    for _ in range(6):
        visitor = browser()
        visitor.post("/sign-in", TYPED)
        assert visitor.post("/sign-in/code", {"code": "000000"}).status_code == 403
    assert browser().post("/sign-in", TYPED).status_code == 403


def test_a_visit_ends_when_it_is_idle_or_the_person_is_ended() -> None:
    visitor = signed_in()
    enter_body("mihon_to")
    Visit.objects.update(seen_at=later(-31))
    assert visitor.get("/").headers["Location"] == "/sign-in"


def test_an_ended_person_is_out_at_once() -> None:
    visitor = signed_in()
    enter_body("mihon_to")
    Person.objects.update(ended_at=now())
    assert visitor.get("/").headers["Location"] == "/sign-in"
    assert browser().post("/sign-in", TYPED).status_code == 403


def test_one_person_has_three_visits_at_most() -> None:
    first = signed_in()
    for _ in range(3):
        browser().post("/sign-in", TYPED)
    assert first.get("/").headers["Location"] == "/sign-in"


def test_a_viewer_may_look_but_not_hand_in() -> None:
    visitor = signed_in(roles=("viewer",))
    assert visitor.get("/files").status_code == 200
    assert visitor.post("/files/begin", {"kind": "bills"}).status_code == 403


def test_a_form_from_elsewhere_is_refused() -> None:
    visitor = browser(csrf=True)
    assert visitor.post("/sign-in", TYPED).status_code == 403


def test_somebody_who_signed_up_is_not_invited_again() -> None:
    accept(invite())
    message = InviteStaff(client_body="mihon_to", name="hanako", roles=["administrator"])
    answer = make_doors(desk).answer(TERMINAL, message)
    assert getattr(answer, "code", "") == "name_taken"
    for name, body, code in (
        ("Not A Name", "mihon_to", "name_invalid"),
        ("hanako", "nobody", "client_body_unknown"),
    ):
        message = InviteStaff(client_body=body, name=name, roles=["clerk"])
        assert getattr(make_doors(desk).answer(TERMINAL, message), "code", "") == code


def test_the_database_shows_no_other_bodys_rows_and_takes_none() -> None:
    signed_in()
    for body in ("", "mihon_kiko"):
        enter_body(body)
        assert not Person.objects.exists()
        assert not Visit.objects.exists()
        assert Person.objects.update(ended_at=now()) == 0
    with pytest.raises(DatabaseError), transaction.atomic():
        Upload.objects.create(
            client_body="mihon_to",
            person_name="x",
            kind="bills",
            file_name="x",
            size_bytes=1,
            begun_at=now(),
            moved_at=now(),
        )
    enter_body("mihon_to")
    with pytest.raises(DatabaseError), transaction.atomic():
        Person.objects.all().delete()


def test_after_an_answer_nobodys_rows_are_shown() -> None:
    signed_in().get("/")
    assert not Person.objects.exists()


def test_secrets_lie_nowhere_in_clear() -> None:
    link = invite()
    accept(link)
    secret = factor_of("hanako", "mihon_to")
    rows = room.cluster.execute_sql(
        "SELECT string_agg(p::text, ' ') || (SELECT string_agg(i::text, ' ')"
        " FROM client_desk.invitation i) FROM client_desk.person p"
    )
    text = rows[0][0]
    assert "scrypt$" in text
    for kept_away in (secret.hex(), PASSWORD, link.rsplit("/", 1)[1]):
        assert kept_away not in text


def test_words_are_shown_in_the_language_asked_for() -> None:
    visitor = browser()
    assert "Sign in" in visitor.get("/sign-in?lang=en").content.decode()
    assert "Sign in" in visitor.get("/sign-in").content.decode()
    assert "サインイン" in visitor.get("/sign-in?lang=ja").content.decode()


def test_a_second_life_of_the_desk_knows_its_people() -> None:
    accept(invite())
    again = open_the_desk()
    assert again.sign_in.gate.keeper.open(
        desk.sign_in.gate.keeper.seal(b"x" * 20, "somebody"), "somebody"
    )
