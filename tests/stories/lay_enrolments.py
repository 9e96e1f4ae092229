"""Lays enrolments down quickly: real cards, sealed by the vault's own code under its own keys, in
its own tables; policies, enrolments and what payments knows of each card beside them.

Run as a program, as Django has one database a process: ``lay_enrolments.py DATA COUNT MONTH
FIRST``. Each holder has a card that the simulated issuer approves, but every
``DECLINED_EVERY``-th."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from sekisho.processes import django_settings
from sekisho.processes.cluster import Cluster
from sekisho.processes.roles import owner_login
from sekisho.processes.supervisor.data_folder import DataFolder
from sekisho.simulators import test_cards
from sekisho.transport.briefing import Briefing
from sekisho.vocabulary.clock import now

BODY, SITE = "mihon_kiko", "group_life_premium"
DECLINED_EVERY = 20
DECLINES = ("4000005100000000", "4000004100000003", "4000005400000007", "4000009100000002")
WITHOUT_MAIL_EVERY = 10
BATCH_ENROLMENTS = 500
PREMIUM_YEN = 12_000


def number_of(serial: int) -> str:
    """Return the card number of a holder."""
    if serial % DECLINED_EVERY == 0:
        return DECLINES[serial // DECLINED_EVERY % len(DECLINES)]
    return test_cards.load_number(serial)


def is_declined(serial: int) -> bool:
    """Whether the issuer says no to this holder."""
    return serial % DECLINED_EVERY == 0


def main(data: Path, count: int, month: str, number: int) -> None:
    """Lay ``count`` enrolments down, from ``number`` on, charged from ``month`` on."""
    folder = DataFolder(data)
    cluster = Cluster(folder.postgres, run_folder=folder.run / "pg", secrets_folder=folder.secrets)
    with owner_login(cluster, "vault") as owner:
        briefing = Briefing(
            process="vault",
            zone="vault",
            folder=str(folder.of("vault")),
            log_folder=str(folder.log_of("vault")),
            database=owner,
        )
        django_settings.set_up(django_settings.build(briefing, zone="vault"))
        for first in range(number, number + count, BATCH_ENROLMENTS):
            serials = range(first, min(number + count, first + BATCH_ENROLMENTS))
            rows = _into_vault(briefing, serials)
            _into_payments(cluster, rows, month)


def _into_vault(briefing: Briefing, serials: range) -> list[dict[str, Any]]:
    """Seal a card and a holder for each; return what payments is told of them."""
    from sekisho.vault.keyring import KEPT, Keyring
    from sekisho.vault.keys_folder import open_keys
    from sekisho.vault.records.models import Card, Item
    from sekisho.vault.records.visibility import visible_to
    from sekisho.vault.sealed_items import card_binding

    keys = open_keys(briefing.keys_folder)
    ring, moment, told = Keyring(keys), now(), []
    with visible_to(BODY):
        cards = ring.new_subjects(BODY, KEPT, moment, len(serials))
        holders = ring.new_subjects(BODY, KEPT, moment, len(serials))
        items, rows = [], []
        for serial, card, holder in zip(serials, cards, holders, strict=True):
            payment, number = f"pay_laid{serial:08d}", number_of(serial)
            token = f"card_laid{serial:08d}"
            bound = card_binding(payment, kept=True)
            clear = {"card_number": number, "card_expiry": "3512"}
            items += _sealed(ring, card, clear, bound, moment)
            typed = _sealed(ring, holder, _holder(serial), "", moment)
            items += typed
            mail = next((item.token for item in typed if item.kind == "email"), None)
            rows.append(
                Card(token=token, subject_id=card.row.token, client_body=BODY, payment_id=payment,
                     site=SITE, kept=True, entered_at=moment)
            )  # fmt: skip
            told.append(
                {
                    "serial": serial,
                    "card": token,
                    "check": payment,
                    "card_subject": card.row.token,
                    "subject": holder.row.token,
                    "mail": mail,
                    "last_four": number[-4:],
                    "bin": number[:8],
                }
            )
        Item.objects.bulk_create(items)
        Card.objects.bulk_create(rows)
    keys.close()
    return told


def _sealed(ring: Any, subject: Any, clear: dict[str, str], bound: str, moment: Any) -> list[Any]:
    """Seal each item as the vault does when it comes in."""
    from sekisho.vault.sealed_items import sealed_item

    made = []
    for kind, value in clear.items():
        if kind == "card_number":
            mark, version = ring.card_fingerprint(value), 1
        else:
            mark, version = ring.item_fingerprint(BODY, kind, value, moment)
        made.append(
            sealed_item(
                subject,
                kind,
                value,
                fingerprint=mark,
                fingerprint_key_version=version,
                now=moment,
                bound_to=bound,
            )
        )
    return made


def _holder(serial: int) -> dict[str, str]:
    """A person who is nobody."""
    person = {
        "name": f"見本 {serial}号",
        "postal_code": "1000001",
        "address": "東京都見本区見本町1-1",
    }
    if serial % WITHOUT_MAIL_EVERY:
        person["email"] = f"holder{serial}@example.com"
    return person


def _into_payments(cluster: Cluster, rows: list[dict[str, Any]], month: str) -> None:
    with cluster.superuser_connection() as db:
        db.execute("SET LOCAL search_path = payments")
        db.execute("SET LOCAL session_replication_role = replica")
        db.execute("INSERT INTO client_body (id) VALUES (%s) ON CONFLICT DO NOTHING", [BODY])
        many = db.cursor().executemany
        many(
            "INSERT INTO policy (id, client_body, policy_number, product_ja, product_en,"
            " yearly_premium_yen, joined_month, subject, date_of_birth_token)"
            f" VALUES ('policy_laid' || %(serial)s, '{BODY}', (70000000 + %(serial)s)::text,"
            f" '団体信用生命保険', 'Group credit life insurance', {PREMIUM_YEN}, {int(month[5:])},"
            " %(subject)s, 'none')",
            rows,
        )
        many(
            "INSERT INTO enrolment (id, client_body, site, policy_id, subject, card_token,"
            " applied_on, first_charge_month, status, email_token, brand, last_four, card_payment)"
            f" VALUES ('enrol_laid' || %(serial)s, '{BODY}', '{SITE}',"
            f" 'policy_laid' || %(serial)s, %(subject)s, %(card)s, '2025-01-06', '{month}',"
            " 'active', %(mail)s, 'visa', %(last_four)s, %(check)s)",
            rows,
        )
        many(
            "INSERT INTO attempt (payment_id, number, client_body, card_token, subject, brand,"
            " last_four, issuer_bin, fingerprint, entered_at)"
            f" VALUES (%(check)s, 1, '{BODY}', %(card)s, %(card_subject)s, 'visa', %(last_four)s,"
            " %(bin)s, 'laid', now())",
            rows,
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3], int(sys.argv[4]))
