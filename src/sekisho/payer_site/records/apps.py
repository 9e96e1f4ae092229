from django.apps import AppConfig


class PayerSiteRecords(AppConfig):
    name = "sekisho.payer_site.records"
    label = "payer_site"
    default_auto_field = "django.db.models.BigAutoField"
