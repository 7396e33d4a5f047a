#!/usr/bin/env python
"""The command line: `python manage.py up` runs everything in one process."""

import os
import sys

from papertrading.launch import prepared


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "papertrading.settings")
    # Which venue a DATA_DIR is for decides the database names, so it must be known before Django is.
    with prepared(sys.argv[1:]):
        from django.core.management import execute_from_command_line

        execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
