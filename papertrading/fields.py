"""The one automatic key that SQLite and MongoDB both keep: a UUID in column `_id`."""

import uuid
from typing import Any

from django.db import models


class UUIDAutoField(models.AutoField):
    """Stands in for AutoField in Django's own apps; our models name their keys themselves.

    With a plain AutoField the MongoDB backend hands back an ObjectId, and Django's stock migrations
    fail on it; so the contrib migrations are made anew with this field (`contrib_migrations/`).
    """

    db_returning = False  # else the ObjectId of insert_many() overwrites the key
    empty_strings_allowed = False
    default_error_messages = models.UUIDField.default_error_messages

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("default", uuid.uuid4)
        kwargs["db_column"] = "_id"
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        kwargs.pop("default", None)
        kwargs.pop("db_column", None)
        return name, path, args, kwargs

    def get_internal_type(self) -> str:
        return "UUIDField"

    def db_type(self, connection: Any) -> Any:
        return models.Field.db_type(self, connection)

    rel_db_type = db_type

    def to_python(self, value: Any) -> Any:
        return models.UUIDField.to_python(self, value)  # type: ignore[arg-type]

    def get_prep_value(self, value: Any) -> Any:
        return self.to_python(value)

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        return models.UUIDField.get_db_prep_value(self, value, connection, prepared)  # type: ignore[arg-type]

    @property
    def validators(self) -> list[Any]:
        return [*self.default_validators, *self._validators]

    def formfield(self, **kwargs: Any) -> None:
        return None
