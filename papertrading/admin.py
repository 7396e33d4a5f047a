"""The admin's frame, and what belongs to the whole site."""

from django.contrib import admin

from papertrading.models import Setting

admin.site.site_header = "PaperTradingPM"
admin.site.site_title = "PaperTradingPM admin"
admin.site.index_title = "Accounts, markets, portfolios, limits"


@admin.register(Setting)
class SettingAdmin(admin.ModelAdmin):
    list_display = ("name", "value", "description")
    search_fields = ("name",)
