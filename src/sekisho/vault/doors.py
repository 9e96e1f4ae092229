"""The vault's doors: one for each message in ``crossings.vault``. Thin; every act is a module."""

from __future__ import annotations

from sekisho.crossings.message import Taken
from sekisho.crossings.vault import (
    BeginRotation,
    BudgetShown,
    CardFormOpened,
    CardsExpiring,
    CardsListed,
    CompareItems,
    EraseSubject,
    ForgetCard,
    ForgetItems,
    ForgetSecurityCode,
    ItemMatched,
    ItemsCompared,
    ItemsStored,
    ListPostcards,
    MarkHoneyCard,
    MatchItem,
    OpenCardForm,
    OpenPaperCardForm,
    PlantHoneyCards,
    PostcardsListed,
    PrintPostcard,
    Release,
    Released,
    ResetBudget,
    RotationShown,
    SendMail,
    ShowBudget,
    ShowRotation,
    StoreItems,
    StoreSubjects,
    SubjectErased,
    SubjectsStored,
)
from sekisho.transport import Caller, Doors
from sekisho.vault.allow_more import reset_budget, show_budget
from sekisho.vault.cards_expiring import cards_expiring
from sekisho.vault.compare_items import compare_items
from sekisho.vault.erase_subject import erase_subject
from sekisho.vault.forget import forget_card, forget_items, forget_security_code
from sekisho.vault.match_items import match_item
from sekisho.vault.open_card_form import open_card_form
from sekisho.vault.open_paper_form import open_paper_form
from sekisho.vault.opened import Vault
from sekisho.vault.plant_honey import mark_honey, order_honey
from sekisho.vault.postcards.order_postcard import list_postcards, order_postcard
from sekisho.vault.release_items import release_card
from sekisho.vault.rotate_keys import order_rotation, show_rotation
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

    @doors.on(ForgetItems)
    def forget_typed(caller: Caller, message: ForgetItems) -> Taken:
        return forget_items(message, now())

    @doors.on(ForgetSecurityCode)
    def forget_code(caller: Caller, message: ForgetSecurityCode) -> Taken:
        return forget_security_code(vault, message)

    _add_post_doors(doors, vault)
    _add_paper_doors(doors, vault)
    _add_operators_doors(doors, vault)
    return doors


def _add_post_doors(doors: Doors, vault: Vault) -> None:
    @doors.on(SendMail)
    def send(caller: Caller, message: SendMail) -> Taken:
        return order_mail(message, now())

    @doors.on(PrintPostcard)
    def print_card(caller: Caller, message: PrintPostcard) -> Taken:
        return order_postcard(vault, message, now())

    @doors.on(ListPostcards)
    def postcards(caller: Caller, message: ListPostcards) -> PostcardsListed:
        return list_postcards(message)


def _add_paper_doors(doors: Doors, vault: Vault) -> None:
    @doors.on(OpenPaperCardForm)
    def open_at_desk(caller: Caller, message: OpenPaperCardForm) -> CardFormOpened:
        return open_paper_form(vault, message, now())

    @doors.on(CompareItems)
    def compare(caller: Caller, message: CompareItems) -> ItemsCompared:
        return compare_items(vault, message, now())

    @doors.on(CardsExpiring)
    def expiring(caller: Caller, message: CardsExpiring) -> CardsListed:
        return cards_expiring(vault, message, now())


def _add_operators_doors(doors: Doors, vault: Vault) -> None:
    @doors.on(BeginRotation)
    def rotate(caller: Caller, message: BeginRotation) -> RotationShown:
        return order_rotation(vault, message, now())

    @doors.on(ShowRotation)
    def rotation(caller: Caller, message: ShowRotation) -> RotationShown:
        return show_rotation(vault, now())

    @doors.on(EraseSubject)
    def erase(caller: Caller, message: EraseSubject) -> SubjectErased:
        return erase_subject(vault, message, now())

    @doors.on(ShowBudget)
    def budget(caller: Caller, message: ShowBudget) -> BudgetShown:
        return show_budget(vault, now())

    @doors.on(ResetBudget)
    def allow(caller: Caller, message: ResetBudget) -> BudgetShown:
        return reset_budget(vault, message, now())

    @doors.on(PlantHoneyCards)
    def plant(caller: Caller, message: PlantHoneyCards) -> Taken:
        return order_honey(vault, message, now())

    @doors.on(MarkHoneyCard)
    def mark(caller: Caller, message: MarkHoneyCard) -> Taken:
        return mark_honey(vault, message, now())
