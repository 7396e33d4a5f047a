"""Django's own apps with our automatic key."""

from django.contrib.admin.apps import AdminConfig
from django.contrib.auth.apps import AuthConfig
from django.contrib.contenttypes.apps import ContentTypesConfig

AUTO_FIELD = "papertrading.fields.UUIDAutoField"


class Admin(AdminConfig):
    default_auto_field = AUTO_FIELD


class Auth(AuthConfig):
    default_auto_field = AUTO_FIELD


class ContentTypes(ContentTypesConfig):
    default_auto_field = AUTO_FIELD
