from django.apps import AppConfig


class PapertradingConfig(AppConfig):
    name = "papertrading"
    default_auto_field = "papertrading.fields.UUIDAutoField"
