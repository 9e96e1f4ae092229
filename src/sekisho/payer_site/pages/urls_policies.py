"""Addresses of a site of kind ``policies``."""

from sekisho.payer_site.pages.urls import OF_EVERY_SITE, OF_POLICIES

urlpatterns = [*OF_EVERY_SITE, *OF_POLICIES]

handler404 = "sekisho.payer_site.pages.entry.not_found"
handler500 = "sekisho.payer_site.pages.entry.failed"
