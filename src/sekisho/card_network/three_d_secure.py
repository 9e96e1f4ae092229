"""3-D Secure before an authorisation: the payer's issuer says whether the payer is the cardholder.

The result is taken from the directory server only (ARes, or RReq after a challenge); what the
browser brings back proves nothing and only ends the waiting. Without a clear word from the issuer
the result is *unavailable*, and payments decides."""

from __future__ import annotations

import logging
import secrets
import uuid
from datetime import timedelta
from typing import Any, Literal

from sekisho.card_network import orders, statements
from sekisho.card_network import three_d_secure_messages as emv
from sekisho.card_network.connector import Connector
from sekisho.card_network.errors import DirectoryServerFailed
from sekisho.card_network.records.models import Authentication, Order
from sekisho.card_network.release import ReleaseRefused, held, release
from sekisho.crossings.card_network import Authenticate
from sekisho.crossings.payments import AuthenticationOutcome, Challenge
from sekisho.database.pipeline import write

LOG = logging.getLogger(__name__)

RESULT_TOKEN_BYTES = 32

Result = Literal["authenticated", "attempted", "challenge", "failed", "rejected", "unavailable"]

_RESULTS: dict[str, Result] = {
    "Y": "authenticated",
    "A": "attempted",
    "C": "challenge",
    "N": "failed",
    "R": "rejected",
    "U": "unavailable",
}


async def authenticate(connector: Connector, order: Order) -> None:
    """Ask the directory server and tell payments; a challenge stays open until its result comes or
    its time is over."""
    if order.state == Order.State.CHALLENGE:
        await connector.scribe.write(lambda: _end_without_result(connector, order))
        return
    asked: Authenticate = orders.read(order)
    server_id, token = str(uuid.uuid4()), secrets.token_urlsafe(RESULT_TOKEN_BYTES)
    try:
        answer = await _ask(connector, asked, server_id, token)
    except (ReleaseRefused, DirectoryServerFailed) as problem:
        LOG.warning("order %d: no authentication: %s", order.id, problem)
        await connector.scribe.write(
            lambda: orders.finish(
                order,
                "unavailable",
                now=connector.now(),
                outcome=_outcome(order, "unavailable"),
            )
        )
        return
    await connector.scribe.note(lambda: _write_answer(connector, order, asked, answer, token))


async def _ask(connector: Connector, asked: Authenticate, server_id: str, token: str) -> emv.ARes:
    acquirer = connector.acquirer
    with held(await release(connector, asked.signed_permit)) as card:
        fields = {
            "acctNumber": card.number.clear_text(),
            "cardExpiryDate": card.expiry.clear_text(),
        }
        if card.holder_name:
            fields["cardholderName"] = card.holder_name
        body = emv.areq(
            asked,
            server_id=server_id,
            result_url=f"{connector.result_url}/3ds/results/{token}",
            requestor=(acquirer.requestor_id, acquirer.requestor_name),
            acquirer_id=acquirer.acquirer_id,
            merchant_category=acquirer.category_of(asked.merchant_id),
            card=fields,
            now=connector.now(),
        )
        answer = await connector.directory_server.ask(body)
    return emv.read_ares(answer, server_id=server_id)


def _write_answer(
    connector: Connector, order: Order, asked: Authenticate, answer: emv.ARes, token: str
) -> None:
    write(
        statements.INSERT_AUTHENTICATION,
        [
            answer.threeDSServerTransID.lower(),
            order.id,
            order.payment_id,
            asked.signed_permit.permit.card_token,
            asked.amount_yen,
            token,
            connector.now(),
            answer.dsTransID,
            answer.acsTransID,
            answer.transStatus,
            answer.transStatusReason or "",
            answer.eci or "",
            answer.authenticationValue or "",
        ],
    )
    if answer.transStatus != "C":
        _finish(connector, order, answer.transStatus, answer.eci or "", answer.dsTransID)
        return
    until = connector.now() + timedelta(seconds=connector.patience.challenge_s)
    challenge = Challenge(
        acs_url=answer.acsURL or "", creq=emv.creq(answer.threeDSServerTransID, answer.acsTransID)
    )
    outcome = _outcome(order, "challenge", ds_id=answer.dsTransID, challenge=challenge)
    orders.open_challenge(order, until=until, outcome=outcome)


def take_result(connector: Connector, token: str, result: emv.RReq) -> bytes:
    """Take the result that the directory server brought to the address with ``token``; return the
    answer's body. The same result again is answered the same; another one is refused."""
    authentication = (
        Authentication.objects.select_for_update(of=("self",))
        .select_related("order")
        .filter(result_token=token)
        .first()
    )
    if authentication is None or not _is_about(authentication, result):
        return emv.error("301", "Transaction ID not recognised")
    if authentication.status != "C":
        if authentication.status == result.transStatus:
            return emv.rres(result)
        return emv.error("305", "Transaction data not valid")
    try:
        emv.check_proof(result, result.transStatus)
    except DirectoryServerFailed:
        return emv.error("201", "Required data element missing")
    Authentication.objects.filter(server_id=authentication.server_id).update(
        status=result.transStatus,
        status_reason=result.transStatusReason or "",
        eci=result.eci or "",
        value=result.authenticationValue or "",
    )
    _finish(connector, authentication.order, result.transStatus, result.eci or "", result.dsTransID)
    return emv.rres(result)


def _is_about(authentication: Authentication, result: emv.RReq) -> bool:
    said = (result.threeDSServerTransID.lower(), result.dsTransID, result.acsTransID)
    return said == (authentication.server_id, authentication.ds_id, authentication.acs_id)


def _end_without_result(connector: Connector, order: Order) -> None:
    """End a challenge whose result never came: the payer is not authenticated."""
    authentication = Authentication.objects.get(order=order)
    Authentication.objects.filter(server_id=authentication.server_id, status="C").update(status="N")
    _finish(connector, order, "N", "", authentication.ds_id)


def _finish(connector: Connector, order: Order, status: str, eci: str, ds_id: str) -> None:
    result = _RESULTS[status]
    outcome = _outcome(order, result, eci=eci, ds_id=ds_id)
    orders.finish(order, result, now=connector.now(), outcome=outcome)


def _outcome(order: Order, result: Result, **facts: Any) -> AuthenticationOutcome:
    return AuthenticationOutcome(
        payment_id=order.payment_id,
        attempt=order.attempt,
        result=result,
        eci=facts.get("eci", ""),
        ds_transaction_id=facts.get("ds_id", ""),
        challenge=facts.get("challenge"),
    )
