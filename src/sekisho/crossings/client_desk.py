"""What may be asked of the client bodies' desk."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Literal

import msgspec

from sekisho.crossings.message import Answer, Crossing

DeskRole = Literal["viewer", "clerk", "approver", "administrator"]


class InviteStaff(Crossing["StaffInvited"], frozen=True, kw_only=True):
    """Invite a member of a client body's staff; the link works once. A new invitation of the same
    name makes the earlier link worthless; who has signed up is never invited again.
    Refusals: ``client_body_unknown``, ``name_invalid``, ``name_taken``."""

    receiver: ClassVar[str] = "client_desk"
    client_body: str
    name: str
    roles: list[DeskRole]


class MakeFactorAnew(Crossing["StaffInvited"], frozen=True, kw_only=True):
    """Take password, second factor and passkeys from a member of staff who lost them, and invite
    them anew: for a body without a second administrator. Said again the earlier link is worthless.
    Refusals: ``client_body_unknown``, ``name_unknown``."""

    receiver: ClassVar[str] = "client_desk"
    client_body: str
    name: str


class StaffInvited(Answer, frozen=True, kw_only=True):
    link: str
    expires_at: datetime


class ApiKeyShown(Answer, frozen=True, kw_only=True):
    """A key of the API without its secret. ``state``: ``works``, ``ending`` (a newer one took its
    place), ``expired``, ``revoked``."""

    key_id: str
    client_body: str
    live: bool
    name: str
    scopes: list[str]
    last_four: str
    state: Literal["works", "ending", "expired", "revoked"]
    made_by: str
    made_at: datetime
    expires_at: datetime
    used_at: datetime | None


class ApiKeyMade(Answer, frozen=True, kw_only=True):
    """``secret`` is told this once."""

    key: ApiKeyShown
    secret: str


class MakeApiKey(Crossing["ApiKeyMade"], frozen=True, kw_only=True):
    """Make a key for a client body's machine. Said again it is refused (``name_taken``): the secret
    can't be told twice. Refusals: ``client_body_unknown``, ``name_taken``, ``name_wrong``,
    ``scope_unknown``, ``scope_missing``, ``expiry_wrong``, ``too_many_keys``."""

    receiver: ClassVar[str] = "client_desk"
    client_body: str
    live: bool
    name: str
    scopes: list[str]
    days: int
    by: str


class RotateApiKey(Crossing["ApiKeyMade"], frozen=True, kw_only=True):
    """Put a newer key in a key's place; the former one ends after the overlap. Said again it is
    refused (``key_replaced``). Refusals: ``client_body_unknown``, ``key_unknown``, ``key_over``,
    ``key_replaced``, ``overlap_wrong``, ``too_many_keys``."""

    receiver: ClassVar[str] = "client_desk"
    client_body: str
    key_id: str
    overlap_hours: int
    by: str


class RevokeApiKey(Crossing[ApiKeyShown], frozen=True, kw_only=True):
    """End a key at once. Said again it is the same. Refusals: ``client_body_unknown``,
    ``key_unknown``."""

    receiver: ClassVar[str] = "client_desk"
    client_body: str
    key_id: str
    by: str


class ListApiKeys(Crossing["ApiKeysShown"], frozen=True, kw_only=True):
    """Newest first. Refusal: ``client_body_unknown``."""

    receiver: ClassVar[str] = "client_desk"
    client_body: str


class ApiKeysShown(Answer, frozen=True, kw_only=True):
    keys: list[ApiKeyShown]


class WebhookLine(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a body's systems are told. ``off_why``: ``gone``, ``failing``, ``by_hand``."""

    client_body: str
    endpoint_id: str
    url: str
    state: Literal["on", "failing", "off"]
    off_why: str
    failing_since: datetime | None
    waiting: int
    given_up: int


class ListWebhooks(Crossing["WebhooksListed"], frozen=True, kw_only=True):
    """Webhook endpoints of a client body and of its test twin; of all for ``*``. ``waiting`` and
    ``given_up`` count deliveries kept. Refusal: ``client_body_unknown``."""

    receiver: ClassVar[str] = "client_desk"
    client_body: str


class WebhooksListed(Answer, frozen=True, kw_only=True):
    webhooks: list[WebhookLine]


class ReplayWebhooks(Crossing["WebhooksReplayed"], frozen=True, kw_only=True):
    """Send every event since a moment to an endpoint again, under the same ids; said again they go
    once more. Refusals: ``client_body_unknown``, ``endpoint_unknown``, ``endpoint_off``."""

    receiver: ClassVar[str] = "client_desk"
    client_body: str
    endpoint_id: str
    since: datetime
    by: str


class WebhooksReplayed(Answer, frozen=True, kw_only=True):
    """``events``: how many go again, at most 10,000, the oldest first."""

    events: int


InviteStaff.reply = StaffInvited
ListWebhooks.reply = WebhooksListed
ReplayWebhooks.reply = WebhooksReplayed
MakeApiKey.reply = ApiKeyMade
RotateApiKey.reply = ApiKeyMade
RevokeApiKey.reply = ApiKeyShown
ListApiKeys.reply = ApiKeysShown
MakeFactorAnew.reply = StaffInvited
