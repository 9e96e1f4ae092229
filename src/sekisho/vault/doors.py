"""The vault's doors: one for each message in ``crossings.vault``. Thin; every act is a module."""

from __future__ import annotations

from sekisho.crossings.message import Taken
from sekisho.crossings.vault import (
    CardFormOpened,
    ForgetCard,
    ForgetSecurityCode,
    ItemMatched,
    ItemsStored,
    MatchItem,
    OpenCardForm,
    Release,
    Released,
    SendMail,
    StoreItems,
    StoreSubjects,
    SubjectsStored,
)
from sekisho.transport import Caller, Doors
from sekisho.vault.forget import forget_card, forget_security_code
from sekisho.vault.match_items import match_item
from sekisho.vault.open_card_form import open_card_form
from sekisho.vault.opened import Vault
from sekisho.vault.release_items import release_card
from sekisho.vault.send_mail import order_mail
from sekisho.vault.store_items import store_items, store_subjects
from sekisho.vocabulary.clock import now


def make_doors(vault: Vault) -> Doors:
    """Return the doors of ``vault``, not open yet."""
    doors = Doors("vault")

    @doors.on(OpenCardForm)
    def open_form(caller: Caller, message: OpenCardForm) -> CardFormOpened:
        return open_card_form(vault, message, now())

    @doors.on(StoreItems)
    def store(caller: Caller, message: StoreItems) -> ItemsStored:
        return store_items(vault, caller.zone, message, now())

    @doors.on(StoreSubjects)
    def store_many(caller: Caller, message: StoreSubjects) -> SubjectsStored:
        return store_subjects(vault, caller.zone, message, now())

    @doors.on(MatchItem)
    def match(caller: Caller, message: MatchItem) -> ItemMatched:
        return match_item(vault, message, now())

    @doors.on(Release)
    def release(caller: Caller, message: Release) -> Released:
        return release_card(vault, caller.zone, message, now())

    @doors.on(ForgetCard)
    def forget(caller: Caller, message: ForgetCard) -> Taken:
        return forget_card(vault, message, now())

    @doors.on(ForgetSecurityCode)
    def forget_code(caller: Caller, message: ForgetSecurityCode) -> Taken:
        return forget_security_code(vault, message)

    @doors.on(SendMail)
    def send(caller: Caller, message: SendMail) -> Taken:
        return order_mail(message, now())

    return doors
