"""The tables of an enrolment's life: its steps, links for another card, applications on paper."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now


class Enrolment(models.Model):
    """A standing order: this policy's premium by this card, each year in its month. ``status``
    moves along ``enrolments.life`` only; ``step``, ``event``, ``moved_by`` and ``why`` say how it
    came there, and a trigger writes them into ``enrolment_event``."""

    id = models.TextField(primary_key=True)
    client_body = models.ForeignKey(
        "payments.ClientBody", models.PROTECT, db_index=False, db_column="client_body"
    )
    site = models.ForeignKey("payments.Site", models.PROTECT, db_index=False, db_column="site")
    policy = models.ForeignKey("payments.Policy", models.PROTECT)
    subject = models.TextField()
    """The vault's subject with the items that the applicant typed."""
    card_token = models.TextField(db_default="")
    applied_on = models.DateField()
    first_charge_month = models.TextField()
    status = models.TextField(db_default="applied")
    channel = models.TextField(db_default="site")
    language = models.TextField(db_default="ja")
    email_token = models.TextField(null=True)
    brand = models.TextField(db_default="")
    last_four = models.TextField(db_default="")
    card_payment = models.TextField(db_default="")
    """Id of the card check for which the card was entered: the vault knows the card by it."""
    step = models.IntegerField(db_default=1)
    event = models.TextField(db_default="applied")
    moved_by = models.TextField(db_default="payments")
    why = models.TextField(db_default="")
    ended_by = models.TextField(db_default="")
    ended_at = models.DateTimeField(null=True)
    forget_card_at = models.DateTimeField(null=True)
    """When the card of an ended enrolment is forgotten; until then it may be reinstated."""
    expires_month = models.TextField(db_default="")
    """``YYYY-MM`` after which the card in use is good no more, once the holder was warned."""
    warned_card = models.TextField(db_default="")
    """Token of the card that the holder was last warned of: one warning a card."""
    change_asked_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "enrolment"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["policy"], condition=Q(status="active"), name="one_active_enrolment"
            ),
            models.CheckConstraint(
                condition=Q(status__in=["applied", "active", "refused", "ended"]),
                name="enrolment_status",
            ),
            models.CheckConstraint(
                condition=Q(channel__in=["site", "paper"]), name="enrolment_channel"
            ),
            models.CheckConstraint(
                condition=Q(status="ended", ended_by__in=["holder", "body", "policy_ended"])
                | ~Q(status="ended") & Q(ended_by=""),
                name="enrolment_ended_by",
            ),
            models.CheckConstraint(condition=~Q(moved_by=""), name="enrolment_moved_by"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["client_body", "id"], name="enrolment_pages"),
            models.Index(fields=["card_token"], condition=~Q(card_token=""), name="enrolment_card"),
            models.Index(
                fields=["forget_card_at"],
                condition=Q(forget_card_at__isnull=False),
                name="enrolment_forget",
            ),
        ]


class EnrolmentEvent(models.Model):
    """One step. Written by trigger; the runtime role may only read it."""

    pk = models.CompositePrimaryKey("enrolment_id", "step")
    enrolment_id = models.TextField()
    step = models.IntegerField()
    client_body = models.TextField()
    at = models.DateTimeField(db_default=Now())
    from_status = models.TextField()
    to_status = models.TextField()
    event = models.TextField()
    moved_by = models.TextField()
    why = models.TextField()

    class Meta:
        db_table = "enrolment_event"


class EnrolmentEdge(models.Model):
    """``enrolments.life.EDGES``; filled by migration, read by the trigger on ``enrolment``."""

    pk = models.CompositePrimaryKey("source", "target", "event")
    source = models.TextField()
    target = models.TextField()
    event = models.TextField()

    class Meta:
        db_table = "enrolment_edge"


class CardLink(models.Model):
    """A link by which a holder gives another card; of its token only the digest is kept."""

    id = models.TextField(primary_key=True)
    client_body = models.TextField()
    enrolment = models.ForeignKey(Enrolment, models.PROTECT)
    key = models.TextField()
    digest = models.BinaryField(unique=True)
    asked_by = models.TextField()
    asked_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    wrong = models.SmallIntegerField(db_default=0)
    """Wrong dates of birth given for it."""
    payment_id = models.TextField(db_default="")
    """The newest card check that was begun by it."""
    closed_at = models.DateTimeField(null=True)
    """Used, taken back, or shut after wrong dates."""

    class Meta:
        db_table = "card_link"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["client_body", "key"], name="card_link_key"),
        ]


class PaperApplication(models.Model):
    """An application that came on paper, and who entered and checked it. What was typed lies in
    the vault; how far it has come is told by its payment (a card check)."""

    id = models.TextField(primary_key=True)
    client_body = models.TextField()
    enrolment = models.ForeignKey(Enrolment, models.PROTECT)
    payment = models.OneToOneField("payments.Payment", models.PROTECT)
    start_key = models.TextField()
    purpose = models.TextField()
    check_kind = models.TextField()
    applied_on = models.DateField()
    entered_by = models.TextField()
    entered_at = models.DateTimeField()
    second_by = models.TextField(db_default="")
    """Whose second entry of the items was the same."""
    differs = models.TextField(db_default="")
    """Fields, with commas, in which the newest second entry was not the first."""
    checked_by = models.TextField(db_default="")
    checked_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "paper_application"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["client_body", "start_key"], name="paper_start_key"),
            models.CheckConstraint(
                condition=~Q(entered_by="")
                & ~Q(checked_by=F("entered_by"))
                & ~Q(second_by=F("entered_by")),
                name="paper_second_person",
            ),
            models.CheckConstraint(
                condition=Q(
                    purpose__in=["application", "card_change"],
                    check_kind__in=["double_entry", "second_person"],
                ),
                name="paper_words",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["client_body", "-id"], name="paper_newest")]
