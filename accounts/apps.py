from django.apps import AppConfig

from accounts import checks

assert checks, "importing it registers our checks"


class AccountsConfig(AppConfig):
    name = "accounts"
    default_auto_field = "papertrading.fields.UUIDAutoField"
