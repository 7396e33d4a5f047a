"""Orders that a resolution or a reset cancelled had nothing killed: matched and killed add up to the size."""

from django.db import migrations
from django.db.models import F


def say_what_was_killed(apps, schema_editor):
    cancelled = (
        apps.get_model("trading", "Order")
        .objects.using(schema_editor.connection.alias)
        .filter(status="cancelled", killed_micros=0)
    )
    cancelled.filter(amount_micros__isnull=True).update(killed_micros=F("size_micros") - F("matched_micros"))
    cancelled.filter(amount_micros__isnull=False).update(
        killed_micros=F("amount_micros") - F("notional_micros")
    )


class Migration(migrations.Migration):
    dependencies = [("trading", "0003_set_change")]

    operations = [migrations.RunPython(say_what_was_killed, migrations.RunPython.noop)]
