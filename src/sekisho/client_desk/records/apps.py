from django.apps import AppConfig


class ClientDeskRecords(AppConfig):
    name = "sekisho.client_desk.records"
    label = "client_desk"
    default_auto_field = "django.db.models.BigAutoField"
