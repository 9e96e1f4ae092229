from django.apps import AppConfig


class RecordsConfig(AppConfig):
    name = "sekisho.payments.records"
    label = "payments"
