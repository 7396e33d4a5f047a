from django.apps import AppConfig


class LivedataConfig(AppConfig):
    name = "livedata"
    default_auto_field = "papertrading.fields.UUIDAutoField"
