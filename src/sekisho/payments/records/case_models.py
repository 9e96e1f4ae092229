"""What operators decided of payments that the machine could not end."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q


class CaseDecision(models.Model):
    """One operator's word. A payment may be a case more than once: ``case_number`` counts them,
    and ``ends`` marks the word that ended one. Rows are only ever added (grants and a trigger)."""

    pk = models.CompositePrimaryKey("payment_id", "number")
    payment = models.ForeignKey("payments.Payment", models.PROTECT, db_index=False)
    number = models.IntegerField()
    client_body = models.TextField()
    case_number = models.IntegerField()
    at = models.DateTimeField()
    by_name = models.TextField()
    decision = models.TextField()
    reason = models.TextField()
    ends = models.BooleanField()
    note = models.TextField()
    """The facts that the operator was called with."""
    state = models.TextField()
    """Where the payment was."""

    class Meta:
        db_table = "case_decision"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["payment", "case_number"], condition=Q(ends=True), name="case_ends_once"
            ),
            models.CheckConstraint(
                condition=Q(decision__in=["taken", "not_taken", "ask_again"]),
                name="case_decision_word",
            ),
            models.CheckConstraint(
                condition=~Q(by_name="") & ~Q(reason=""), name="case_decision_by"
            ),
        ]
