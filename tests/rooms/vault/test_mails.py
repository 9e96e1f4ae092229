"""Mails carry what was paid to an address that nobody but the vault sees."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from sekisho.crossings.message import Refusal
from sekisho.crossings.vault import SendMail
from sekisho.transport.outbox import Outbox
from sekisho.vault import deliver_mail
from sekisho.vault.deliver_mail import deliver
from sekisho.vault.errors import MailUndeliverable
from sekisho.vault.forget import forget_subject
from sekisho.vault.jobs import DeliverMail
from sekisho.vault.limits import MAIL_TRIES
from sekisho.vault.opened import MailSettings, SiteWords
from sekisho.vault.records.models import MailOutgoing
from sekisho.vault.records.visibility import visible_to
from sekisho.vault.send_mail import deliver_ordered, order_mail
from sekisho.vault.watch import check_keystore, check_mails
from sekisho.vault.write_mail import TEXTS, fill_in
from sekisho.vocabulary.clock import now
from tests.rooms.open_room import Room
from tests.rooms.vault.neighbours import BODY, NUMBER, OTHER_BODY, Neighbours
from tests.rooms.vault.test_store_items import store

RECEIPT: dict[str, str | int] = {
    "reference": "7K3M-9QXD-2F4H-T",
    "item": "固定資産税",
    "term": "第2期",
    "amount_yen": 12_000,
    "fee_yen": 143,
    "total_yen": 12_143,
    "paid_at": "2026-11-23T03:04:05+00:00",
    "card": "Visa **** 1111",
    "contact": "見本都 お問い合わせ窓口 0120-000-000",
}


def order(place: Neighbours, token: str, **changes: Any) -> None:
    message = SendMail(
        **{
            "key": "payment_receipt:pay_1",
            "token": token,
            "client_body": BODY,
            "template": "payment_receipt",
            "language": "ja",
            "facts": RECEIPT,
            **changes,
        }
    )
    order_mail(message, now())


def address(place: Neighbours, **more: str) -> str:
    return store(place, {"email": "taro@example.jp", **more}).tokens["email"]


def deliver_all(place: Neighbours) -> int:
    own = {DeliverMail: lambda job: deliver_ordered(place.vault, job, now())}
    with connection.cursor() as cursor:
        cursor.execute("UPDATE outbox SET due_at = now()")
    return Outbox(own=own).deliver_due()


def mails(place: Neighbours) -> list[EmailMessage]:
    files = sorted((place.folder / "mail").glob("*.eml"))
    return [message_from_bytes(file.read_bytes(), policy=default) for file in files]  # type: ignore[misc]


def test_a_receipt_says_what_was_paid(place: Neighbours, room: Room) -> None:
    order(place, address(place))
    assert mails(place) == []
    deliver_all(place)
    (mail,) = mails(place)
    assert mail["To"] == "taro@example.jp"
    assert "7K3M-9QXD-2F4H-T" in mail["Subject"]
    body = mail.get_content()
    for words in (
        "固定資産税",
        "第2期",
        "12,000円",
        "143円",
        "12,143円",
        "2026年11月23日 12:04",
        "領収証書（領収書）は発行されません",
        "0120-000-000",
    ):
        assert words in body
    assert "年度" not in body
    assert "{" not in body
    assert mail["Content-Language"] == "ja"
    assert mail["Auto-Submitted"] == "auto-generated"
    (line,) = room.cluster.execute_sql(
        "SELECT facts FROM evidence.line WHERE kind = 'vault.address_released'"
    )
    assert "taro" not in line[0]
    assert check_mails() == "" == check_keystore()


def test_a_known_site_is_named_with_whom_to_ask(place: Neighbours) -> None:
    words = SiteWords(
        name={"ja": "見本都 都税サイト", "en": "Mihon tax site"},
        payee={"ja": "見本都", "en": "Mihon Metropolis"},
        contact={"ja": "窓口 0120-000-000 (毎日)", "en": "help line 0120-000-000 (every day)"},
    )
    mail = replace(place.vault.mail, sites={"metropolitan_tax": words})
    place.change(mail=mail)
    facts = {name: value for name, value in RECEIPT.items() if name != "contact"}
    token = address(place)
    order(place, token, facts={**facts, "site": "metropolitan_tax", "card": "visa **** 1111"})
    order(place, token, facts={**facts, "site": "elsewhere"}, key="k2")
    deliver_all(place)
    known, unknown = sorted((mail.get_content() for mail in mails(place)), key=len, reverse=True)
    for said in ("見本都 都税サイト をご利用", "窓口 0120-000-000 (毎日)", "Visa **** 1111"):
        assert said in known
    assert "elsewhere" not in unknown
    assert "ご利用いただき" not in unknown


def test_a_mail_is_sent_once(place: Neighbours) -> None:
    token = address(place)
    for _ in range(3):
        order(place, token)
    deliver_all(place)
    assert deliver_all(place) == 0
    order(place, token)
    deliver_ordered(place.vault, DeliverMail(client_body=BODY, key="payment_receipt:pay_1"), now())
    assert len(mails(place)) == 1
    with pytest.raises(Refusal) as caught:
        order(place, token, template="payment_failed")
    assert caught.value.code == "key_reused"


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize(
    "template", ["payment_receipt", "payment_failed", "enrolment_done", "refund_done"]
)
def test_every_text_is_whole_with_few_facts_and_with_all(template: str, language: str) -> None:
    few = {name: value for name, value in RECEIPT.items() if name in _needed(template)}
    for facts in (few, {**RECEIPT, "reason": "x", "unknown_fact": "x"}):
        subject, body = fill_in(template, language, facts)
        assert "7K3M-9QXD-2F4H-T" in subject
        assert "{" not in subject + body
        assert "\n\n\n" not in body
    assert {file.name for file in (TEXTS / "ja").iterdir()} == {
        file.name for file in (TEXTS / "en").iterdir()
    }


def _needed(template: str) -> tuple[str, ...]:
    from sekisho.vault.write_mail import REQUIRED_FACTS

    return REQUIRED_FACTS[template]


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"total_yen": "12,143"}, "total_yen"),
        ({"total_yen": -1}, "total_yen"),
        ({"item": "visit https://lure.example"}, "item"),
        ({"item": "visit ｈｔｔｐ：／／lure.example"}, "item"),
        ({"item": "www.lure.example"}, "item"),
        ({"item": "write to a@lure.example"}, "item"),
        ({"item": "x\r\nBcc: a"}, "item"),
        ({"item": "x" * 301}, "item"),
        ({"card": f"Visa {NUMBER}"}, "card"),
        ({"Bad-Name": "x"}, "facts"),
        ({f"fact_{letter}": "x" for letter in "abcdefghijklmnopqrstuvwxyz"}, "facts"),
    ],
)
def test_facts_that_could_mislead_are_refused(
    place: Neighbours, facts: dict[str, str | int], field: str
) -> None:
    with pytest.raises(Refusal) as caught:
        order(place, address(place), facts={**RECEIPT, **facts})
    assert (caught.value.code, caught.value.field) == ("message_invalid", f"facts.{field}")
    for value in facts.values():
        assert str(value) not in str(caught.value) or len(str(value)) < 3


def test_a_missing_fact_is_named(place: Neighbours) -> None:
    with pytest.raises(Refusal) as caught:
        order(place, address(place), facts={"reference": "x"})
    assert caught.value.field == "facts.item"


def test_only_a_bodys_own_mail_address_is_written_to(place: Neighbours) -> None:
    stored = store(place, {"email": "taro@example.jp", "phone": "03-0000-0000"})
    for changes in (
        {"token": stored.tokens["phone"]},
        {"token": "itm_none"},
        {"client_body": OTHER_BODY},
    ):
        with pytest.raises(Refusal) as caught:
            order(place, **{"token": stored.tokens["email"], **changes})
        assert caught.value.code == "token_unknown"


def test_a_mail_that_cannot_go_out_waits_and_goes_later(place: Neighbours) -> None:
    order(place, address(place))
    folder = place.folder / "mail"
    folder.rmdir()
    deliver_all(place)
    folder.mkdir()
    assert mails(place) == []
    deliver_all(place)
    assert len(mails(place)) == 1


def test_tries_are_bounded_and_a_person_is_told(place: Neighbours, room: Room) -> None:
    order(place, address(place))
    (place.folder / "mail").rmdir()
    for _ in range(MAIL_TRIES):
        assert deliver_all(place) == 1
    assert deliver_all(place) == 0
    assert "1 mails" in check_mails()
    told = room.cluster.execute_sql(
        "SELECT count(*) FROM evidence.line WHERE kind IN"
        " ('vault.address_released', 'vault.mail_failed')"
    )
    assert told == [(MAIL_TRIES + 1,)]


def test_a_forgotten_address_gets_no_mail(place: Neighbours) -> None:
    stored = store(place, {"email": "taro@example.jp"})
    order(place, stored.tokens["email"])
    with visible_to(BODY):
        forget_subject(stored.subject, now())
    deliver_all(place)
    assert mails(place) == []
    with visible_to(BODY):
        assert MailOutgoing.objects.get().state == "failed"


def test_no_half_mail_is_ever_seen(place: Neighbours, monkeypatch: pytest.MonkeyPatch) -> None:
    order(place, address(place))

    def cut_off(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", cut_off)
        deliver_all(place)
    assert mails(place) == []


class FakeHost:
    """Stands for an SMTP host; keeps what it was told."""

    told: list[Any] = []
    fails: Exception | None = None

    def __init__(self, host: str, port: int, timeout: float) -> None:
        self.told.append((host, port))
        if self.fails:
            raise self.fails

    def __enter__(self) -> FakeHost:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def starttls(self, context: Any) -> None:
        self.told.append("tls")

    def login(self, user: str, password: str) -> None:
        self.told.append((user, password))

    def send_message(self, mail: EmailMessage) -> None:
        self.told.append(mail.as_bytes())
        assert "本文" in mail.get_content()


def test_a_mail_goes_to_a_host_over_tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deliver_mail.smtplib, "SMTP", FakeHost)
    password = tmp_path / "password"
    password.write_text("secret\n")
    settings = MailSettings(
        folder=None,
        smtp_host="mail.example",
        smtp_port=587,
        smtp_user="sekisho",
        smtp_password_file=password,
    )
    mail = EmailMessage()
    mail["To"] = "taro@example.jp"
    mail.set_content("本文", cte="8bit")
    deliver(settings, mail, "key")
    assert FakeHost.told[:3] == [("mail.example", 587), "tls", ("sekisho", "secret")]
    assert FakeHost.told[3].isascii()
    FakeHost.fails = OSError("taro@example.jp")
    with pytest.raises(MailUndeliverable) as caught:
        deliver(settings, mail, "key")
    assert "taro" not in str(caught.value)
    FakeHost.fails = None


def test_dates_are_shown_in_tokyo() -> None:
    at = now() + timedelta(0)
    _, body = fill_in("enrolment_done", "en", {"reference": "x", "applied_on": "2026-11-23"})
    assert "23 November 2026" in body
    month = {"reference": "x", "first_charge_month": "2027-07", "joined_month": "7"}
    assert "First charge: July 2027" in fill_in("enrolment_done", "en", month)[1]
    body = fill_in("enrolment_done", "ja", month)[1]
    assert "最初のお支払い月：2027年7月" in body
    assert "加入月：7月" in body
    _, body = fill_in("enrolment_done", "en", {"reference": "x", "applied_on": "2026-11-23"})
    _, body = fill_in("payment_receipt", "en", {**RECEIPT, "paid_at": "2026-11-22T15:30:00+00:00"})
    assert "23 November 2026, 00:30 (Japan time)" in body
    _, body = fill_in("payment_receipt", "ja", {**RECEIPT, "paid_at": "2026-11-23 11:24"})
    assert "2026年11月23日 11:24" in body
    _, body = fill_in("payment_receipt", "ja", {**RECEIPT, "paid_at": "soon"})
    assert "soon" in body
    assert at.tzinfo is not None
