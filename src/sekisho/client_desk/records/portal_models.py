"""What one person asks for and a second one decides: refunds, and second factors made anew."""

from __future__ import annotations

from django.db import models

from sekisho.vocabulary.identifiers import new_id


def _request_id() -> str:
    return new_id("rreq")


def _reset_id() -> str:
    return new_id("reset")


class RefundRequest(models.Model):
    """A refund that somebody asked for; amounts in yen. ``state``: ``asked`` (waits for a second
    person), ``approved`` (to be said to payments), ``done`` (payments took it), ``refused`` (by the
    second person, the asker, or payments: ``problem`` is its code). ``alone``: small enough for one
    person. ``left_yen``: what the asker saw as left, checked again by payments."""

    request_id = models.CharField(primary_key=True, max_length=40, default=_request_id)
    client_body = models.CharField(max_length=80)
    key = models.CharField(max_length=64)
    payment_id = models.CharField(max_length=40)
    reference = models.CharField(max_length=40)
    amount_yen = models.BigIntegerField()
    fee_yen = models.BigIntegerField()
    left_yen = models.BigIntegerField()
    reason = models.CharField(max_length=200)
    alone = models.BooleanField()
    state = models.CharField(max_length=10, default="asked")
    asked_by = models.CharField(max_length=40)
    asked_by_name = models.CharField(max_length=64)
    asked_at = models.DateTimeField()
    decided_by = models.CharField(max_length=40, blank=True, default="")
    decided_by_name = models.CharField(max_length=64, blank=True, default="")
    decided_at = models.DateTimeField(null=True)
    note = models.CharField(max_length=200, blank=True, default="")
    refund_id = models.CharField(max_length=40, blank=True, default="")
    problem = models.CharField(max_length=40, blank=True, default="")

    class Meta:
        db_table = "refund_request"
        constraints = [
            models.UniqueConstraint(fields=["client_body", "key"], name="refund_request_key"),
        ]
        indexes = [
            models.Index(fields=["client_body", "state", "-asked_at"], name="refund_request_newest")
        ]

    @property
    def total_yen(self) -> int:
        return self.amount_yen + self.fee_yen


class FactorReset(models.Model):
    """A wish that somebody's second factor be made anew. ``state``: ``asked``, ``done`` (a second
    administrator made the invitation), ``refused``."""

    reset_id = models.CharField(primary_key=True, max_length=40, default=_reset_id)
    client_body = models.CharField(max_length=40)
    person_id = models.CharField(max_length=40)
    person_name = models.CharField(max_length=64)
    state = models.CharField(max_length=10, default="asked")
    asked_by = models.CharField(max_length=40)
    asked_by_name = models.CharField(max_length=64)
    asked_at = models.DateTimeField()
    decided_by = models.CharField(max_length=40, blank=True, default="")
    decided_by_name = models.CharField(max_length=64, blank=True, default="")
    decided_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "factor_reset"
        constraints = [
            models.UniqueConstraint(
                fields=["person_id"],
                condition=models.Q(state="asked"),
                name="factor_reset_one_open",
            )
        ]
