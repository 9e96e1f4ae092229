"""A throw-away database with an outbox in it, and Django on it without any zone."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import django
import pytest
from django.conf import settings
from django.db import connection

from sekisho.processes.cluster import Cluster
from sekisho.processes.roles import make_zone, owner_login
from sekisho.transport import outbox


@pytest.fixture(scope="session")
def outbox_database() -> Iterator[None]:
    with tempfile.TemporaryDirectory(prefix="sekisho-outbox-") as folder:
        cluster = Cluster(Path(folder) / "postgres", durable=False)
        cluster.start()
        make_zone(cluster, "payments")
        with owner_login(cluster, "payments") as owner:
            settings.configure(
                DATABASES={
                    "default": {
                        "ENGINE": "django.db.backends.postgresql",
                        "NAME": owner.database,
                        "USER": owner.role,
                        "PASSWORD": owner.password,
                        "HOST": owner.socket_folder,
                        "PORT": owner.port,
                    }
                },
                INSTALLED_APPS=[],
                USE_TZ=True,
            )
            django.setup()
            with connection.cursor() as cursor:
                cursor.execute(outbox.CREATE_SQL)
            yield
            connection.close()
        cluster.stop()


@pytest.fixture
def empty_outbox(outbox_database: None) -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE outbox")
    yield
