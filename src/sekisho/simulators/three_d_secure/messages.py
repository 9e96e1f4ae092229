"""The messages of EMV 3-D Secure 2.2.0, as far as a browser payment needs them.

Field names are the specification's (EMV 3DS 2.2.0, annex A). Fields that these servers do not use
are taken and ignored, as the specification asks."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, Literal

import msgspec

VERSION = "2.2.0"
MAX_MESSAGE_BYTES = 65_536

Uuid = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
Url = Annotated[str, msgspec.Meta(pattern=r"^https?://", max_length=2048)]


class AReq(msgspec.Struct, frozen=True, kw_only=True):
    """Authentication request: 3DS server to directory server to access control server."""

    messageType: Literal["AReq"]  # noqa: N815 - names of the specification, here and below
    messageVersion: Literal["2.2.0"]  # noqa: N815
    messageCategory: Literal["01", "02"]  # noqa: N815
    deviceChannel: Literal["02"]  # noqa: N815
    threeDSServerTransID: Uuid  # noqa: N815
    threeDSServerURL: Url  # noqa: N815
    threeDSRequestorID: Annotated[str, msgspec.Meta(min_length=1, max_length=35)]  # noqa: N815
    threeDSRequestorName: Annotated[str, msgspec.Meta(min_length=1, max_length=40)]  # noqa: N815
    threeDSRequestorURL: Url  # noqa: N815
    threeDSRequestorAuthenticationInd: Annotated[str, msgspec.Meta(pattern="^0[1-7]$")]  # noqa: N815
    acquirerBIN: Annotated[str, msgspec.Meta(min_length=1, max_length=11)]  # noqa: N815
    acquirerMerchantID: Annotated[str, msgspec.Meta(min_length=1, max_length=35)]  # noqa: N815
    merchantName: Annotated[str, msgspec.Meta(min_length=1, max_length=40)]  # noqa: N815
    merchantCountryCode: Annotated[str, msgspec.Meta(pattern="^[0-9]{3}$")]  # noqa: N815
    mcc: Annotated[str, msgspec.Meta(pattern="^[0-9]{4}$")]
    acctNumber: Annotated[str, msgspec.Meta(pattern="^[0-9]{13,19}$")]  # noqa: N815
    cardExpiryDate: Annotated[str, msgspec.Meta(pattern="^[0-9]{2}(0[1-9]|1[0-2])$")]  # noqa: N815
    purchaseAmount: Annotated[str, msgspec.Meta(pattern="^[0-9]{1,48}$")]  # noqa: N815
    purchaseCurrency: Literal["392"]  # noqa: N815
    purchaseExponent: Literal["0"]  # noqa: N815
    purchaseDate: Annotated[str, msgspec.Meta(pattern="^[0-9]{14}$")]  # noqa: N815
    browserAcceptHeader: Annotated[str, msgspec.Meta(min_length=1, max_length=2048)]  # noqa: N815
    browserLanguage: Annotated[str, msgspec.Meta(min_length=1, max_length=35)]  # noqa: N815
    browserUserAgent: Annotated[str, msgspec.Meta(min_length=1, max_length=2048)]  # noqa: N815
    browserJavascriptEnabled: bool  # noqa: N815
    notificationURL: Url  # noqa: N815

    def __repr__(self) -> str:
        return f"<AReq {self.threeDSServerTransID}>"


class ARes(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Authentication response."""

    messageType: str  # noqa: N815
    messageVersion: str  # noqa: N815
    threeDSServerTransID: str  # noqa: N815
    dsTransID: str  # noqa: N815
    acsTransID: str  # noqa: N815
    dsReferenceNumber: str  # noqa: N815
    acsReferenceNumber: str  # noqa: N815
    transStatus: str  # noqa: N815
    transStatusReason: str | None = None  # noqa: N815
    eci: str | None = None
    authenticationValue: str | None = None  # noqa: N815
    acsURL: str | None = None  # noqa: N815
    acsChallengeMandated: str | None = None  # noqa: N815
    authenticationType: str | None = None  # noqa: N815


class CReq(msgspec.Struct, frozen=True, kw_only=True):
    """Challenge request, carried by the browser."""

    messageType: Literal["CReq"]  # noqa: N815
    messageVersion: Literal["2.2.0"]  # noqa: N815
    threeDSServerTransID: Uuid  # noqa: N815
    acsTransID: Uuid  # noqa: N815


class CRes(msgspec.Struct, frozen=True, kw_only=True):
    """Challenge response, carried by the browser; proof of nothing."""

    messageType: str  # noqa: N815
    messageVersion: str  # noqa: N815
    threeDSServerTransID: str  # noqa: N815
    acsTransID: str  # noqa: N815
    transStatus: str  # noqa: N815


class RReq(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Result request: access control server to directory server to 3DS server."""

    messageType: str  # noqa: N815
    messageVersion: str  # noqa: N815
    messageCategory: str  # noqa: N815
    threeDSServerTransID: str  # noqa: N815
    dsTransID: str  # noqa: N815
    acsTransID: str  # noqa: N815
    transStatus: str  # noqa: N815
    eci: str
    interactionCounter: str  # noqa: N815
    authenticationMethod: str  # noqa: N815
    authenticationType: str  # noqa: N815
    authenticationValue: str | None = None  # noqa: N815
    transStatusReason: str | None = None  # noqa: N815
    challengeCancel: str | None = None  # noqa: N815


class RRes(msgspec.Struct, frozen=True, kw_only=True):
    """Result response."""

    messageType: Literal["RRes"]  # noqa: N815
    messageVersion: Literal["2.2.0"]  # noqa: N815
    threeDSServerTransID: Uuid  # noqa: N815
    dsTransID: Uuid  # noqa: N815
    acsTransID: Uuid  # noqa: N815
    resultsStatus: Annotated[str, msgspec.Meta(pattern="^0[1-3]$")]  # noqa: N815


class Erro(msgspec.Struct, frozen=True, kw_only=True):
    """Error message. ``errorDetail`` names fields, never their content."""

    messageType: str  # noqa: N815
    messageVersion: str  # noqa: N815
    errorCode: str  # noqa: N815
    errorComponent: str  # noqa: N815
    errorDescription: str  # noqa: N815
    errorDetail: str  # noqa: N815
    errorMessageType: str  # noqa: N815


def error(code: str, description: str, detail: str) -> Erro:
    """Return the directory server's error message about an AReq."""
    return Erro(
        messageType="Erro",
        messageVersion=VERSION,
        errorCode=code,
        errorComponent="D",
        errorDescription=description,
        errorDetail=detail,
        errorMessageType="AReq",
    )


def to_browser(content: msgspec.Struct) -> str:
    """Return ``content`` as the browser carries it: base64url without padding."""
    return base64.urlsafe_b64encode(msgspec.json.encode(content)).decode().rstrip("=")


def read_creq(text: str) -> CReq:
    """Return the CReq that a browser brought. Raises ``ValueError``."""
    if len(text) > MAX_MESSAGE_BYTES:
        raise ValueError("too long")
    try:
        padded = text + "=" * (-len(text) % 4)
        return msgspec.json.decode(base64.urlsafe_b64decode(padded.encode()), type=CReq)
    except (binascii.Error, UnicodeError, msgspec.MsgspecError):
        raise ValueError("no CReq") from None
