from django.apps import AppConfig


class TradingConfig(AppConfig):
    name = "trading"
    default_auto_field = "papertrading.fields.UUIDAutoField"

    def ready(self) -> None:
        import trading.checks  # noqa: F401, PLC0415 -- registering needs the apps loaded
