from django.apps import AppConfig


class RecordsConfig(AppConfig):
    name = "sekisho.card_network.records"
    label = "card_network"
