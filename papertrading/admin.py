"""The admin's frame, and what belongs to the whole site."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from papertrading.models import Setting
from papertrading.site_settings import forget

admin.site.site_header = "PaperTradingPM"
admin.site.site_title = "PaperTradingPM admin"
admin.site.index_title = "Accounts, markets, portfolios, limits"


class SettingForm(forms.ModelForm):
    value = forms.CharField(required=False, max_length=300, strip=True)

    class Meta:
        model = Setting
        fields = ("value",)


@admin.register(Setting)
class SettingAdmin(admin.ModelAdmin):
    """The known settings: edited, never added or removed by hand."""

    form = SettingForm
    list_display = ("name", "value", "description")
    readonly_fields = ("name", "description")

    def has_add_permission(self, _request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, _request: HttpRequest, _row: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Setting, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        forget(obj.name)
