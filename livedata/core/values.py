"""Numbers, times and lists as the venue writes them, into ours.

What decides about money is exact or refused (`BadRow`); what is only shown is rounded or left out.
"""

from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal

import msgspec

from markets.core.units import MICROS_MAX, ONE

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_texts = msgspec.json.Decoder(list[str])


class BadRow(ValueError):
    """A row that we refuse; the message says why."""


def text_list(listed: str | list[str] | None) -> tuple[str, ...]:
    """Gamma writes lists as strings that hold JSON; some other lists of the venue are real ones."""
    if not listed:
        return ()
    return tuple(_texts.decode(listed) if isinstance(listed, str) else listed)


def place(threshold: str | float | None) -> int:
    """A place among its siblings; now and then a price or a word stands there instead."""
    text = str(threshold or "").partition(".")[0]
    return int(text) if text.isdecimal() and len(text) < 10 else 0


def exact(number: Decimal, least: int, most: int) -> int:
    micros = rounded(number, least, most)
    if micros != number * ONE:
        raise BadRow(f"finer than a micro: {number}")
    return micros


def rounded(number: Decimal, least: int, most: int) -> int:
    if not number.is_finite() or not least <= number * ONE <= most:
        raise BadRow(f"out of range: {number}")
    return int((number * ONE).to_integral_value(ROUND_HALF_UP))


def quote(number: Decimal | None) -> int | None:
    return None if number is None else rounded(number, 0, ONE)


def change(number: Decimal | None) -> int | None:
    return None if number is None or not -1 <= number <= 1 else rounded(number, -ONE, ONE)


def amount(dollars: Decimal | None) -> int:
    """Dollars to show: what is absent, negative or absurd is 0."""
    if dollars is None or not dollars.is_finite() or not 0 <= dollars <= MICROS_MAX // ONE:
        return 0
    return int((dollars * ONE).to_integral_value(ROUND_HALF_UP))


def epoch_ms(text: str) -> int:
    """Milliseconds since 1970 of "2026-03-31T12:00:00Z", "2026-04-05 15:10:00+00", "2026-04-05".

    Without an offset the time is UTC. Raises ValueError for anything else.
    """
    when = datetime.fromisoformat(text)
    elapsed = (when if when.tzinfo else when.replace(tzinfo=UTC)) - _EPOCH
    return elapsed.days * 86_400_000 + elapsed.seconds * 1000 + elapsed.microseconds // 1000


def shown_ms(text: str | None) -> int | None:
    """A time that is only shown: None when it is absent, cannot be read, or means "never" (year 1)."""
    if not text:
        return None
    try:
        found = epoch_ms(text)
    except ValueError:
        return None
    return found if found > 0 else None
