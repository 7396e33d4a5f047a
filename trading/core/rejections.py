"""Why a ticket is refused, in order of precedence: when several apply, the first is reported.

The order is the venue's own (its validation order of 2026; the codes are ours, the CLOB door
has the venue's texts). StaleBook, which is no rejection, comes after all that need no book.
"""

from enum import StrEnum


class PortfolioCode(StrEnum):
    """Why a portfolio is not opened, changed or reset."""

    INVALID_PORTFOLIO = "invalid_portfolio"  # a balance, latency or queue model out of range


class Code(StrEnum):
    INVALID_ORDER = "invalid_order"  # shape: missing or contradictory fields
    INVALID_SIDE = "invalid_side"
    INVALID_PRICE = "invalid_price"  # no number, or outside tick … 1 - tick
    INVALID_SIZE = "invalid_size"  # no number, zero or negative, or beyond range
    INVALID_TOKENS = "invalid_tokens"  # a conversion names no tokens, or others than its event's NO tokens
    PORTFOLIO_INACTIVE = "portfolio_inactive"
    MARKET_NOT_FOUND = "market_not_found"
    EVENT_NOT_FOUND = "event_not_found"
    MARKET_CLOSED = "market_closed"
    MARKET_NOT_RESOLVED = "market_not_resolved"  # nothing to redeem yet
    NOT_NEG_RISK = "not_neg_risk"  # an event of which several questions may come true: nothing converts
    PRICE_OFF_TICK = "price_off_tick"
    SIZE_BELOW_MINIMUM = "size_below_minimum"
    AMOUNT_BELOW_MINIMUM = "amount_below_minimum"  # a marketable BUY under $1
    DUPLICATE_CLIENT_ORDER_ID = "duplicate_client_order_id"
    DUPLICATE_CLIENT_ID = "duplicate_client_id"  # of a split, merge or conversion
    INVALID_EXPIRATION = "invalid_expiration"
    POST_ONLY_ORDER_TYPE = "post_only_order_type"
    POST_ONLY_WOULD_CROSS = "post_only_would_cross"
    INSUFFICIENT_BALANCE = "insufficient_balance"  # cash of a BUY
    INSUFFICIENT_SHARES = "insufficient_shares"
    NO_MATCH = "no_match"  # FAK: nothing to trade with
    NOT_FILLED_WHOLE = "not_filled_whole"  # FOK: not the whole amount
