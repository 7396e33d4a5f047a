"""The full-text indexes stand beside the tables; its own file, so that 0001 can be made anew."""

from django.db import migrations

from markets.search import create_indexes


def create(apps, schema_editor) -> None:
    create_indexes(using=schema_editor.connection.alias)


class Migration(migrations.Migration):
    dependencies = [("markets", "0001_initial")]
    operations = [migrations.RunPython(create, migrations.RunPython.noop)]
