"""Where a client body wants to be told: added, changed, given a new secret, switched on, removed.

The body must be entered (``enter_body``); every deed is on evidence."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from django.db import transaction

from sekisho import evidence, transport
from sekisho.client_desk.errors import WebhookRefused
from sekisho.client_desk.records.webhook_models import Delivery, Endpoint, Event
from sekisho.client_desk.webhooks.limits import (
    MAX_DESCRIPTION_CHARACTERS,
    MAX_ENDPOINTS_PER_BODY,
    SECRETS_OVERLAP,
)
from sekisho.client_desk.webhooks.payload import KINDS, TEST_KIND
from sekisho.client_desk.webhooks.shown import EndpointShown
from sekisho.client_desk.webhooks.sign import new_secret
from sekisho.crossings.hook_sender import MAX_URL_CHARACTERS, CheckAddress
from sekisho.crossings.message import Refusal
from sekisho.sign_in.second_factor import SecretKeeper
from sekisho.transport import TransportError
from sekisho.vocabulary.identifiers import new_id


def list_endpoints(client_body: str) -> list[EndpointShown]:
    """Return the endpoints of ``client_body``, the oldest first."""
    rows = Endpoint.objects.filter(client_body=client_body, removed_at=None).order_by("made_at")
    return [_show(row) for row in rows]


def show_endpoint(client_body: str, endpoint_id: str) -> EndpointShown:
    """Return an endpoint. Raises ``WebhookRefused``: ``endpoint_unknown``."""
    return _show(find_endpoint(client_body, endpoint_id))


def find_endpoint(client_body: str, endpoint_id: str, *, lock: bool = False) -> Endpoint:
    """Return the row of an endpoint, locked within a transaction when ``lock``.

    Raises ``WebhookRefused``: ``endpoint_unknown``."""
    rows = Endpoint.objects.select_for_update() if lock else Endpoint.objects.all()
    found = rows.filter(client_body=client_body, endpoint_id=endpoint_id, removed_at=None).first()
    if found is None:
        raise WebhookRefused("endpoint_unknown", "there is no such endpoint", "endpoint_id")
    return found


def add_endpoint(
    client_body: str,
    *,
    url: str,
    kinds: Sequence[str] = (),
    description: str = "",
    by: str,
    keeper: SecretKeeper,
    now: datetime,
) -> tuple[EndpointShown, str]:
    """Add an endpoint; return it and its secret, which is shown this once. ``kinds`` empty: every
    kind.

    Raises ``WebhookRefused``: ``url_refused``, ``kinds_wrong``, ``description_wrong``,
    ``too_many_endpoints``, ``sender_away``."""
    url, kinds = check_url(url), check_kinds(kinds)
    _check_description(description)
    secret = new_secret()
    with transaction.atomic():
        # Two at once may find one place: the row is counted again after it is there.
        endpoint = Endpoint(
            client_body=client_body,
            url=url,
            description=description,
            kinds=kinds,
            secret_sealed=b"",
            made_by=by,
            made_at=now,
        )
        endpoint.secret_sealed = seal_secret(keeper, endpoint.endpoint_id, secret)
        endpoint.save(force_insert=True)
        if Endpoint.objects.filter(removed_at=None).count() > MAX_ENDPOINTS_PER_BODY:
            raise WebhookRefused(
                "too_many_endpoints", f"at most {MAX_ENDPOINTS_PER_BODY}; remove one first"
            )
        _note("webhook_added", endpoint, by, url=url)
    return _show(endpoint), secret


def change_endpoint(
    client_body: str,
    endpoint_id: str,
    *,
    url: str | None = None,
    kinds: Sequence[str] | None = None,
    description: str | None = None,
    by: str,
) -> EndpointShown:
    """Change what is given of an endpoint; what waits for it goes to its new address.

    Raises ``WebhookRefused`` as ``add_endpoint`` does, and ``endpoint_unknown``."""
    changed: dict[str, Any] = {}
    if url is not None:
        changed["url"] = check_url(url)
    if kinds is not None:
        changed["kinds"] = check_kinds(kinds)
    if description is not None:
        _check_description(description)
        changed["description"] = description
    with transaction.atomic():
        endpoint = find_endpoint(client_body, endpoint_id, lock=True)
        for name, value in changed.items():
            setattr(endpoint, name, value)
        if changed:
            endpoint.save(update_fields=list(changed))
            _note("webhook_changed", endpoint, by, url=endpoint.url, changed=sorted(changed))
    return _show(endpoint)


def rotate_secret(
    client_body: str, endpoint_id: str, *, by: str, keeper: SecretKeeper, now: datetime
) -> tuple[EndpointShown, str]:
    """Give an endpoint a new secret and return it, shown this once. The former one signs beside it
    for ``SECRETS_OVERLAP``. Raises ``WebhookRefused``: ``endpoint_unknown``."""
    secret = new_secret()
    with transaction.atomic():
        endpoint = find_endpoint(client_body, endpoint_id, lock=True)
        endpoint.former_sealed = endpoint.secret_sealed
        endpoint.former_until = now + SECRETS_OVERLAP
        endpoint.secret_sealed = seal_secret(keeper, endpoint_id, secret)
        endpoint.save(update_fields=["secret_sealed", "former_sealed", "former_until"])
        _note("webhook_secret_changed", endpoint, by)
    return _show(endpoint), secret


def switch_off(client_body: str, endpoint_id: str, *, by: str, now: datetime) -> EndpointShown:
    """Send nothing there until it is switched on again; what waits stops.

    Raises ``WebhookRefused``: ``endpoint_unknown``."""
    with transaction.atomic():
        endpoint = find_endpoint(client_body, endpoint_id, lock=True)
        if endpoint.switched_off_at is None:
            stop_endpoint(endpoint, "by_hand", now)
            _note("webhook_switched_off", endpoint, by, why="by_hand")
    return _show(endpoint)


def stop_endpoint(endpoint: Endpoint, why: str, now: datetime) -> None:
    """Switch a locked endpoint off and stop what waits for it."""
    endpoint.switched_off_at, endpoint.switched_off_why = now, why
    endpoint.save(update_fields=["switched_off_at", "switched_off_why"])
    stop_waiting(endpoint, now)


def stop_waiting(endpoint: Endpoint, now: datetime) -> None:
    """Stop the deliveries that wait for an endpoint."""
    Delivery.objects.filter(endpoint_id=endpoint.endpoint_id, state="waiting").update(
        state="stopped", moved_at=now
    )


def switch_on(client_body: str, endpoint_id: str, *, by: str) -> EndpointShown:
    """Send there again from now on; what was missed is sent by a replay.

    Raises ``WebhookRefused``: ``endpoint_unknown``."""
    with transaction.atomic():
        endpoint = find_endpoint(client_body, endpoint_id, lock=True)
        if endpoint.switched_off_at is not None:
            endpoint.switched_off_at, endpoint.switched_off_why = None, ""
            endpoint.failing_since, endpoint.failures, endpoint.rests_until = None, 0, None
            endpoint.save(
                update_fields=[
                    "switched_off_at",
                    "switched_off_why",
                    "failing_since",
                    "failures",
                    "rests_until",
                ]
            )
            _note("webhook_switched_on", endpoint, by)
    return _show(endpoint)


def remove_endpoint(client_body: str, endpoint_id: str, *, by: str, now: datetime) -> None:
    """Remove an endpoint; said again it is the same. What waits for it stops."""
    with transaction.atomic():
        try:
            endpoint = find_endpoint(client_body, endpoint_id, lock=True)
        except WebhookRefused:
            if Endpoint.objects.filter(client_body=client_body, endpoint_id=endpoint_id).exists():
                return
            raise
        endpoint.removed_at = now
        endpoint.save(update_fields=["removed_at"])
        stop_waiting(endpoint, now)
        _note("webhook_removed", endpoint, by)


def send_test_event(client_body: str, endpoint_id: str, *, by: str, now: datetime) -> str:
    """Send an event ``webhook.test`` to one endpoint; return its delivery's id.

    Raises ``WebhookRefused``: ``endpoint_unknown``, ``endpoint_off``."""
    with transaction.atomic():
        endpoint = find_endpoint(client_body, endpoint_id, lock=True)
        check_on(endpoint)
        event = Event.objects.create(
            event_id=new_id("event"),
            client_body=client_body,
            kind=TEST_KIND,
            object_id=endpoint_id,
            at=now,
            facts={},
        )
        delivery = Delivery.objects.create(
            client_body=client_body,
            endpoint_id=endpoint_id,
            event_id=event.event_id,
            due_at=now,
            made_at=now,
            moved_at=now,
        )
        # Who presses the button wants to see it now, whatever failed before.
        Endpoint.objects.filter(endpoint_id=endpoint_id).update(rests_until=None)
        _note("webhook_tested", endpoint, by)
    return delivery.delivery_id


def check_on(endpoint: Endpoint) -> None:
    """Raise ``WebhookRefused`` ``endpoint_off`` when nothing is sent there."""
    if endpoint.switched_off_at is not None:
        raise WebhookRefused("endpoint_off", "switch the endpoint on first", "endpoint_id")


def check_url(url: str) -> str:
    """Return ``url`` as it will be called. Raises ``WebhookRefused``: ``url_refused`` (``detail``
    and ``reason`` say why), ``sender_away``."""
    if len(url) > MAX_URL_CHARACTERS:
        detail = f"at most {MAX_URL_CHARACTERS} characters"
        raise WebhookRefused("url_refused", detail, "url", reason="too_long")
    try:
        checked = transport.cross(CheckAddress(url=url))
    except (Refusal, TransportError):
        raise WebhookRefused("sender_away", "try again in a moment", "url") from None
    if checked.wrong:
        raise WebhookRefused("url_refused", checked.detail, "url", reason=checked.wrong)
    return checked.url


def check_kinds(kinds: Sequence[str]) -> list[str]:
    """Return ``kinds`` in order, each once. Raises ``WebhookRefused`` ``kinds_wrong``."""
    unknown = [kind for kind in kinds if kind not in KINDS]
    if unknown:
        raise WebhookRefused("kinds_wrong", f"there are {', '.join(KINDS)}", "kinds")
    return sorted(set(kinds), key=KINDS.index)


def _check_description(description: str) -> None:
    if len(description) > MAX_DESCRIPTION_CHARACTERS or not description.isprintable():
        raise WebhookRefused(
            "description_wrong", f"at most {MAX_DESCRIPTION_CHARACTERS} characters", "description"
        )


def seal_secret(keeper: SecretKeeper, endpoint_id: str, secret: str) -> bytes:
    """Return a signing secret as it is kept: sealed, and for this endpoint alone."""
    return keeper.seal(secret.encode(), f"webhook {endpoint_id}")


def open_secrets(keeper: SecretKeeper, endpoint: Endpoint, now: datetime) -> list[str]:
    """Return what signs now, the newest first. Raises ``SecretBroken``."""
    owner = f"webhook {endpoint.endpoint_id}"
    sealed = [bytes(endpoint.secret_sealed)]
    if endpoint.former_sealed is not None and endpoint.former_until and endpoint.former_until > now:
        sealed.append(bytes(endpoint.former_sealed))
    return [keeper.open(one, owner).decode() for one in sealed]


def _note(kind: str, endpoint: Endpoint, by: str, **facts: Any) -> None:
    evidence.append(
        kind=f"client_desk.{kind}",
        subject=endpoint.endpoint_id,
        facts={"client_body": endpoint.client_body, "by": by, **facts},
    )


def _show(endpoint: Endpoint) -> EndpointShown:
    state: Literal["on", "failing", "off"]
    state = "failing" if endpoint.failing_since is not None else "on"
    if endpoint.switched_off_at is not None:
        state = "off"
    return EndpointShown(
        endpoint_id=endpoint.endpoint_id,
        url=endpoint.url,
        description=endpoint.description,
        kinds=list(endpoint.kinds),
        state=state,
        made_by=endpoint.made_by,
        made_at=endpoint.made_at,
        failing_since=endpoint.failing_since,
        off_at=endpoint.switched_off_at,
        off_why=endpoint.switched_off_why,
        former_secret_until=endpoint.former_until,
    )
