"""Times as programs write them: integers of milliseconds inside, ISO 8601 in UTC outside."""

from datetime import UTC, datetime

EPOCH_MS_MAX = 253_402_300_799_999  # the last millisecond of the year 9999
_SECONDS_BELOW = 100_000_000_000  # a plain number below is seconds (until the year 5138)


def iso(epoch_ms: int) -> str:
    """1795498267418 is "2026-11-24T05:31:07.418Z"."""
    moment = datetime.fromtimestamp(epoch_ms // 1000, tz=UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{epoch_ms % 1000:03d}Z"


def read_moment(text: str) -> int:
    """Epoch milliseconds of an ISO 8601 time, or of epoch seconds or milliseconds.

    Without an offset a time is UTC. Raises ValueError.
    """
    given = text.strip()
    if given.isascii() and given.isdecimal() and len(given) <= 15:
        number = int(given)
        epoch_ms = number * 1000 if number < _SECONDS_BELOW else number
    else:
        try:
            moment = datetime.fromisoformat(given)
        except ValueError:
            raise ValueError("a time is ISO 8601, or epoch seconds") from None
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        epoch_ms = round(moment.timestamp() * 1000)
    if not 0 <= epoch_ms <= EPOCH_MS_MAX:
        raise ValueError("out of range")
    return epoch_ms
