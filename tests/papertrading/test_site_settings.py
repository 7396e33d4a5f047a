"""Settings that an admin edits while the site runs."""

import pytest

from accounts.models import User
from papertrading.models import Setting
from papertrading.site_settings import ANNOUNCEMENT, make_known_settings, site_setting

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.portable]


@pytest.fixture
def admin(client):
    user = User.objects.create_superuser(email="ada@example.com", password="correct-horse-9")
    client.force_login(user)
    return client


def test_an_announcement_is_on_every_page_as_soon_as_it_is_saved(admin):
    make_known_settings()
    page = f"/admin/papertrading/setting/{ANNOUNCEMENT}/change/"
    assert site_setting(ANNOUNCEMENT) == ""

    answer = admin.post(page, {"value": "Back at 9 & fine"})

    assert answer.status_code == 302
    assert site_setting(ANNOUNCEMENT) == "Back at 9 & fine"
    assert "Back at 9 &amp; fine" in admin.get("/status").content.decode()


def test_making_the_known_settings_twice_keeps_what_was_edited():
    make_known_settings()
    Setting.objects.filter(pk=ANNOUNCEMENT).update(value="kept")

    make_known_settings()

    assert Setting.objects.get(pk=ANNOUNCEMENT).value == "kept"
    assert Setting.objects.count() == 1


def test_settings_are_neither_added_nor_removed_by_hand(admin):
    make_known_settings()

    assert admin.get("/admin/papertrading/setting/add/").status_code == 403
    assert (
        admin.post(f"/admin/papertrading/setting/{ANNOUNCEMENT}/delete/", {"post": "yes"}).status_code == 403
    )
    assert Setting.objects.count() == 1


def test_an_unknown_setting_is_a_mistake():
    with pytest.raises(KeyError):
        site_setting("colour")
