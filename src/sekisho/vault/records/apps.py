from django.apps import AppConfig


class VaultRecords(AppConfig):
    name = "sekisho.vault.records"
    label = "vault"
    default_auto_field = "django.db.models.BigAutoField"
