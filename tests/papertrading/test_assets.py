"""Static files: plain names before collecting, hashed ones after; scripts of others from node_modules."""

import re

import pytest
from django.contrib.staticfiles import finders
from django.core.management import call_command

from papertrading.assets import NodeModulesFinder, Storage


def test_before_collecting_names_are_plain():
    assert Storage().url("css/app.css") == "/static/css/app.css"


def test_collected_files_have_hashed_names_inside_scripts_too(settings, tmp_path):
    settings.STATIC_ROOT = tmp_path
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]  # ours alone
    call_command("collectstatic", interactive=False, verbosity=0)
    storage = Storage(location=tmp_path)

    url = storage.url("js/site.js")

    assert re.fullmatch(r"/static/js/site\.[0-9a-f]{12}\.js", url)
    collected = (tmp_path / url.removeprefix("/static/")).read_text()
    imports = re.findall(r'from "\./([^"]+)"', collected)
    assert imports
    assert all(re.fullmatch(r"[\w-]+\.[0-9a-f]{12}\.js", name) for name in imports)


@pytest.fixture
def packages(settings, tmp_path):
    settings.BASE_DIR = tmp_path
    script = tmp_path / "node_modules/lightweight-charts/dist/lightweight-charts.standalone.production.js"
    script.parent.mkdir(parents=True)
    script.write_text("charts")
    (script.parent / "typings.d.ts").write_text("no page asks for this")
    return script


def test_only_the_files_that_pages_use_are_served(packages):
    finder = NodeModulesFinder()

    assert finder.find("vendor/lightweight-charts.js") == str(packages)
    assert not finder.find("vendor/typings.d.ts")
    assert [name for name, _ in finder.list([])] == ["vendor/lightweight-charts.js"]


def test_without_installed_packages_nothing_is_found(settings, tmp_path):
    settings.BASE_DIR = tmp_path

    assert not NodeModulesFinder().find("vendor/lightweight-charts.js")
    assert list(NodeModulesFinder().list([])) == []


def test_our_own_files_are_found():
    assert finders.find("css/app.css")
