"""Orders, authentications and chargebacks."""

from __future__ import annotations

from typing import NamedTuple

from django.db import models


class Proof(NamedTuple):
    """What of an authentication goes into the authorisation request."""

    eci: str
    value: str
    ds_id: str


class Order(models.Model):
    """One order, and the one message that carries it out. Its trace number is drawn when the
    order is taken and never changes, so that saying the message again is never a second charge.

    ``undo`` orders are the connector's own: the reversal of an authorisation whose answer did not
    come. Once an authorisation has one, it can't be approved any more."""

    class Kind(models.TextChoices):
        AUTHENTICATE = "authenticate"
        AUTHORISE = "authorise"
        CAPTURE = "capture"
        REVERSE = "reverse"
        UNDO = "undo"
        REFUND = "refund"
        ANSWER = "answer"

    class State(models.TextChoices):
        TAKEN = "taken"
        CHALLENGE = "challenge"
        UNKNOWN = "unknown"
        STUCK = "stuck"
        DONE = "done"

    id = models.BigAutoField(primary_key=True)
    kind = models.TextField(choices=Kind)
    payment_id = models.TextField()
    attempt = models.IntegerField()
    part = models.TextField(default="")
    """What tells orders of one kind, payment and attempt apart: refund id, case number."""
    digest = models.BinaryField()
    """SHA-256 of the order as it came; empty when only its place was taken (see ``Inquire``)."""
    body = models.BinaryField()
    """The order as it came (msgpack), emptied when done."""
    taken_at = models.DateTimeField()
    merchant_id = models.TextField()
    amount_yen = models.BigIntegerField()
    original = models.ForeignKey("self", models.RESTRICT, null=True, related_name="followers")
    trace_number = models.TextField(null=True)
    sent_at = models.DateTimeField(null=True)
    retrieval_reference = models.TextField(null=True)
    card = models.TextField(default="")
    state = models.TextField(choices=State, default=State.TAKEN)
    tries = models.IntegerField(default=0)
    due_at = models.DateTimeField(null=True)
    """When the order is looked at again if nobody works on it; null while another order decides."""
    told = models.TextField(default="")
    """Last outcome that payments was told."""
    result = models.TextField(default="")
    response_code = models.TextField(default="")
    approval_code = models.TextField(default="")
    network_reference = models.TextField(default="")
    done_at = models.DateTimeField(null=True)

    proof: Proof | None = None
    """In memory only, of an authorisation that was just taken: the authentication it uses."""

    class Meta:
        db_table = "orders"
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "payment_id", "attempt", "part"], name="order_once"
            ),
            models.UniqueConstraint(fields=["trace_number", "sent_at"], name="trace_once"),
            models.CheckConstraint(
                condition=models.Q(state__in=["taken", "challenge", "unknown", "stuck", "done"]),
                name="order_state_known",
            ),
            models.CheckConstraint(
                condition=models.Q(state="done") ^ models.Q(result=""), name="done_has_result"
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_at"], name="order_due", condition=models.Q(due_at__isnull=False)
            ),
            models.Index(fields=["payment_id"], name="order_payment"),
            models.Index(
                fields=["original"], name="order_original", condition=~models.Q(original=None)
            ),
            # Health looks every few seconds.
            models.Index(fields=["id"], name="order_stuck", condition=models.Q(state="stuck")),
        ]


class Authentication(models.Model):
    """A 3-D Secure authentication: what the issuer said, for the authorisation and for disputes."""

    server_id = models.TextField(primary_key=True)
    """threeDSServerTransID."""
    order = models.OneToOneField(Order, models.RESTRICT, related_name="authentication")
    payment_id = models.TextField()
    card_token = models.TextField()
    amount_yen = models.BigIntegerField()
    result_token = models.TextField(unique=True)
    """Part of the address at which the directory server brings the result; known to it alone."""
    asked_at = models.DateTimeField()
    ds_id = models.TextField(default="")
    acs_id = models.TextField(default="")
    status = models.TextField(default="")
    """transStatus; ``C`` until the result of the challenge is in."""
    status_reason = models.TextField(default="")
    eci = models.TextField(default="")
    value = models.TextField(default="")
    """Authentication value (CAVV)."""
    used_by = models.OneToOneField(
        Order, models.RESTRICT, null=True, related_name="authentication_used"
    )

    class Meta:
        db_table = "authentications"
        indexes = [models.Index(fields=["payment_id"], name="authentication_payment")]


class Chargeback(models.Model):
    """A case of the network about a captured payment; ``result`` is empty until it decides."""

    case_number = models.TextField(primary_key=True)
    authorisation = models.ForeignKey(Order, models.RESTRICT, related_name="chargebacks")
    payment_id = models.TextField()
    amount_yen = models.BigIntegerField()
    reason_code = models.TextField()
    respond_by = models.DateField()
    received_at = models.DateTimeField()
    result = models.TextField(default="")
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "chargebacks"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(result__in=["", "won", "lost"]), name="chargeback_result_known"
            ),
            models.CheckConstraint(
                condition=models.Q(amount_yen__gt=0), name="chargeback_above_zero"
            ),
        ]
