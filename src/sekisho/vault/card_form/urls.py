"""Addresses of the card form. The token is one path segment that the request log masks."""

from django.urls import path

from sekisho.vault.card_form.pages import card_form, unknown_page
from sekisho.vault.card_form.quiet_log import mask_tokens

mask_tokens()

urlpatterns = [path("card/<str:token>", card_form, name="card_form")]

handler404 = unknown_page
