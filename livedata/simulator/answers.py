"""One HTTP question and its answer: the little of HTTP that the venue's three doors need."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import orjson


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()


class Refused(Exception):
    """The door says no: becomes the answer it carries."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


def told(value: Any, status: int = 200) -> Answer:
    return Answer(status, orjson.dumps(value))


@dataclass(slots=True, kw_only=True)
class Request:
    """`path` is below the door's own prefix."""

    method: str
    path: str
    query_string: str = ""
    body: bytes = b""
    query: dict[str, list[str]] = field(init=False)

    def __post_init__(self) -> None:
        self.query = parse_qs(self.query_string, keep_blank_values=True)

    def text(self, name: str, default: str = "") -> str:
        values = self.query.get(name)
        return values[0] if values else default

    def texts(self, name: str) -> list[str]:
        """All values of a repeated parameter; `name[]` is taken too."""
        return self.query.get(name, []) + self.query.get(f"{name}[]", [])

    def listed(self, name: str) -> list[str]:
        """All values of a comma list, repeated or not."""
        return [part for text in self.texts(name) for part in text.split(",") if part]


def write_cursor(value: Any) -> str:
    return urlsafe_b64encode(orjson.dumps(value)).decode()


def read_cursor(text: str) -> Any:
    """Raises ValueError when we did not write it."""
    return orjson.loads(urlsafe_b64decode(text.encode()))
