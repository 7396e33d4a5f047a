"""Reads pages as a person would: tags, words, and who is signed in."""

import re
from html.parser import HTMLParser

from django.test import Client


class Page(HTMLParser):
    """The tags of a page, with their attributes, in order."""

    def __init__(self, answer) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict]] = []
        self.feed(answer.content.decode())

    def handle_starttag(self, tag, attrs) -> None:
        self.tags.append((tag, dict(attrs)))

    def all(self, tag: str, **wanted) -> list[dict]:
        return [found for name, found in self.tags if name == tag and wanted.items() <= found.items()]

    def field(self, name: str) -> dict:
        return next(found for found in self.all("input") if found.get("name") == name)


def text(answer) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def who(browser: Client) -> str | None:
    answer = browser.get("/whoami")
    return answer.json().get("email") if answer.status_code == 200 else None
