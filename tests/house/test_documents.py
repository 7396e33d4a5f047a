"""Documents say all that is there, and nothing that is not."""

import re
from importlib import import_module
from pathlib import Path

import pytest
from django.core.management import get_commands
from django.urls import URLPattern, URLResolver, get_resolver

from papertrading.source import POLYMARKET
from tests.house.code import APPS, ROOT, python_files

READ = re.compile(
    r"""(?:text|number|flag|names|one_of|kept_secret|_asked)\(\s*"([A-Z][A-Z_]+)\""""
    r"""|environ(?:\.get\(\s*|\[)"([A-Z][A-Z_]+)\""""
)
NOT_SETTINGS = {"DJANGO_SETTINGS_MODULE", "DJANGO_ALLOW_ASYNC_UNSAFE"}  # Django's own
DOCUMENTS = sorted(path for path in ROOT.glob("*.md")) + sorted((ROOT / "docs").rglob("*.md"))


def settings_read() -> set[str]:
    sources = python_files(*APPS, "tests")
    found = {name for source in sources for pair in READ.findall(source.text) for name in pair if name}
    written = {"LATENCY_MS"}  # set by tests, read through settings.py all the same
    return (found | set(POLYMARKET) | written) - NOT_SETTINGS


def settings_documented() -> set[str]:
    rows = [line for line in (ROOT / "docs/settings.md").read_text().splitlines() if line.startswith("| `")]
    return {name for row in rows for name in re.findall(r"`([A-Z][A-Z_]+)`", row.split("|")[1])}


def test_every_setting_is_documented_and_every_documented_one_is_read():
    assert settings_documented() == settings_read()


def test_every_command_is_documented():
    own = {name for name, app in get_commands().items() if app in APPS}
    text = (ROOT / "docs/operations.md").read_text()
    documented = set(re.findall(r"^\| `([a-z_]+)", text.split("## Commands")[1].split("\n## ")[0], re.M))

    assert documented == own


def test_every_command_says_what_it_does():
    silent = []
    for name, app in get_commands().items():
        if app in APPS:
            command = import_module(f"{app}.management.commands.{name}").Command
            if not command.help:
                silent.append(name)
    assert silent == []


def test_budgets_of_documents():
    assert len((ROOT / "README.md").read_text().splitlines()) <= 120
    assert len((ROOT / "Makefile").read_text().splitlines()) <= 40


def test_make_targets_that_documents_name_exist():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))
    named = {
        target for path in DOCUMENTS for target in re.findall(r"`?\bmake ([a-z][a-z-]*)`", path.read_text())
    }
    assert named - targets == set()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(document: Path):
    broken = [
        target
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", document.read_text())
        if "://" not in target and not (document.parent / target).exists()
    ]
    assert broken == []


def test_decisions_are_numbered_in_one_row():
    numbers = [int(path.name[:4]) for path in sorted((ROOT / "docs/decisions").glob("*.md"))]
    assert numbers == list(range(1, len(numbers) + 1))


def test_routes_of_programs_end_without_a_slash():
    slashed = [
        route for route in routes(get_resolver()) if route.endswith("/") and not route.startswith("admin/")
    ]
    assert slashed == []


def routes(resolver: URLResolver, prefix: str = "") -> list[str]:
    found: list[str] = []
    for pattern in resolver.url_patterns:
        route = f"{prefix}{pattern.pattern}"
        if isinstance(pattern, URLPattern):
            found.append(route)
        elif not route.startswith("admin/"):
            found += routes(pattern, route)
    return found
