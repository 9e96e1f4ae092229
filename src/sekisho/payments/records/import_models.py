"""Files that come in: rows are laid aside here and count only after their commit."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class ImportFile(models.Model):
    """A file that was opened; ``result`` (JSON) once it was committed and taken."""

    id = models.TextField(primary_key=True)
    client_body = models.ForeignKey(
        "payments.ClientBody", models.PROTECT, db_index=False, db_column="client_body"
    )
    kind = models.TextField()
    file_digest = models.TextField()
    file_name = models.TextField()
    opened_by = models.TextField()
    opened_at = models.DateTimeField(db_default=Now())
    committed_at = models.DateTimeField(null=True)
    result = models.TextField(db_default="")

    class Meta:
        db_table = "import_file"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["client_body", "kind", "file_digest"],
                condition=Q(committed_at__isnull=False),
                name="file_taken_once",
            )
        ]


class BillStaged(models.Model):
    """A bill row laid aside."""

    pk = models.CompositePrimaryKey("import_id", "line")
    import_id = models.TextField()
    line = models.IntegerField()
    client_body = models.TextField()
    bill_id = models.TextField()
    payee_number = models.TextField()
    payment_number = models.TextField()
    confirmation_number = models.TextField()
    category_number = models.TextField()
    item_ja = models.TextField()
    item_en = models.TextField()
    fiscal_year = models.IntegerField()
    term = models.TextField()
    amount_yen = models.BigIntegerField()
    first_payable_at = models.DateTimeField()
    due_date = models.DateField()
    payable_until = models.DateTimeField()
    withdrawn = models.BooleanField()

    class Meta:
        db_table = "bill_staged"


class PolicyStaged(models.Model):
    """A policy row laid aside; ``box`` is sealed to the vault until its commit."""

    pk = models.CompositePrimaryKey("import_id", "line")
    import_id = models.TextField()
    line = models.IntegerField()
    client_body = models.TextField()
    policy_id = models.TextField()
    policy_number = models.TextField()
    product_ja = models.TextField()
    product_en = models.TextField()
    yearly_premium_yen = models.BigIntegerField()
    joined_month = models.IntegerField()
    ended = models.BooleanField()
    box = models.BinaryField()
    subject = models.TextField(db_default="")
    date_of_birth_token = models.TextField(db_default="")
    fault = models.TextField(db_default="")
    """Why the vault did not take the box."""

    class Meta:
        db_table = "policy_staged"
