"""Plain builders for tests: what a sentence says, in the types of the house."""

from typing import Any

from markets.core.book import Level, OrderBook, Side
from markets.core.facts import EventFacts, MarketFacts
from markets.core.units import ONE, to_micros
from markets.core.words import search_text
from trading.core.fees import NO_FEE, FeeSchedule
from trading.core.tickets import MarketRules, OrderType, Ticket

CONDITION = "0x" + "c1" * 32
TOKENS = ("71" * 30, "52" * 30)


def levels(text: str) -> tuple[Level, ...]:
    """ "0.49x50 0.48x100": price x size, in any order."""
    pairs = (part.split("x") for part in text.split())
    return tuple(Level(to_micros(price), to_micros(size)) for price, size in pairs)


def make_book(bids: str = "", asks: str = "") -> OrderBook:
    return OrderBook(levels(bids), levels(asks))


def make_ticket(side: str = "BUY", order_type: str = "FAK", **fields: Any) -> Ticket:
    """A ticket; `price`, `size` and `amount` as decimal strings, the rest as the field is called."""
    for name in ("price", "size", "amount"):
        text = fields.pop(name, None)
        fields[f"{name}_micros"] = None if text is None else to_micros(text)
    index = fields.pop("outcome_index", 0)
    given = {
        "condition_id": CONDITION,
        "token_id": TOKENS[index],
        "outcome_index": index,
        "client_order_id": "first",
        **fields,
    }
    return Ticket(side=Side(side), order_type=OrderType(order_type), **given)


def make_rules(*, fee_rate: str = "0", exponent: str = "1", tick: str = "0.01", **fields: Any) -> MarketRules:
    rate = to_micros(fee_rate)
    fees = FeeSchedule(rate_micros=rate, exponent_micros=to_micros(exponent)) if rate else NO_FEE
    given = {
        "condition_id": CONDITION,
        "accepting_orders": True,
        "tick_micros": to_micros(tick),
        "min_size_micros": 5 * ONE,
        "fees": fees,
        **fields,
    }
    return MarketRules(**given)


def gamma_market(number: int, **fields: Any) -> dict[str, Any]:
    """A market as Gamma lists it; `fields` by the venue's names, None leaves one out."""
    row = {
        "id": str(number),
        "slug": f"market-{number}",
        "question": f"Will number {number} win?",
        "conditionId": f"0x{number:064x}",
        "outcomes": '["Yes", "No"]',
        "outcomePrices": '["0.4", "0.6"]',
        "clobTokenIds": f'["{10**70 + 2 * number}", "{10**70 + 2 * number + 1}"]',
        "active": True,
        "closed": False,
        "acceptingOrders": True,
        "enableOrderBook": True,
        "orderPriceMinTickSize": 0.01,
        "orderMinSize": 5,
        "feesEnabled": False,
        "volumeNum": 1000.5 + number,
        "volume24hr": 10.25 * number,
        "liquidityNum": 500,
        "createdAt": "2026-01-02T03:04:05.678901Z",
        "updatedAt": "2026-11-01T00:00:00Z",
        "endDate": "2026-12-31T12:00:00Z",
        **fields,
    }
    return {name: value for name, value in row.items() if value is not None}


def gamma_event(number: int, markets: list[dict[str, Any]], **fields: Any) -> dict[str, Any]:
    """An event as Gamma lists it, its markets inside."""
    return {
        "id": str(number),
        "slug": f"event-{number}",
        "title": f"Event {number}",
        "tags": [{"id": "2", "slug": "politics", "label": "Politics"}],
        "markets": markets,
        **fields,
    }


def event_facts(number: int, **fields: Any) -> EventFacts:
    given = {"id": str(number), "slug": f"event-{number}", "title": f"Event {number}", **fields}
    return EventFacts(**given)


def market_facts(number: int, **fields: Any) -> MarketFacts:
    """An open market of two tokens; `question` and `tags` also make its search line."""
    given = {
        "id": str(number),
        "slug": f"market-{number}",
        "question": f"Will number {number} win?",
        "condition_id": f"0x{number:064x}",
        "outcomes": ("Yes", "No"),
        "outcome_0": "Yes",
        "outcome_1": "No",
        "token_0": f"{number}0",
        "token_1": f"{number}1",
        "fee_source": "none",
        "created_ms": 1_700_000_000_000 + number,
        **fields,
    }
    given.setdefault("search_text", search_text((given["question"],), given.get("tags", ())))
    return MarketFacts(**given)
