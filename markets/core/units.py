"""Integers inside, decimal strings outside.

Polymarket counts USDC and outcome shares with six decimals. So do we: every amount is an `int` of
millionths in a name that ends in `_micros`, and a price is micro-USDC per whole share (0.53 is
530_000). A name without the suffix is a decimal string that is about to come in or go out.
"""

import re
from decimal import Decimal, InvalidOperation

ONE = 1_000_000  # one USDC, one share, or a price of 1.00
MICROS_MAX = 10**15  # a billion dollars or shares: what a 64-bit column keeps with room for sums

_PLAIN = re.compile(r"[+-]?(\d{1,30}(\.\d{0,30})?|\.\d{1,30})([eE][+-]?\d{1,2})?", re.ASCII)


def to_micros(text: str) -> int:
    """Read a decimal string exactly: "0.53" is 530_000.

    Raises ValueError when the text is no plain number, is finer than a micro, or is beyond MICROS_MAX.
    """
    if not isinstance(text, str) or not _PLAIN.fullmatch(text):
        raise ValueError(f"not a number: {str(text)[:40]!r}")
    try:
        micros = Decimal(text) * ONE
    except InvalidOperation:
        raise ValueError(f"not a number: {text[:40]!r}") from None
    if abs(micros) > MICROS_MAX:
        raise ValueError(f"out of range: {text[:40]!r}")
    if micros != int(micros):
        raise ValueError(f"more than six decimals: {text[:40]!r}")
    return int(micros)


def from_micros(micros: int) -> str:
    """Write micros as the shortest decimal string: 530_000 is "0.53"."""
    whole, part = divmod(abs(micros), ONE)
    text = f"{whole}.{part:06d}".rstrip("0").rstrip(".")
    return f"-{text}" if micros < 0 else text


def cost_micros(*, price_micros: int, size_micros: int) -> int:
    """What `size` shares cost at `price`, rounded up to a micro."""
    return -(-price_micros * size_micros // ONE)


def proceeds_micros(*, price_micros: int, size_micros: int) -> int:
    """What `size` shares bring at `price`, rounded down to a micro.

    Costs round up and proceeds round down, so that no sequence of trades makes money from rounding.
    """
    return price_micros * size_micros // ONE
