"""What a program sends, read into a Ticket. A field that is wrong refuses the whole ticket with a code."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from django.utils.dateparse import parse_datetime

from livedata.catalogue import load_market, with_rules
from livedata.errors import VenueNotFound
from markets.core.book import Side
from markets.core.errors import Rejected
from markets.core.units import to_micros
from markets.models import Market
from trading.core.rejections import Code
from trading.core.tickets import OrderType, Ticket

CLIENT_ORDER_ID_MAX = 80
NOTES_MAX = 400


def read_ticket(body: Any) -> Ticket:
    """The ticket that a POST …/orders body asks for (docs: OpenAPI, "Order"). Raises Rejected."""
    body = read_body(body)
    side = read_side(body.get("side"))
    kind = _choice(body, "type", {"market", "limit"}, default="market")
    market, outcome_index = read_market(body)
    price = read_number(body, "price", Code.INVALID_PRICE)
    if kind == "limit" and price is None:
        raise Rejected(Code.INVALID_ORDER, "a limit order needs a price", field="price")
    if kind == "market" and price is not None:
        raise Rejected(
            Code.INVALID_ORDER, "a market order takes no price: use type limit with FAK or FOK", field="price"
        )
    return Ticket(
        condition_id=market.condition_id,
        token_id=market.token_ids[outcome_index],
        outcome_index=outcome_index,
        side=side,
        order_type=OrderType(
            _choice(
                body,
                "time_in_force",
                {kind.value for kind in OrderType},
                default="FAK" if kind == "market" else "GTC",
                upper=True,
            )
        ),
        client_order_id=_client_order_id(body),
        price_micros=price,
        size_micros=read_number(body, "size", Code.INVALID_SIZE),
        amount_micros=read_number(body, "amount", Code.INVALID_SIZE),
        post_only=_flag(body, "post_only"),
        expires_ms=_expiry_ms(body),
        notes=read_text(body, "notes", NOTES_MAX),
    )


def read_trade(body: Any) -> Ticket:
    """The order that a POST …/trades body asks for: FAK at `price`, or at market. Raises Rejected."""
    body = read_body(body)
    side = read_side(body.get("side"))
    market, outcome_index = read_market({"market": body.get("market_id"), "outcome": body.get("outcome")})
    quantity = read_number(body, "quantity", Code.INVALID_SIZE)
    if quantity is None:
        raise Rejected(Code.INVALID_SIZE, "quantity is missing: how many shares", field="quantity")
    return Ticket(
        condition_id=market.condition_id,
        token_id=market.token_ids[outcome_index],
        outcome_index=outcome_index,
        side=side,
        order_type=OrderType.FAK,
        client_order_id=_client_order_id(body),
        price_micros=read_number(body, "price", Code.INVALID_PRICE),
        size_micros=quantity,
        notes=read_text(body, "notes", NOTES_MAX),
    )


def read_side(value: Any) -> Side:
    """Any case in."""
    if isinstance(value, str) and value.upper() in Side.__members__:
        return Side(value.upper())
    raise Rejected(Code.INVALID_SIDE, "side is BUY or SELL", field="side")


def read_market(body: Mapping[str, Any]) -> tuple[Market, int]:
    """The market and outcome that `token_id`, or `market` and `outcome`, name; loaded when new to us."""
    token_id = body.get("token_id")
    if token_id is not None and (body.get("market") is not None or body.get("outcome") is not None):
        raise Rejected(
            Code.INVALID_ORDER, "give token_id, or market with outcome, not both", field="token_id"
        )
    try:
        if token_id is not None:
            if not isinstance(token_id, str) or not token_id.isdecimal() or len(token_id) > 80:
                raise Rejected(Code.MARKET_NOT_FOUND, "token_id is a string of digits", field="token_id")
            market = load_market(token_id=token_id)
            return _two_sided(market), market.outcome_index(token_id)
        market = read_named_market(body)
    except VenueNotFound:
        raise Rejected(Code.MARKET_NOT_FOUND, "no such market", field="token_id") from None
    return _two_sided(market), _outcome_index(market, body.get("outcome"))


def read_named_market(body: Mapping[str, Any]) -> Market:
    """The market whose slug or condition id `market` gives; loaded when new to us. Raises Rejected."""
    name = body.get("market")
    if not isinstance(name, str) or not name or len(name) > 255:
        raise Rejected(Code.MARKET_NOT_FOUND, "market is a slug or a condition id", field="market")
    try:
        return load_market(condition_id=name) if name.startswith("0x") else load_market(slug=name)
    except VenueNotFound:
        raise Rejected(Code.MARKET_NOT_FOUND, "no such market", field="market") from None


def read_number(body: Mapping[str, Any], name: str, code: StrEnum) -> int | None:
    """Micros of a decimal string; a JSON number is read by its shortest form."""
    value = body.get(name)
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise Rejected(code, f"{name} is a decimal string", field=name)
    try:
        return to_micros(str(value).strip())
    except ValueError as why:
        raise Rejected(code, f"{name}: {why}", field=name) from None


def read_moment_ms(value: Any) -> int | None:
    """Epoch milliseconds of an ISO 8601 time, or of epoch seconds or milliseconds. Raises ValueError."""
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        raise ValueError("not a time")
    text = str(value).strip()
    if text.isdecimal() and len(text) <= 13:
        number = int(text)
        return number * 1000 if number < 100_000_000_000 else number
    moment = parse_datetime(text) if len(text) <= 40 else None
    if not isinstance(moment, datetime):
        raise ValueError("a time is ISO 8601, or epoch seconds")
    if moment.tzinfo is None:
        raise ValueError("a time names its zone: end it in Z")
    return round(moment.timestamp() * 1000)


def read_uuid(value: str) -> UUID | None:
    try:
        return UUID(value)
    except ValueError:
        return None


def _two_sided(market: Market) -> Market:
    if not (market.condition_id and market.token_0 and market.token_1):
        raise Rejected(Code.MARKET_CLOSED, "this market has no order book", field="market")
    return with_rules(market) if market.tradable else market


def _outcome_index(market: Market, outcome: Any) -> int:
    labels = (market.outcome_0, market.outcome_1)
    if isinstance(outcome, str):
        for index, label in enumerate(labels):
            if outcome.casefold() == label.casefold():
                return index
    if not isinstance(outcome, bool) and str(outcome) in ("0", "1"):
        return int(outcome)
    raise Rejected(
        Code.INVALID_ORDER, f"outcome is one of {labels[0]!r}, {labels[1]!r}, 0, 1", field="outcome"
    )


def read_body(body: Any) -> Mapping[str, Any]:
    """The body as a JSON object. Raises Rejected for any other."""
    if not isinstance(body, Mapping):
        raise Rejected(Code.INVALID_ORDER, "the body is a JSON object")
    return body


def _choice(
    body: Mapping[str, Any], name: str, choices: set[str], *, default: str, upper: bool = False
) -> str:
    value = body.get(name)
    if value is None or value == "":
        return default
    text = (value.upper() if upper else value.lower()) if isinstance(value, str) else ""
    if text not in choices:
        raise Rejected(Code.INVALID_ORDER, f"{name} is one of {', '.join(sorted(choices))}", field=name)
    return text


def _flag(body: Mapping[str, Any], name: str) -> bool:
    value = body.get(name, False)
    if value in (None, "", False, "false", "False"):
        return False
    if value in (True, "true", "True"):
        return True
    raise Rejected(Code.INVALID_ORDER, f"{name} is true or false", field=name)


def read_text(body: Mapping[str, Any], name: str, length_max: int) -> str:
    value = body.get(name)
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > length_max or "\x00" in value:
        raise Rejected(Code.INVALID_ORDER, f"{name} is text of at most {length_max} characters", field=name)
    return value


def _client_order_id(body: Mapping[str, Any]) -> str:
    value = read_text(body, "client_order_id", CLIENT_ORDER_ID_MAX)
    return value or str(uuid4())


def _expiry_ms(body: Mapping[str, Any]) -> int | None:
    try:
        return read_moment_ms(body.get("expires_at"))
    except ValueError as why:
        raise Rejected(Code.INVALID_EXPIRATION, f"expires_at: {why}", field="expires_at") from None
