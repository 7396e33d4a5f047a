"""Named troubles, switched on by command: what a client must survive.

Socket:  drop, delay, duplicate, reorder, garble, silence (open but mute), disconnect (once, now)
HTTP:    throttle (429 with Retry-After), too_early (425), error (500), html, truncate, slow,
         skew (answers' clock is off by `amount` seconds), huge_page, empty_page, cursor_loop
"""

from dataclasses import dataclass
from random import Random
from typing import Any

import orjson

from livedata.simulator.answers import Answer, Request, told

SOCKET = ("drop", "delay", "duplicate", "reorder", "garble", "silence", "disconnect")
HTTP = (
    "throttle",
    "too_early",
    "error",
    "html",
    "truncate",
    "slow",
    "skew",
    "huge_page",
    "empty_page",
    "cursor_loop",
)
_BLOCK_PAGE = b"<!DOCTYPE html><html><head><title>Access denied</title></head><body>Error 1015</body></html>"
_HUGE = 64 * 1024 * 1024


@dataclass(slots=True, kw_only=True)
class Fault:
    """One trouble in force. `rate` is its chance per frame or answer."""

    name: str
    rate: float = 1.0
    count: int | None = None  # how often it may still strike
    path: str = ""  # HTTP faults: only paths that start so, prefix included ("/gamma/markets")
    amount: float = 1.0  # seconds: of delay, Retry-After or clock skew


class Faults:
    """The troubles in force. Draws come from a seed of their own, so the world does not notice."""

    def __init__(self, seed: int = 0) -> None:
        self._random = Random(seed)
        self._faults: list[Fault] = []

    def add(self, **facts: Any) -> Fault:
        """Put one in force. Raises ValueError for an unknown name, TypeError for an unknown fact."""
        fault = Fault(**facts)
        if fault.name not in SOCKET + HTTP:
            raise ValueError(f"unknown fault {fault.name!r}: one of {', '.join(SOCKET + HTTP)}")
        self._faults.append(fault)
        return fault

    def clear(self, name: str = "") -> None:
        """End all, or all of one name."""
        self._faults = [fault for fault in self._faults if name and fault.name != name]

    @property
    def active(self) -> bool:
        return bool(self._faults)

    def listed(self) -> list[dict[str, Any]]:
        return [{name: getattr(fault, name) for name in Fault.__slots__} for fault in self._faults]

    def strikes(self, name: str, path: str = "") -> Fault | None:
        """The fault of that name if it hits now; uses up one of its count."""
        for fault in self._faults:
            if fault.name != name or not path.startswith(fault.path) or fault.count == 0:
                continue
            if self._random.random() < fault.rate:
                if fault.count is not None:
                    fault.count -= 1
                return fault
        return None

    def garbled(self, text: str) -> str:
        """The frame with a stretch of it overwritten."""
        start = self._random.randrange(max(len(text) - 8, 1))
        return text[:start] + "\\x00{]\ufffd" + text[start + 8 :]

    # -- HTTP -------------------------------------------------------------------------------------

    def instead(self, path: str) -> Answer | None:
        """The answer that a fault gives in place of the venue's, if one strikes."""
        if fault := self.strikes("throttle", path):
            after = (("retry-after", f"{fault.amount:g}"),)
            return Answer(429, b'{"error":"Too Many Requests"}', headers=after)
        if self.strikes("too_early", path):
            return told({"error": "Too Early"}, 425)
        if self.strikes("error", path):
            return told({"error": "Internal server error"}, 500)
        if self.strikes("html", path):
            return Answer(200, _BLOCK_PAGE, "text/html; charset=UTF-8")
        return None

    def spoiled(self, request: Request, path: str, answer: Answer) -> Answer:
        """The venue's answer as a fault leaves it."""
        if answer.status != 200 or not answer.content_type.startswith("application/json"):
            return answer
        body = answer.body
        if path == "/clob/time" and (fault := self.strikes("skew", path)):
            body = str(int(body) + int(fault.amount)).encode()
        if self.strikes("truncate", path):
            body = body[: len(body) // 2]
        if self.strikes("huge_page", path):
            body += b" " * _HUGE
        if body is not answer.body:
            return Answer(200, body)
        if self.strikes("empty_page", path):
            return _emptied(answer)
        return _looping(request, answer) if self.strikes("cursor_loop", path) else answer


def _emptied(answer: Answer) -> Answer:
    """The same page without its rows, the cursor kept."""
    value = orjson.loads(answer.body)
    if isinstance(value, list):
        return told([])
    return told({key: [] if isinstance(part, list) else part for key, part in value.items()})


def _looping(request: Request, answer: Answer) -> Answer:
    """The page names the cursor that asked for it as the next one."""
    value = orjson.loads(answer.body)
    if not isinstance(value, dict):
        return answer
    cursor = request.text("after_cursor") or request.text("next_cursor") or value.get("next_cursor", "")
    return told(value | {"next_cursor": cursor}) if cursor else answer
