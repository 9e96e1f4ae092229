"""Permits: the signed right to one release of a card from the vault.

Payments alone signs them (Ed25519, key made at ``prepare``); the vault spends each once."""

from __future__ import annotations

from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sekisho.crossings.vault import ReleasePermit, ReleasePurpose, SignedPermit
from sekisho.payments.limits import PERMIT_LIFE
from sekisho.vocabulary.identifiers import new_id

PERMIT_KEY = "permit"
"""Name of the signing key in the process's key folder; its public half is ``payments.permit``."""


class PermitPress:
    """Makes permits with the zone's key, each sealed to card_network's public key."""

    def __init__(self, key: Ed25519PrivateKey, receiver_key: bytes) -> None:
        if len(receiver_key) != 32:
            raise ValueError("card_network's key must be a raw X25519 key of 32 bytes")
        self._key = key
        self._receiver_key = receiver_key

    def issue(
        self,
        *,
        payment_id: str,
        client_body: str,
        card_token: str,
        purpose: ReleasePurpose,
        now: datetime,
        with_security_code: bool | None = None,
    ) -> SignedPermit:
        """Return a permit for one release of ``card_token``, good for ``PERMIT_LIFE`` from
        ``now``. The security code goes along only to an authorisation (PCI DSS 3.3.1), and there
        only where the payer typed one: ``with_security_code`` is False for paper and charges."""
        permit = ReleasePermit(
            permit_id=new_id("permit"),
            payment_id=payment_id,
            client_body=client_body,
            card_token=card_token,
            purpose=purpose,
            with_security_code=purpose == "authorise" and with_security_code is not False,
            receiver_key=self._receiver_key,
            issued_at=now,
            expires_at=now + PERMIT_LIFE,
        )
        return SignedPermit(permit=permit, signature=self._key.sign(permit.signed_bytes()))
