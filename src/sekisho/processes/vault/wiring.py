"""Wires the vault: its doors, the card form behind the edge, mails, and rounds of forgetting."""

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sekisho.processes import django_settings
from sekisho.processes.run import Process
from sekisho.processes.sandbox import SandboxPlan
from sekisho.processes.stand_edge import edge_options, read_rules, stand_edge
from sekisho.transport.briefing import Briefing
from sekisho.transport.doors import Doors

if TYPE_CHECKING:
    from sekisho.transport.outbox import Outbox
    from sekisho.vault.opened import Vault

log = logging.getLogger("sekisho.vault")


def _settings(briefing: Briefing | None) -> dict[str, Any]:
    from sekisho.vault import card_form
    from sekisho.vault.limits import MAX_FORM_BODY_BYTES, MAX_FORM_FIELDS

    return django_settings.build(
        briefing,
        zone="vault",
        urls="sekisho.vault.card_form.urls",
        template_folders=[Path(card_form.__file__).parent / "templates"],
        DATA_UPLOAD_MAX_MEMORY_SIZE=MAX_FORM_BODY_BYTES,
        DATA_UPLOAD_MAX_NUMBER_FIELDS=MAX_FORM_FIELDS,
    )


def _vault(briefing: Briefing) -> "Vault":
    """The open vault, opened at the first question."""
    from sekisho.vault import opened
    from sekisho.vault.open_vault import open_vault

    if not opened.is_open():
        vault = open_vault(briefing)
        vault.codes.start_sweeping()
        opened.use(vault)
    return opened.the_vault()


def _doors(briefing: Briefing) -> Doors:
    from sekisho.vault.doors import make_doors

    return make_doors(_vault(briefing))


def _outbox(briefing: Briefing) -> "Outbox":
    from sekisho.transport.outbox import Outbox
    from sekisho.vault.jobs import DeliverMail
    from sekisho.vault.plant_honey import PlantOne, plant_one
    from sekisho.vault.postcards.order_postcard import PrintPostcards
    from sekisho.vault.postcards.print_batch import print_waiting
    from sekisho.vault.send_mail import deliver_ordered
    from sekisho.vocabulary.clock import now

    vault = _vault(briefing)
    return Outbox(
        own={
            DeliverMail: lambda job: deliver_ordered(vault, job, now()),
            PrintPostcards: lambda job: print_waiting(vault, job, now()),
            PlantOne: lambda job: plant_one(vault, job, now()),
        }
    )


def _pages(briefing: Briefing) -> Any:
    from django.core.wsgi import get_wsgi_application

    from sekisho.edge.look import serve as serve_look
    from sekisho.vault.card_form.dress import SHELF, content_security_policy
    from sekisho.vault.card_form.page_rules import PAGES

    vault = _vault(briefing)
    # The edge's own refusals are shown in the frame too.
    csp = content_security_policy(*vault.site_origins.values(), vault.desk_origin)
    return stand_edge(briefing, serve_look(get_wsgi_application(), SHELF), PAGES, csp=csp)


def _keep_house(briefing: Briefing, stop: threading.Event) -> None:
    from django.db import connection

    from sekisho.vault.jobs import keep_house
    from sekisho.vault.limits import HOUSEKEEPING_SECONDS
    from sekisho.vocabulary.clock import now

    vault = _vault(briefing)
    while not stop.is_set():
        try:
            keep_house(vault, now())
        except Exception:
            # The next round goes on; ending the process would lose every security code held.
            log.exception("a round of housekeeping was cut off")
        connection.close()
        stop.wait(HOUSEKEEPING_SECONDS)
    vault.codes.wipe_all()


def _rotate(briefing: Briefing, stop: threading.Event) -> None:
    from django.db import connection

    from sekisho.vault.limits import REWRAP_RETRY_SECONDS
    from sekisho.vault.rotate_keys import rotate_on

    vault = _vault(briefing)
    while not stop.is_set():
        try:
            rotate_on(vault, stop)
        except Exception:
            # As in housekeeping: what is left is done when the database is back.
            log.exception("a rotation was cut off")
            connection.close()
            stop.wait(REWRAP_RETRY_SECONDS)


def _checks() -> dict[str, Callable[[], str]]:
    from sekisho.vault.watch import check_keystore

    return {"keystore": check_keystore}


def _concerns() -> dict[str, Callable[[], str]]:
    from sekisho.vault.watch import check_mails, check_postcards

    return {"mails": check_mails, "postcards": check_postcards}


def _sandbox(briefing: Briefing, plan: SandboxPlan) -> SandboxPlan:
    from sekisho.printing.font import font_place
    from sekisho.vault.keys_folder import read_keystore_settings

    plan = read_rules(briefing, plan).also(read=(font_place(),))
    if folder := briefing.settings.get("mail_folder"):
        plan = plan.also(write=(Path(folder),))
    if "smtp_host" in (mail := briefing.settings.get("mail", {})):
        plan = plan.also(connect_ports=(int(mail.get("smtp_port", 587)),))
    module = read_keystore_settings(briefing.keys_folder)
    readable, writable = module.get("readable", ()), module.get("writable", ())
    return plan.also(read=tuple(map(Path, readable)), write=tuple(map(Path, writable)))


def _prepare(keys_folder: Path) -> dict[str, bytes]:
    from sekisho.vault.keys_folder import prepare_keys

    return prepare_keys(keys_folder)


PROCESS = Process(
    zone="vault",
    settings=_settings,
    doors=_doors,
    outbox=_outbox,
    pages=_pages,
    page_options=edge_options,
    works=(_keep_house, _rotate),
    checks=_checks,
    concerns=_concerns,
    sandbox=_sandbox,
    prepare=_prepare,
)
