"""The only number formatting in templates: integers of micros and milliseconds in, text for people out.

Everything rounds half up (away from zero), in integers. A value that is None, because nobody quotes or
nothing has happened yet, shows as a dash. What rounds to zero shows no sign.
"""

from datetime import UTC, datetime
from itertools import pairwise

from django import template

from markets.core.times import iso as write_iso
from markets.core.units import ONE, from_micros

register = template.Library()

NOTHING = "–"
MINUS = "−"  # a real minus, as wide as the plus
_CENT = ONE // 100
_SHORT = ((10**3, "K"), (10**6, "M"), (10**9, "B"), (10**12, "T"))
_AGES = ((86_400_000, "d"), (3_600_000, "h"), (60_000, "min"), (1_000, "s"))


def _rounded(amount: int, unit: int, places: int) -> int:
    """`amount / unit` as an integer of 10^-places, half up."""
    scaled = abs(amount) * 10**places
    whole = (2 * scaled + unit) // (2 * unit)
    return whole if amount >= 0 else -whole


def _digits(value: int, places: int, *, trim: bool = False) -> str:
    """An integer of 10^-places as text with thousands separated, without its sign."""
    whole, part = divmod(abs(value), 10**places)
    text = f"{whole:,}"
    if not places:
        return text
    decimals = f"{part:0{places}d}"
    if trim:
        decimals = decimals.rstrip("0")
    return f"{text}.{decimals}" if decimals else text


def _minus(value: int) -> str:
    return MINUS if value < 0 else ""


def _plus_minus(value: int) -> str:
    return "+" if value > 0 else _minus(value)


def _tick_places(tick_micros: int) -> int:
    """Decimals of cents that a price on this tick needs: 0 for 0.01, 1 for 0.001, 2 for 0.0025 and 0.0001."""
    return len(_digits(_rounded(tick_micros, _CENT, 4), 4, trim=True).partition(".")[2])


@register.filter
def decimal(micros: int | None) -> str:
    """As programs write it: 630_000 is "0.63"."""
    return "" if micros is None else from_micros(micros)


@register.filter
def cents(micros: int | None, tick_micros: int | None = None) -> str:
    """A price: "63¢", "98.2¢". With the market's tick, its decimals; else as many as needed, two at most."""
    if micros is None:
        return NOTHING
    places = 2 if tick_micros is None else _tick_places(tick_micros)
    value = _rounded(micros, _CENT, places)
    return f"{_minus(value)}{_digits(value, places, trim=tick_micros is None)}¢"


@register.filter
def average_cents(micros: int | None) -> str:
    """An average price: always two decimals, "65.19¢"."""
    if micros is None:
        return NOTHING
    value = _rounded(micros, _CENT, 2)
    return f"{_minus(value)}{_digits(value, 2)}¢"


@register.filter
def chance(micros: int | None, places: int = 0) -> str:
    """A midpoint as a chance: "64%" in lists, "63.5%" with `|chance:1`."""
    return percent(micros, places)


@register.filter
def percent(micros: int | None, places: int = 1) -> str:
    """A share of one in micros: 47_000 is "4.7%"."""
    if micros is None:
        return NOTHING
    value = _rounded(micros, _CENT, places)
    return f"{_minus(value)}{_digits(value, places)}%"


@register.filter
def percent_change(micros: int | None, places: int = 1) -> str:
    """The same, its sign always shown: "+4.8%"."""
    if micros is None:
        return NOTHING
    value = _rounded(micros, _CENT, places)
    return f"{_plus_minus(value)}{_digits(value, places)}%"


@register.filter
def usdc(micros: int | None) -> str:
    """Money: "$2,034.80", "−$28.00"."""
    if micros is None:
        return NOTHING
    value = _rounded(micros, ONE, 2)
    return f"{_minus(value)}${_digits(value, 2)}"


@register.filter
def usdc_whole(micros: int | None) -> str:
    """Sums in a ladder, where cents are noise: "$32,348"."""
    if micros is None:
        return NOTHING
    value = _rounded(micros, ONE, 0)
    return f"{_minus(value)}${_digits(value, 0)}"


@register.filter
def usdc_change(micros: int | None) -> str:
    """A gain or a loss: "+$520.00", "−$28.00", "$0.00"."""
    if micros is None:
        return NOTHING
    value = _rounded(micros, ONE, 2)
    return f"{_plus_minus(value)}${_digits(value, 2)}"


