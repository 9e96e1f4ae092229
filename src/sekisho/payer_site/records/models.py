"""The site's two tables, in a schema of the site's own."""

from django.db import models


class Visit(models.Model):
    """A browser that came. Its cookie is a random token, of which only the hash is here: whoever
    reads the table can be nobody."""

    digest = models.BinaryField(primary_key=True, max_length=32)
    opened_at = models.DateTimeField()
    ends_at = models.DateTimeField(db_index=True)

    class Meta:
        db_table = "visit"


class Errand(models.Model):
    """One thing that a payer came for, in one tab: a bill to pay or a policy to enrol.

    Its handle, in the address of each page, is random too and kept as a hash."""

    handle_digest = models.BinaryField(unique=True, max_length=32)
    visit = models.ForeignKey(Visit, on_delete=models.CASCADE, related_name="errands")
    kind = models.CharField(max_length=8)
    facts = models.JSONField()
    """``BillFacts`` or ``PolicyFacts``: no personal item."""
    shown_number = models.CharField(max_length=40)
    """Last digits of the number that the payer typed, to recognise it by; for a bill without a slip
    the client body's whole reference."""
    link_id = models.CharField(max_length=64, blank=True, default="")
    """Of the link by which the payer came; the link's token is not kept."""
    printed = models.BooleanField(default=True)
    """Whether the bill has a slip."""
    test = models.BooleanField(default=False)
    """Of a client body's twin for trying out: the pages say so, and no real money moves."""
    return_url = models.CharField(max_length=1000, blank=True, default="")
    """The client body's page that the payer is offered at the end."""
    card_change = models.BooleanField(default=False)
    """Another card for an enrolment that there is already."""
    sealed = models.BinaryField(null=True)
    """Personal items typed here, sealed to the vault; gone when the errand is done."""
    mail_wanted = models.BooleanField(default=False)
    agreed_at = models.DateTimeField(null=True)
    turn = models.PositiveIntegerField(default=0)
    """Counts what was sent: a form of an earlier turn, sent again, changes nothing."""
    payment_key = models.CharField(max_length=64)
    payment_id = models.CharField(max_length=64, blank=True)
    reference = models.CharField(max_length=32, blank=True)
    card_form_url = models.CharField(max_length=500, blank=True)
    confirmed_at = models.DateTimeField(null=True)
    """Noted before payments is asked to charge: from then on no page says "nothing was taken"
    unless payments does."""
    opened_at = models.DateTimeField()

    class Meta:
        db_table = "errand"
