#!/usr/bin/env python
"""The command line: `python manage.py up` runs everything in one process."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "papertrading.settings")
    if len(sys.argv) > 1 and sys.argv[1] == "up":
        # Which venue this DATA_DIR is for decides the database names, so it must be known before settings.
        from papertrading.source import decide

        decide()
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
