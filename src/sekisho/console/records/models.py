"""The console's tables."""

from __future__ import annotations

from sekisho.sign_in import people


class Person(people.Person):
    class Meta:
        db_table = "person"
        constraints = [people.one_name_per_body(name="person_one_name")]


class Invitation(people.Invitation):
    class Meta:
        db_table = "invitation"


class Passkey(people.Passkey):
    class Meta:
        db_table = "passkey"


class Visit(people.Visit):
    class Meta:
        db_table = "visit"
