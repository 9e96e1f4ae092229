"""Addresses of a site of kind ``bills``."""

from sekisho.payer_site.pages.urls import OF_BILLS, OF_EVERY_SITE

urlpatterns = [*OF_EVERY_SITE, *OF_BILLS]

handler404 = "sekisho.payer_site.pages.entry.not_found"
handler500 = "sekisho.payer_site.pages.entry.failed"
