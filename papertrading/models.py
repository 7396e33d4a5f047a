"""What belongs to the whole site."""

from django.db import models


class Setting(models.Model):
    """A setting that an admin may change while the site runs."""

    name = models.CharField(primary_key=True, db_column="_id", max_length=60)
    value = models.JSONField()
    description = models.CharField(max_length=200, blank=True, default="")

    def __str__(self) -> str:
        return self.name
