"""Where the API stands."""

from __future__ import annotations

from django.urls import path

from sekisho.client_desk.api import limits
from sekisho.client_desk.api.frame import DOCUMENT_PATH, api, show_document

_ROOT = limits.ROOT.lstrip("/")

urlpatterns = [
    path(_ROOT + DOCUMENT_PATH, show_document),
    path(_ROOT + "/", api.urls),
]
