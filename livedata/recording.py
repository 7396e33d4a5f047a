"""The file format of recordings: one JSON object a line, gzipped when the name ends in .gz.

    {"kind": "follow", "refs": [[condition_id, token_0, token_1, tick, minimum, neg_risk], …]}
    {"kind": "event", "raw": "<Gamma's event, as sent>"}
    {"kind": "rules", "condition_id": "0x…", "raw": "<CLOB's market parameters, as sent>"}
    {"recv_ms": 1795500000123, "raw": "<a frame of the market socket, as sent>"}

Recordings that others made with frame lines alone are read too, also with books in a `data` list. A line
that a killed recorder left unfinished is the last one, and is ignored. No Django here.
"""

import gzip
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, cast

import msgspec

from livedata.core.steps import MarketRef
from livedata.core.wire import Book, Reader, read_micros


class Line(msgspec.Struct, omit_defaults=True):
    kind: str = "frame"
    recv_ms: int = 0
    raw: str = ""
    refs: list[MarketRef] = []
    condition_id: str = ""
    data: msgspec.Raw = msgspec.Raw(b"")


_decoder = msgspec.json.Decoder(Line)
_encoder = msgspec.json.Encoder()
_ABOUT = {"follow", "event", "rules"}


class Recording:
    """A file that holds one; read from the disk as it plays, so its length costs no memory."""

    def __init__(self, path: Path) -> None:
        """Looks through the file once. Raises ValueError when it is no recording, OSError when unreadable."""
        self.path = path
        self.events: list[str] = []
        self.rules: dict[str, str] = {}
        self.refs: dict[str, MarketRef] = {}
        self.begun_ms = 0
        self.frames_count = 0
        tokens: dict[str, list[str]] = {}
        ticks: dict[str, str] = {}
        for line in self._lines():
            if line.kind == "event":
                self.events.append(line.raw)
            elif line.kind == "rules":
                self.rules[line.condition_id] = line.raw
            elif line.kind == "follow":
                self.refs.update((ref.condition_id, ref) for ref in line.refs)
            else:
                self.begun_ms = self.begun_ms or line.recv_ms
                self.frames_count += 1
                if not self.refs:
                    _note_tokens(_frame(line), tokens, ticks)
        if not self.frames_count:
            raise ValueError(f"{path}: no frame in it")
        self.refs = self.refs or _refs(tokens, ticks)

    def frames(self) -> Iterator[tuple[int, bytes]]:
        """When each frame was received (milliseconds since 1970), and its bytes."""
        for line in self._lines():
            if line.kind not in _ABOUT:
                yield line.recv_ms, _frame(line)

    def _lines(self) -> Iterator[Line]:
        with _open(self.path, "rb") as file, suppress(EOFError):
            for number, text in enumerate(file, start=1):
                if not text.strip():
                    continue
                try:
                    line = _decoder.decode(text)
                except ValueError as exc:
                    if not text.endswith(b"\n"):
                        return
                    raise ValueError(f"{self.path}, line {number}: {exc}") from None
                yield line


class Writer:
    """Appends lines to a new file. Raises FileExistsError: a recording is never overwritten."""

    def __init__(self, path: Path) -> None:
        self._file = _open(path, "xb")

    def write(self, line: Line) -> None:
        self._file.write(_encoder.encode(line) + b"\n")

    def flush(self) -> None:
        self._file.flush()

    def close(self) -> None:
        self._file.close()


def _open(path: Path, mode: str) -> IO[bytes]:
    if path.suffix == ".gz":
        return cast(IO[bytes], gzip.open(path, mode))
    return path.open(mode)


def _frame(line: Line) -> bytes:
    return bytes(line.data) or line.raw.encode()


def _note_tokens(frame: bytes, tokens: dict[str, list[str]], ticks: dict[str, str]) -> None:
    for event in Reader().read(frame):
        if isinstance(event, Book):
            known = tokens.setdefault(event.market, [])
            if event.asset_id not in known:
                known.append(event.asset_id)
            if event.tick_size:
                ticks.setdefault(event.market, event.tick_size)


def _refs(tokens: dict[str, list[str]], ticks: dict[str, str]) -> dict[str, MarketRef]:
    """Markets of which both tokens' books came; the token whose book came first counts as outcome 0."""
    return {
        condition_id: MarketRef(
            condition_id, pair[0], pair[1], tick_micros=read_micros(ticks.get(condition_id, "0.001"))
        )
        for condition_id, pair in tokens.items()
        if len(pair) == 2
    }


def about(events: Iterable[str], rules: dict[str, str], refs: Iterable[MarketRef]) -> Iterator[Line]:
    """The lines at the head of a recording."""
    yield Line(kind="follow", refs=list(refs))
    for event in events:
        yield Line(kind="event", raw=event)
    for condition_id, raw in rules.items():
        yield Line(kind="rules", condition_id=condition_id, raw=raw)
