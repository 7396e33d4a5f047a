"""What cannot be run here (Docker) is at least read: its commands and variables exist."""

import re

import yaml
from django.core.management import get_commands

from tests.house.code import ROOT
from tests.house.test_documents import settings_documented

SERVER_OWN = {"FORWARDED_ALLOW_IPS"}  # uvicorn reads it itself
COMPOSE_OWN = {"HOST", "PORT"}


def services() -> dict[str, dict[str, object]]:
    return dict(yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"])


def test_every_command_of_the_containers_exists():
    texts = [str(service.get("command", "")) for service in services().values()]
    texts.append((ROOT / "Dockerfile").read_text().replace('", "', " "))

    named = {name for text in texts for name in re.findall(r"manage\.py (\w+)", text)}

    assert named == {"collectstatic", "feed", "matcher", "migrate_all", "serve", "settler", "up"}
    assert named <= set(get_commands())


def test_every_variable_of_the_containers_is_a_setting():
    environment = set(services()["web"]["environment"])
    example = set(re.findall(r"^#? ?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.M))

    assert environment - SERVER_OWN <= settings_documented()
    assert example <= settings_documented()
    assert example - COMPOSE_OWN <= environment


def test_there_is_one_feed_one_settler_one_beat_and_every_shard():
    commands = {name: str(service.get("command", "")) for name, service in services().items()}

    assert [name for name, text in commands.items() if text.endswith(" feed")] == ["feed"]
    assert [name for name, text in commands.items() if text.endswith(" settler")] == ["settler"]
    assert [name for name, text in commands.items() if " beat" in text] == ["beat"]
    shards = [re.search(r"--shard (\d+)/(\d+)", text) for text in commands.values()]
    found = {(int(match[1]), int(match[2])) for match in shards if match}
    assert found == {(number, len(found)) for number in range(len(found))}


def test_mongodb_is_a_replica_set_and_redis_drops_nothing():
    assert "--replSet" in str(services()["mongo"]["command"])
    assert "noeviction" in str(services()["redis"]["command"])
