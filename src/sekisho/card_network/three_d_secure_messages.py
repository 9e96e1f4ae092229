"""EMV 3-D Secure 2.2.0 messages of the requestor's side: pure. Field names are the
specification's (annex A)."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import msgspec

from sekisho.card_network.errors import DirectoryServerFailed
from sekisho.crossings.card_network import Authenticate, BrowserFacts

VERSION = "2.2.0"
MAX_MERCHANT_NAME_CHARACTERS = 40
LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1"})
"""Hosts of an access control server that may do without TLS: simulators on this machine."""

Uuid = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$")]
Eci = Annotated[str, msgspec.Meta(pattern=r"^0[0-7]$")]
AuthenticationValue = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9+/=]{28}$")]
Reason = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{2}$")]

FULLY_AUTHENTICATED = frozenset({"05", "02"})
ATTEMPTED = frozenset({"06", "01"})


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    """What an ARes and an RReq have in common: the issuer's word."""

    messageVersion: Literal["2.2.0"]  # noqa: N815 - the specification's names, here and below
    threeDSServerTransID: Uuid  # noqa: N815
    dsTransID: Uuid  # noqa: N815
    acsTransID: Uuid  # noqa: N815
    eci: Eci | None = None
    authenticationValue: AuthenticationValue | None = None  # noqa: N815
    transStatusReason: Reason | None = None  # noqa: N815


class ARes(Answered, frozen=True, kw_only=True):
    """Answer to the AReq."""

    messageType: Literal["ARes"]  # noqa: N815
    transStatus: Literal["Y", "N", "U", "A", "C", "R"]  # noqa: N815
    acsURL: Annotated[str, msgspec.Meta(max_length=2048)] | None = None  # noqa: N815


class RReq(Answered, frozen=True, kw_only=True):
    """Result of a challenge, brought by the directory server."""

    messageType: Literal["RReq"]  # noqa: N815
    transStatus: Literal["Y", "N", "U", "A", "R"]  # noqa: N815


def areq(
    asked: Authenticate,
    *,
    server_id: str,
    result_url: str,
    requestor: tuple[str, str],
    acquirer_id: str,
    merchant_category: str,
    card: Mapping[str, str],
    now: datetime,
) -> bytes:
    """Return the AReq of an order. ``requestor`` is id and name, ``card`` the fields acctNumber,
    cardExpiryDate and perhaps cardholderName; ``now`` is written in UTC as the specification
    asks."""
    origin = urlsplit(asked.notification_url)
    fields: dict[str, Any] = {
        "messageType": "AReq",
        "messageVersion": VERSION,
        "messageCategory": "01" if asked.amount_yen else "02",
        "deviceChannel": "02",
        "threeDSServerTransID": server_id,
        "threeDSServerURL": result_url,
        "threeDSRequestorID": requestor[0],
        "threeDSRequestorName": requestor[1],
        "threeDSRequestorURL": f"{origin.scheme}://{origin.netloc}/",
        "threeDSRequestorAuthenticationInd": "01" if asked.purpose == "payment" else "04",
        "threeDSCompInd": "U",
        "acquirerBIN": acquirer_id,
        "acquirerMerchantID": asked.merchant_id,
        "merchantName": asked.merchant_name[:MAX_MERCHANT_NAME_CHARACTERS],
        "merchantCountryCode": "392",
        "mcc": merchant_category,
        "purchaseAmount": str(asked.amount_yen),
        "purchaseCurrency": "392",
        "purchaseExponent": "0",
        "purchaseDate": f"{now:%Y%m%d%H%M%S}",
        "notificationURL": asked.notification_url,
        **_browser_fields(asked.browser),
        **card,
    }
    return msgspec.json.encode(fields)


def _browser_fields(browser: BrowserFacts) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "browserAcceptHeader": browser.accept_header[:2048] or "*/*",
        "browserLanguage": browser.language[:35] or "ja",
        "browserUserAgent": browser.user_agent[:2048] or "unknown",
        "browserJavaEnabled": False,
        "browserJavascriptEnabled": browser.java_script,
    }
    for name, value in (
        ("browserColorDepth", browser.color_depth),
        ("browserScreenHeight", browser.screen_height),
        ("browserScreenWidth", browser.screen_width),
        ("browserTZ", browser.time_zone_minutes),
    ):
        if value is not None:
            fields[name] = str(value)
    return fields


def read_ares(body: bytes, *, server_id: str) -> ARes:
    """Return the ARes in ``body``. Raises ``DirectoryServerFailed`` when it is an error message,
    breaks the format, is for another transaction, or claims more than it proves."""
    try:
        answer = msgspec.json.decode(body, type=ARes)
    except msgspec.MsgspecError:
        raise DirectoryServerFailed(_error_code(body)) from None
    if answer.threeDSServerTransID.lower() != server_id:
        raise DirectoryServerFailed("the answer is for another transaction")
    if answer.transStatus == "C":
        if not _may_go_to(answer.acsURL or ""):
            raise DirectoryServerFailed("the challenge has no usable address")
    else:
        check_proof(answer, answer.transStatus)
    return answer


def check_proof(answer: Answered, status: str) -> None:
    """Raise ``DirectoryServerFailed`` when ``status`` Y or A comes without the indicator and
    authentication value that it needs (EMV 3DS 2.2.0, table A.1: authenticationValue)."""
    needed = {"Y": FULLY_AUTHENTICATED, "A": ATTEMPTED}.get(status)
    if needed is not None and (answer.eci not in needed or answer.authenticationValue is None):
        raise DirectoryServerFailed(f"transStatus {status} without its proof")


def creq(server_id: str, acs_id: str) -> str:
    """Return the CReq as the browser carries it: base64url of JSON, without padding."""
    content = {
        "messageType": "CReq",
        "messageVersion": VERSION,
        "threeDSServerTransID": server_id,
        "acsTransID": acs_id,
        "challengeWindowSize": "05",
    }
    return base64.urlsafe_b64encode(msgspec.json.encode(content)).decode().rstrip("=")


def rres(result: RReq) -> bytes:
    """Return the RRes that says the result was taken."""
    return msgspec.json.encode(
        {
            "messageType": "RRes",
            "messageVersion": VERSION,
            "threeDSServerTransID": result.threeDSServerTransID,
            "dsTransID": result.dsTransID,
            "acsTransID": result.acsTransID,
            "resultsStatus": "02",
        }
    )


def error(code: str, description: str) -> bytes:
    """Return an error message of the 3DS server (component S) about an RReq."""
    return msgspec.json.encode(
        {
            "messageType": "Erro",
            "messageVersion": VERSION,
            "errorCode": code,
            "errorComponent": "S",
            "errorDescription": description,
            "errorDetail": description,
            "errorMessageType": "RReq",
        }
    )


def _error_code(body: bytes) -> str:
    try:
        code = str(msgspec.json.decode(body).get("errorCode", ""))
    except (msgspec.MsgspecError, AttributeError):
        code = ""
    return f"error {code}" if code.isdecimal() and len(code) == 3 else "the answer can't be read"


def _may_go_to(url: str) -> bool:
    parts = urlsplit(url)
    secure = parts.scheme == "https" and bool(parts.hostname)
    return secure or (parts.scheme == "http" and parts.hostname in LOCAL_HOSTS)
