"""What the Data API and the CLOB's parameter and history routes say, as frozen values.

Source: docs.polymarket.com, "Data API", "Get prices history", "Market parameters" (2026-08).
"""

from decimal import Decimal

import msgspec

from livedata.core.values import BadRow, amount, exact, rounded
from markets.core.book import Side
from markets.core.facts import FeeRule
from markets.core.units import MICROS_MAX, ONE

Point = tuple[int, int]  # epoch seconds, price in micros


class PublicTrade(msgspec.Struct, frozen=True, kw_only=True):
    """A trade that somebody made on the venue, on the token that it names."""

    token_id: str
    condition_id: str
    outcome_index: int
    side: Side
    price_micros: int
    size_micros: int
    stamp_s: int
    transaction_hash: str


class Holder(msgspec.Struct, frozen=True, kw_only=True):
    token_id: str
    wallet: str
    name: str
    size_micros: int


class _Trade(msgspec.Struct, rename="camel"):
    asset: str
    condition_id: str
    side: str
    price: Decimal
    size: Decimal
    timestamp: int
    outcome_index: int = 0
    transaction_hash: str | None = None


class _Holder(msgspec.Struct, rename="camel"):
    proxy_wallet: str
    amount: Decimal
    name: str | None = None
    pseudonym: str | None = None


class _Holders(msgspec.Struct):
    token: str
    holders: list[_Holder]


class _Value(msgspec.Struct):
    value: Decimal
    market: str = ""


class _LiveVolume(msgspec.Struct):
    markets: list[_Value] | None = None


class _Point(msgspec.Struct):
    t: int
    p: Decimal


class _History(msgspec.Struct):
    history: list[_Point]


class _FeeDetails(msgspec.Struct):
    r: Decimal | None = None
    e: Decimal | None = None


class _Rules(msgspec.Struct):
    fd: _FeeDetails | None = None
    itode: bool | None = None


_trades = msgspec.json.Decoder(list[_Trade])
_holders = msgspec.json.Decoder(list[_Holders])
_values = msgspec.json.Decoder(list[_Value])
_live_volumes = msgspec.json.Decoder(list[_LiveVolume])
_history = msgspec.json.Decoder(_History)
_rules = msgspec.json.Decoder(_Rules)


def read_trades(body: bytes) -> list[PublicTrade]:
    """The answer of GET /trades. Raises ValueError."""
    return [
        PublicTrade(
            token_id=raw.asset,
            condition_id=raw.condition_id,
            outcome_index=_index(raw.outcome_index),
            side=Side(raw.side.upper()),
            price_micros=rounded(raw.price, 0, ONE),
            size_micros=rounded(raw.size, 0, MICROS_MAX),
            stamp_s=raw.timestamp,
            transaction_hash=raw.transaction_hash or "",
        )
        for raw in _trades.decode(body)
    ]


def _index(outcome_index: int) -> int:
    if outcome_index not in (0, 1):
        raise BadRow(f"no such outcome: {outcome_index}")
    return outcome_index


def read_holders(body: bytes) -> list[Holder]:
    """The answer of GET /holders, the greatest of each token first. Raises ValueError."""
    return [
        Holder(
            token_id=group.token,
            wallet=raw.proxy_wallet,
            name=raw.name or raw.pseudonym or "",
            size_micros=rounded(raw.amount, 0, MICROS_MAX),
        )
        for group in _holders.decode(body)
        for raw in group.holders
    ]


def read_values(body: bytes) -> dict[str, int]:
    """The answer of GET /oi: micro-USDC by condition id. Raises ValueError."""
    return {raw.market: amount(raw.value) for raw in _values.decode(body)}


def read_live_volumes(body: bytes) -> dict[str, int]:
    """The answer of GET /live-volume: micro-USDC by condition id. Raises ValueError."""
    events = _live_volumes.decode(body)
    return {raw.market: amount(raw.value) for event in events for raw in event.markets or ()}


def read_history(body: bytes) -> list[Point]:
    """The answer of GET /prices-history, in order of time, one point a second. Raises ValueError.

    The venue repeats its last point now and then; the later one counts.
    """
    points = {raw.t: rounded(raw.p, 0, ONE) for raw in _history.decode(body).history}
    return sorted(points.items())


def read_rules(body: bytes) -> FeeRule:
    """The answer of GET /clob-markets/{condition id}. Raises ValueError."""
    raw = _rules.decode(body)
    fees = raw.fd or _FeeDetails()
    return FeeRule(
        fee_rate_micros=None if fees.r is None else exact(fees.r, 0, ONE),
        fee_exponent_micros=ONE if fees.e is None else exact(fees.e, 0, 10 * ONE),
        taker_delay=bool(raw.itode),
    )


def read_time(body: bytes) -> int:
    """The answer of GET /time in epoch seconds: a bare number. Raises ValueError."""
    return msgspec.json.decode(body, type=int)
