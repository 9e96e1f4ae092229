"""Passkeys."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import migrations

from sekisho.sign_in.passkey_table import passkey_operations


class Migration(migrations.Migration):
    dependencies: ClassVar = [("console", "0001_first")]

    operations: ClassVar[list[Any]] = passkey_operations()
