"""Which venue a DATA_DIR trades on: live, the simulator, or a replay. Decided once, then kept.

Results on different sources never mix, so a DATA_DIR that has started on one stays on it; a later
outage of Polymarket is shown as degraded, never answered by a silent switch. Standard library only:
settings read this before Django exists.
"""

import json
import os
import socket
from pathlib import Path
from urllib.parse import urlsplit

LIVE, SIMULATOR, REPLAY = "live", "simulator", "replay"
POLYMARKET = {
    "GAMMA_URL": "https://gamma-api.polymarket.com",
    "CLOB_URL": "https://clob.polymarket.com",
    "DATA_URL": "https://data-api.polymarket.com",
    "CLOB_WS_URL": "wss://ws-subscriptions-clob.polymarket.com",
}
_PROBE_SECONDS = 3.0
_DISCARD_PORT = 9  # nothing listens there: a venue that does not run must not be mistaken for Polymarket


def data_dir() -> Path:
    return Path(os.environ.get("DATA_DIR") or "./var").resolve()


def chosen() -> str:
    """The source in force: `live`, `simulator` or `replay:FILE`. Reads, never asks the network.

    Raises ValueError when EXCHANGE names something else.
    """
    asked = os.environ.get("EXCHANGE") or "auto"
    if asked in (LIVE, SIMULATOR) or asked.startswith(f"{REPLAY}:"):
        return asked
    if asked != "auto":
        raise ValueError(f"EXCHANGE={asked!r}: use auto, live, simulator or replay:FILE")
    if any(os.environ.get(name) for name in POLYMARKET):
        return LIVE
    kept = data_dir() / "exchange"
    return kept.read_text().strip() if kept.exists() else SIMULATOR


def decide() -> str:
    """Like `chosen`; but the first start of a DATA_DIR asks whether Polymarket answers, and keeps it."""
    kept = data_dir() / "exchange"
    auto = (os.environ.get("EXCHANGE") or "auto") == "auto" and not any(
        os.environ.get(name) for name in POLYMARKET
    )
    if auto and not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(LIVE if _answers(POLYMARKET["CLOB_URL"]) else SIMULATOR)
    return chosen()


def local_urls(port: int) -> dict[str, str]:
    """Where a simulator or replay on this machine answers."""
    base = f"http://127.0.0.1:{port}"
    return {
        "GAMMA_URL": f"{base}/gamma",
        "CLOB_URL": f"{base}/clob",
        "DATA_URL": f"{base}/data",
        "CLOB_WS_URL": f"ws://127.0.0.1:{port}",
    }


def urls(kind: str) -> dict[str, str]:
    """The venue's addresses: those given, else Polymarket's, else those of our own venue while it runs."""
    known = POLYMARKET if kind == LIVE else local_urls(running_port() or _DISCARD_PORT)
    return {name: (os.environ.get(name) or default).rstrip("/") for name, default in known.items()}


def running_port() -> int | None:
    """The port of the simulator or replay that a running `manage.py up` on this DATA_DIR has started."""
    try:
        port: int = json.loads((data_dir() / "venue.json").read_text())["port"]
    except (OSError, ValueError, KeyError):
        return None
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return None  # left behind by a site that was killed
    return port


def _answers(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        socket.create_connection((host, 443), timeout=_PROBE_SECONDS).close()
    except OSError:
        return False
    return True
