"""Compare the second entry of an application with the first, inside the vault: what differs is
named by its kind, what stands in it is told to nobody."""

from __future__ import annotations

from datetime import datetime

from sekisho import evidence
from sekisho.crossings.message import Refusal
from sekisho.crossings.vault import CompareItems, ItemsCompared
from sekisho.vault.errors import VaultError
from sekisho.vault.identifiers import identifier
from sekisho.vault.item_rules import BOX_KINDS
from sekisho.vault.keyring import KEPT
from sekisho.vault.limits import COMPARED_KINDS_ORDER
from sekisho.vault.match_items import count_comparison
from sekisho.vault.opened import Vault
from sekisho.vault.records.models import Item, Subject
from sekisho.vault.records.visibility import visible_to
from sekisho.vault.sealed_items import open_item
from sekisho.vault.store_items import open_items


def compare_items(vault: Vault, message: CompareItems, now: datetime) -> ItemsCompared:
    """Return the kinds that differ. Exact, character by character: for a name, a variant of a
    character is another one.

    Raises ``Refusal`` ``box_broken``, ``item_invalid``, ``token_unknown``, ``too_many_tries``
    (as many as ``MatchItem`` allows: it would tell a guesser what it is asked)."""
    body = identifier(message.client_body, "client_body")
    token = identifier(message.subject, "subject")
    typed = open_items(vault, body, message.box, now)
    with visible_to(body):
        subject = Subject.objects.filter(token=token, use=KEPT).first()
        if subject is None or subject.wrapped_key is None:
            raise Refusal("token_unknown", "no such subject of this client body", "subject")
        within, again_at = count_comparison(body, token, now)
        differs: list[str] = []
        if within:
            first = _opened(vault, subject)
            differs = [kind for kind in COMPARED_KINDS_ORDER if typed.get(kind) != first.get(kind)]
        evidence.append(
            kind="vault.items_compared",
            subject=token,
            facts={
                "client_body": body,
                "differs": differs,
                "result": "told" if within else "refused",
            },
        )
    if not within:
        raise Refusal("too_many_tries", again_at, "subject")
    return ItemsCompared(differs=differs)


def _opened(vault: Vault, subject: Subject) -> dict[str, str]:
    try:
        key = vault.keyring.open_subject(subject)
        items = Item.objects.filter(subject_id=subject.token, kind__in=BOX_KINDS)
        return {item.kind: open_item(item, key) for item in items}
    except VaultError as broken:
        raise Refusal("token_unknown", type(broken).__name__, "subject") from None
