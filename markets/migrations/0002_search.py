"""The full-text index stands beside the tables; its own file, so that 0001 can be made anew."""

from django.db import migrations

from markets.search import create_index


def create(apps, schema_editor) -> None:
    create_index(using=schema_editor.connection.alias)


class Migration(migrations.Migration):
    dependencies = [("markets", "0001_initial")]
    operations = [migrations.RunPython(create, migrations.RunPython.noop)]
