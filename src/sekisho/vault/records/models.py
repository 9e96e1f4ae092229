"""The vault's tables. Every row of a client body is seen only while its transaction has named that
body (``visible_to``): row-level security in the migration, held by PostgreSQL."""

from django.db import models


class DataKey(models.Model):
    """A wrapped key of one client body. ``use``: ``kept`` (enrolments, personal items),
    ``one_off`` (one version a day, its wrapping key destroyed later) or ``fingerprint``."""

    client_body = models.CharField(max_length=64)
    use = models.CharField(max_length=16)
    version = models.PositiveIntegerField()
    wrapped_by = models.CharField(max_length=63)
    wrapped = models.BinaryField()
    made_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "data_key"
        constraints = [
            models.UniqueConstraint(fields=["client_body", "use", "version"], name="data_key_once"),
        ]


class Subject(models.Model):
    """Somebody, or one card. ``wrapped_key`` empty: forgotten, nothing of it opens again."""

    token = models.CharField(max_length=64, primary_key=True)
    client_body = models.CharField(max_length=64)
    use = models.CharField(max_length=16)
    data_key_version = models.PositiveIntegerField()
    subject_key_version = models.PositiveIntegerField(default=1)
    wrapped_key = models.BinaryField(null=True)
    made_at = models.DateTimeField()
    forgotten_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "subject"
        indexes = [
            models.Index(
                fields=["client_body", "use", "data_key_version"],
                condition=models.Q(wrapped_key__isnull=False),
                name="subject_living",
            ),
        ]


class Item(models.Model):
    """One sealed item. Its token is random and tells nothing."""

    token = models.CharField(max_length=64, primary_key=True)
    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="items")
    client_body = models.CharField(max_length=64)
    kind = models.CharField(max_length=20)
    sealed = models.BinaryField()
    fingerprint = models.BinaryField()
    """Keyed (``fingerprints``); no truncated number lies beside it (PCI DSS 3.5.1, note)."""
    fingerprint_key_version = models.PositiveIntegerField(default=1)
    made_at = models.DateTimeField()

    class Meta:
        db_table = "item"


class Card(models.Model):
    """What the vault itself recorded when a card was entered: a release must fit it."""

    token = models.CharField(max_length=64, primary_key=True)
    subject = models.OneToOneField(Subject, on_delete=models.PROTECT)
    client_body = models.CharField(max_length=64)
    payment_id = models.CharField(max_length=64, db_index=True)
    site = models.CharField(max_length=64)
    kept = models.BooleanField()
    entered_at = models.DateTimeField()
    forgotten_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "card"


class CardForm(models.Model):
    """A card form; only the digest of its token is kept, so the table opens no form."""

    token_digest = models.BinaryField(unique=True)
    payment_id = models.CharField(max_length=64, db_index=True)
    client_body = models.CharField(max_length=64)
    site = models.CharField(max_length=64)
    kept = models.BooleanField()
    language = models.CharField(max_length=2)
    parent_origin = models.CharField(max_length=200)
    return_url = models.CharField(max_length=500)
    accepted_brands = models.JSONField()
    card_token = models.CharField(max_length=64, unique=True)
    state = models.CharField(max_length=10, default="open")
    tries = models.PositiveSmallIntegerField(default=0)
    opened_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    paper = models.BooleanField(default=False, db_default=False)
    """A clerk's, at the desk: no security code is asked for."""
    compares_with = models.CharField(max_length=64, default="", db_default="")
    """Token of the first entry's card: what is typed is compared with it and not kept."""

    class Meta:
        db_table = "card_form"


class SpentPermit(models.Model):
    """A permit that was used: the second insert of its id fails."""

    permit_id = models.CharField(max_length=64, primary_key=True)
    client_body = models.CharField(max_length=64)
    payment_id = models.CharField(max_length=64)
    card_token = models.CharField(max_length=64)
    purpose = models.CharField(max_length=16)
    spent_at = models.DateTimeField()

    class Meta:
        db_table = "spent_permit"


class ReleaseBudget(models.Model):
    """Releases of one hour, by client body and (``*``) together: taken in blocks by the vault's
    processes (``count_releases``), so that releases don't wait on each other. Only ever counts up;
    ``allowed_more`` is what an operator allowed on top when the breaker had tripped."""

    client_body = models.CharField(max_length=64)
    hour = models.DateTimeField()
    released = models.PositiveIntegerField()
    allowed_more = models.PositiveIntegerField(default=0)
    tripped_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "release_budget"
        constraints = [
            models.UniqueConstraint(fields=["client_body", "hour"], name="release_budget_once"),
        ]


class MatchBudget(models.Model):
    """Comparisons with one item in one hour. Only ever counts up."""

    client_body = models.CharField(max_length=64)
    token = models.CharField(max_length=64)
    hour = models.DateTimeField()
    tried = models.PositiveIntegerField()

    class Meta:
        db_table = "match_budget"
        constraints = [
            models.UniqueConstraint(fields=["token", "hour"], name="match_budget_once"),
        ]


class StoredKey(models.Model):
    """An answer given for an idempotency key, and the digest of what was asked."""

    client_body = models.CharField(max_length=64)
    caller = models.CharField(max_length=80)
    key = models.CharField(max_length=200)
    asked = models.BinaryField()
    answered = models.BinaryField()
    stored_at = models.DateTimeField()

    class Meta:
        db_table = "stored_key"
        constraints = [
            models.UniqueConstraint(
                fields=["client_body", "caller", "key"], name="stored_key_once"
            ),
        ]


class MailOutgoing(models.Model):
    """A mail that was ordered: words and figures without a personal item; the address is put in at
    delivery and kept nowhere."""

    key = models.CharField(max_length=200)
    client_body = models.CharField(max_length=64)
    token = models.CharField(max_length=64)
    template = models.CharField(max_length=40)
    language = models.CharField(max_length=2)
    facts = models.JSONField()
    state = models.CharField(max_length=10, default="waiting")
    tries = models.PositiveSmallIntegerField(default=0)
    ordered_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    link_token = models.CharField(max_length=64, default="", db_default="")
    """Of the link in it; wiped when the mail has left or was given up."""

    class Meta:
        db_table = "mail_outgoing"
        constraints = [
            models.UniqueConstraint(fields=["client_body", "key"], name="mail_outgoing_once"),
        ]
        indexes = [
            # Health looks every few seconds.
            models.Index(
                fields=["client_body"], name="mail_failed", condition=models.Q(state="failed")
            ),
        ]


from sekisho.vault.records.postcard_models import PostcardOutgoing  # noqa: E402, F401