@register.filter
def usdc_short(micros: int | None) -> str:
    """Volume only: "$84.1M", "$12.3K", "$950"."""
    if micros is None:
        return NOTHING
    value, places, letter = _rounded(micros, ONE, 0), 0, ""
    for unit, next_letter in _SHORT:
        if abs(value) < 1000 * 10**places:  # as shown: 999,950 is "$1.0M", never "$1,000.0K"
            break
        value, places, letter = _rounded(micros, unit * ONE, 1), 1, next_letter
    return f"{_minus(value)}${_digits(value, places)}{letter}"


@register.filter
def fee(micros: int | None) -> str:
    """A fee line of the evidence page: five decimals, the venue's quantum, "$2.20590"."""
    if micros is None:
        return NOTHING
    value = _rounded(micros, ONE, 5)
    return f"{_minus(value)}${_digits(value, 5)}"


@register.filter
def shares(micros: int | None) -> str:
    """A number of shares: "1,250", "1,132.43"."""
    if micros is None:
        return NOTHING
    value = _rounded(micros, ONE, 2)
    return f"{_minus(value)}{_digits(value, 2, trim=True)}"


@register.filter
def count(number: int | None) -> str:
    """How many there are: "30,000"."""
    return NOTHING if number is None else f"{_minus(number)}{abs(number):,}"


@register.filter
def cents_change(micros: int | None) -> str:
    """A change of price: "▲ +4¢", "▼ −3¢", "0¢"."""
    return _change(micros, "¢")


@register.filter
def points_change(micros: int | None) -> str:
    """A change of chance: "▲ +4 points", "▼ −1.5 points", "0 points"."""
    return _change(micros, " points")


def _change(micros: int | None, unit: str) -> str:
    if micros is None:
        return NOTHING
    value = _rounded(micros, _CENT, 1)
    if not value:
        return f"0{unit}"
    arrow = "▲" if value > 0 else "▼"
    return f"{arrow} {_plus_minus(value)}{_digits(value, 1, trim=True)}{unit}"


@register.filter
def clock(epoch_ms: int | None) -> str:
    """The time of day in UTC: "05:31:07.418"."""
    return NOTHING if epoch_ms is None else f"{_utc(epoch_ms):%H:%M:%S}.{epoch_ms % 1000:03d}"


@register.filter
def moment(epoch_ms: int | None) -> str:
    """Day and minute in UTC: "24 Nov 05:31"; another year is named."""
    if epoch_ms is None:
        return NOTHING
    when = _utc(epoch_ms)
    year = "" if when.year == datetime.now(UTC).year else f" {when.year}"
    return f"{when.day} {when:%b}{year} {when:%H:%M}"


@register.filter
def day(epoch_ms: int | None) -> str:
    """The date in UTC: "9 Dec 2026"."""
    if epoch_ms is None:
        return NOTHING
    when = _utc(epoch_ms)
    return f"{when.day} {when:%b %Y}"


@register.filter
def iso(epoch_ms: int | None) -> str:
    """For `<time datetime>` and for programs: "2026-11-24T05:31:07.418Z"."""
    return "" if epoch_ms is None else write_iso(epoch_ms)


@register.filter
def age(duration_ms: int | None) -> str:
    """A duration, one unit: "0.3 s", "14 min", "2 d". Rounded down, so that it never says more than it is."""
    if duration_ms is None:
        return NOTHING
    length_ms = max(duration_ms, 0)
    if length_ms < 10_000:
        return f"{_digits(length_ms // 100, 1)} s"
    for unit_ms, name in _AGES:
        if length_ms >= unit_ms:
            return f"{length_ms // unit_ms:,} {name}"
    raise AssertionError(f"no unit for {length_ms} ms")


@register.filter
def span(duration_ms: int | None) -> str:
    """A duration, two units: "18 min 27 s", "0.3 s"; below ten seconds a decimal. Rounded down."""
    if duration_ms is None:
        return NOTHING
    length_ms = max(duration_ms, 0)
    for (unit_ms, name), (part_ms, part) in pairwise(_AGES):
        if length_ms >= unit_ms:
            rest = length_ms % unit_ms // part_ms
            return f"{length_ms // unit_ms:,} {name}" + (f" {rest} {part}" if rest else "")
    return age(length_ms)


def _utc(epoch_ms: int) -> datetime:
    return datetime.fromtimestamp(epoch_ms // 1000, tz=UTC)
