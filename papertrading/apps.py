from django.apps import AppConfig

from papertrading.celery import app


class PapertradingConfig(AppConfig):
    name = "papertrading"
    default_auto_field = "papertrading.fields.UUIDAutoField"
    celery_app = app  # made with Django, so that a task sent from anywhere finds its queue
