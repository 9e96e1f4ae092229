"""The zones around the vault as its tests need them: payments that signs, card_network that opens,
a site that seals, a payer with a browser."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from django.test import Client

from sekisho import transport
from sekisho.crossings.message import Crossing, Taken
from sekisho.crossings.payments import CardCompared, CardEntered
from sekisho.crossings.sealing import items_purpose, open_sealed, release_purpose, seal
from sekisho.crossings.vault import (
    OpenCardForm,
    Release,
    Released,
    ReleasedCard,
    ReleasePermit,
    SignedPermit,
)
from sekisho.vault import opened
from sekisho.vault.count_releases import ReleaseCounter
from sekisho.vault.honey_marks import HoneyMarks
from sekisho.vault.keyring import Keyring
from sekisho.vault.keystore import open_keystore
from sekisho.vault.open_card_form import open_card_form
from sekisho.vault.opened import MailSettings, Vault
from sekisho.vault.release_items import release_card
from sekisho.vault.seal_key import seal_key
from sekisho.vault.security_codes import SecurityCodes
from sekisho.vocabulary.clock import now
from sekisho.vocabulary.identifiers import new_id

ORIGIN = "http://localhost:7003"
SITES = {
    "metropolitan_tax": "http://localhost:7001",
    "group_life_premium": "http://localhost:7002",
}
DESK_ORIGIN = "http://localhost:7004"
BODY, OTHER_BODY = "mihon_to", "mihon_kiko"
NUMBER, OTHER_NUMBER, AMEX = "4111111111111111", "5555555555554444", "378282246310005"
CODE = "737"


@dataclass
class FakePayments:
    """Takes what the vault tells payments; answers or raises what a test wants."""

    entered: list[CardEntered] = field(default_factory=list)
    compared: list[CardCompared] = field(default_factory=list)
    raises: Exception | None = None

    def cross(self, message: Crossing[Any], *, seconds: float) -> Any:
        if self.raises is not None:
            raise self.raises
        if isinstance(message, CardCompared):
            self.compared.append(message)
            return Taken()
        assert isinstance(message, CardEntered)
        self.entered.append(message)
        return Taken()


@dataclass
class Neighbours:
    """The open vault and everybody it deals with."""

    vault: Vault
    signer: Ed25519PrivateKey
    receiver: X25519PrivateKey
    payments: FakePayments
    folder: Path

    def change(self, **changes: Any) -> None:
        """Open the vault with other settings."""
        self.vault = replace(self.vault, **changes)
        opened.use(self.vault)

    def restart(self) -> None:
        """What a new process of the same vault has: keys from disk, no codes, no cache."""
        self.change(
            keyring=Keyring(self.vault.keystore),
            codes=SecurityCodes(),
            counter=ReleaseCounter(),
            honey=HoneyMarks(self.folder, self.vault.keystore),
        )

    # --- payments ---

    def open_form(self, payment: str | None = None, **changes: Any) -> str:
        """Open a form as payments does; return its path."""
        message = OpenCardForm(
            **{
                "payment_id": payment or new_id("pay"),
                "client_body": BODY,
                "site": "metropolitan_tax",
                "purpose": "payment",
                "language": "ja",
                "parent_origin": SITES["metropolitan_tax"],
                "return_url": f"{SITES['metropolitan_tax']}/pay/confirm",
                "accepted_brands": ["visa", "mastercard", "jcb", "amex", "diners"],
                "expires_at": now() + timedelta(minutes=20),
                **changes,
            }
        )
        return open_card_form(self.vault, message, now()).url.removeprefix(ORIGIN)

    def sign(self, permit: ReleasePermit, signer: Ed25519PrivateKey | None = None) -> SignedPermit:
        signature = (signer or self.signer).sign(permit.signed_bytes())
        return SignedPermit(permit=permit, signature=signature)

    def permit(self, card: CardEntered, **changes: Any) -> ReleasePermit:
        """A good permit for ``card``, but for ``changes``."""
        at: datetime = changes.pop("at", None) or now()
        return ReleasePermit(
            **{
                "permit_id": new_id("permit"),
                "payment_id": card.payment_id,
                "client_body": BODY,
                "card_token": card.card_token,
                "purpose": "authorise",
                "with_security_code": True,
                "receiver_key": self.receiver.public_key().public_bytes_raw(),
                "issued_at": at,
                "expires_at": at + timedelta(minutes=5),
                **changes,
            }
        )

    # --- a payer ---

    def enter(self, path: str, **typed: str) -> Any:
        """Send the card form as a browser does."""
        fields = {
            "number": NUMBER,
            "expiry_month": "08",
            "expiry_year": "29",
            "code": CODE,
            "name": "TARO MIHON",
            **typed,
        }
        headers = {"Origin": ORIGIN, "Sec-Fetch-Site": "same-origin"}
        return Client().post(path, fields_encoded(fields), content_type=FORM, headers=headers)

    def entered_card(self, payment: str | None = None, **changes: Any) -> CardEntered:
        """Open a form and enter a good card."""
        typed = {name: changes.pop(name) for name in ("number", "code") if name in changes}
        answer = self.enter(self.open_form(payment, **changes), **typed)
        assert answer.status_code == 200, answer.content.decode()
        return self.payments.entered[-1]

    # --- card_network ---

    def release(self, signed: SignedPermit, at: datetime | None = None) -> ReleasedCard:
        """Ask for a release and open what comes."""
        message = Release(signed_permit=signed)
        reply: Released = release_card(self.vault, "card_network", message, at or now())
        purpose = release_purpose(signed.permit.permit_id)
        card: ReleasedCard = open_sealed(
            self.receiver, reply.box, purpose=purpose, as_type=ReleasedCard
        )
        return card

    # --- a site ---

    def box(self, items: dict[str, str], client_body: str = BODY) -> bytes:
        public = self.vault.seal_key.public_key().public_bytes_raw()
        return seal(public, items, purpose=items_purpose(client_body))


FORM = "application/x-www-form-urlencoded"


def fields_encoded(fields: dict[str, str]) -> str:
    from urllib.parse import urlencode

    return urlencode(fields)


@contextmanager
def made_vault(folder: Path, keystore_settings: dict[str, str]) -> Iterator[Neighbours]:
    """Open a vault in ``folder`` and stand the others around it."""
    keystore = open_keystore(folder, keystore_settings)
    signer, receiver, payments = (
        Ed25519PrivateKey.generate(),
        X25519PrivateKey.generate(),
        FakePayments(),
    )
    mails = folder / "mail"
    mails.mkdir()
    vault = Vault(
        keystore=keystore,
        keyring=Keyring(keystore),
        codes=SecurityCodes(),
        seal_key=seal_key(folder, keystore),
        permit_key=signer.public_key().public_bytes_raw(),
        receiver_key=receiver.public_key().public_bytes_raw(),
        honey=HoneyMarks(folder, keystore),
        base_url=ORIGIN,
        site_origins=SITES,
        desk_origin=DESK_ORIGIN,
        mail=MailSettings(folder=mails, sender="no-reply@sekisho.invalid"),
    )
    opened.use(vault)
    transport.use(payments)
    try:
        yield Neighbours(vault, signer, receiver, payments, folder)
    finally:
        transport.use(None)
        opened.use(None)
        vault.codes.wipe_all()
        keystore.close()
