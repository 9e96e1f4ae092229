from django.apps import AppConfig


class ConsoleRecords(AppConfig):
    name = "sekisho.console.records"
    label = "console"
    default_auto_field = "django.db.models.BigAutoField"
