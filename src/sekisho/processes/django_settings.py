"""Django's settings for one process: that zone's records alone, its own role, safe defaults."""

import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sekisho.transport.briefing import Briefing, DatabaseRole

LANGUAGES = (("ja", "日本語"), ("en", "English"))
TIME_ZONE = "Asia/Tokyo"
MAX_FORM_BYTES = 64 * 1024
MAX_FORM_FIELDS = 200
CONNECT_LIMIT_SECONDS = 5
SECRET_KEY_BYTES = 48


def build(
    briefing: Briefing | None,
    *,
    zone: str | None,
    urls: str | None = None,
    apps: Sequence[str] = (),
    middleware: Sequence[str] = (),
    template_folders: Sequence[Path] = (),
    context_processors: Sequence[str] = (),
    **more: Any,
) -> dict[str, Any]:
    """Give the settings of one process, for `set_up` or a settings module.

    briefing: tells the database role, the own folder (which keeps the key that signs cookies) and
        the public address; None is enough to compare models with migrations.
    zone: whose `records` app is loaded, None for a process without records.
    urls: the dotted name of the URL module; None for a process without pages.
    more: further settings by their Django names; they win.
    """
    settings: dict[str, Any] = {
        "DEBUG": False,
        "SECRET_KEY": _secret_key(Path(briefing.folder)) if briefing else "compares-models-only",
        "ALLOWED_HOSTS": _hosts(briefing),
        "INSTALLED_APPS": [*([f"sekisho.{zone}.records"] if zone else []), *apps],
        "MIDDLEWARE": list(middleware),
        "ROOT_URLCONF": urls,
        "TEMPLATES": [_templates(template_folders, context_processors)],
        "DATABASES": {"default": database_settings(briefing.database if briefing else None)},
        "DEFAULT_AUTO_FIELD": "django.db.models.BigAutoField",
        "LANGUAGE_CODE": "ja",
        "LANGUAGES": LANGUAGES,
        "TIME_ZONE": TIME_ZONE,
        "USE_TZ": True,
        "USE_I18N": True,
        # Our own logging is set up before Django and masks what it writes.
        "LOGGING_CONFIG": None,
        "DATA_UPLOAD_MAX_MEMORY_SIZE": MAX_FORM_BYTES,
        "DATA_UPLOAD_MAX_NUMBER_FIELDS": MAX_FORM_FIELDS,
        "FILE_UPLOAD_HANDLERS": [],
    }
    return settings | _safe_cookies() | more


def set_up(settings: dict[str, Any]) -> None:
    """Make `settings` Django's, once per process, and load the app registry."""
    import django
    from django.conf import settings as django_settings

    django_settings.configure(**settings)
    django.setup()
    if settings["DATABASES"]["default"]["ENGINE"].endswith("postgresql"):
        from sekisho.database.connections import look_before_asking

        look_before_asking()


def database_settings(database: DatabaseRole | None) -> dict[str, Any]:
    """Django's `DATABASES` entry for a zone's role.

    The schema is the role's own setting in PostgreSQL, so that no line of code can miss it.
    """
    if database is None:
        return {"ENGINE": "django.db.backends.dummy"}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": database.database,
        "USER": database.role,
        "PASSWORD": database.password,
        "HOST": database.socket_folder,
        "PORT": str(database.port),
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"connect_timeout": CONNECT_LIMIT_SECONDS},
    }


def _templates(folders: Sequence[Path], processors: Sequence[str]) -> dict[str, Any]:
    always = (
        "django.template.context_processors.request",
        "django.template.context_processors.i18n",
    )
    return {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [str(folder) for folder in folders],
        "APP_DIRS": False,
        "OPTIONS": {"context_processors": [*always, *processors]},
    }


def _safe_cookies() -> dict[str, Any]:
    """Cookie and header settings of every page; TLS is added by the proxy in production."""
    return {
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "CSRF_COOKIE_HTTPONLY": True,
        "CSRF_COOKIE_SAMESITE": "Lax",
        "SECURE_CONTENT_TYPE_NOSNIFF": True,
        "SECURE_REFERRER_POLICY": "same-origin",
        "SECURE_CROSS_ORIGIN_OPENER_POLICY": "same-origin",
        "X_FRAME_OPTIONS": "DENY",
    }


def _hosts(briefing: Briefing | None) -> list[str]:
    """The one host name that the process's public address has; loopback's other names with it."""
    address = briefing.addresses.get(briefing.process, "") if briefing else ""
    host = urlsplit(address).hostname or "localhost"
    return [host, "127.0.0.1"] if host == "localhost" else [host]


def _secret_key(own_folder: Path) -> str:
    """The key that signs this process's cookies, made at its first start and kept (0600)."""
    file = own_folder / "cookie_key"
    try:
        return file.read_text(encoding="ascii")
    except FileNotFoundError:
        key = secrets.token_urlsafe(SECRET_KEY_BYTES)
        file.touch(mode=0o600)
        file.write_text(key, encoding="ascii")
        return key
