"""What traders do. Written by `trading.services` alone.

Sizes and costs are extensive and stored; averages are derived. `Portfolio.cash_micros` and `Position`
are sums of postings kept for speed: `manage.py audit` proves it.
"""

import uuid

from django.db import models

from markets.core.book import Side
from trading.after_trade import Rebate as Rebate
from trading.after_trade import RebateDay as RebateDay
from trading.after_trade import RewardScore as RewardScore
from trading.after_trade import SetChange as SetChange
from trading.core.tickets import OrderType


class Portfolio(models.Model):
    """One trader's books. `version` guards every write (see trading/atomic.py)."""

    id = models.UUIDField(primary_key=True, db_column="_id", default=uuid.uuid4, editable=False)
    user_id = models.UUIDField(db_index=True)  # accounts live in another database: no foreign key
    name = models.CharField(max_length=80)
    description = models.CharField(max_length=400, blank=True, default="")
    initial_balance_micros = models.BigIntegerField()
    cash_micros = models.BigIntegerField(default=0)
    realised_pnl_micros = models.BigIntegerField(default=0)
    fees_micros = models.BigIntegerField(default=0)
    latency_ms = models.IntegerField()
    queue_model = models.CharField(max_length=16)
    is_active = models.BooleanField(default=True)
    reset_count = models.IntegerField(default=0)
    epoch = models.IntegerField(default=0)  # counts resets: what came before belongs to an older epoch
    version = models.BigIntegerField(default=0)
    created_ms = models.BigIntegerField()

    class Meta:
        indexes = [models.Index(fields=["user_id", "created_ms"], name="portfolio_of_user")]

    def __str__(self) -> str:
        return self.name


class Order(models.Model):
    """A ticket we accepted, and how much of it has traded."""

    class Status(models.TextChoices):
        ACCEPTED = "accepted"  # on its way: takes effect at effective_ms
        DELAYED = "delayed"  # the venue's own taker delay
        LIVE = "live"
        MATCHED = "matched"
        CANCELLED = "cancelled"
        KILLED = "killed"

    id = models.UUIDField(primary_key=True, db_column="_id", default=uuid.uuid4, editable=False)
    portfolio = models.ForeignKey(Portfolio, models.PROTECT, related_name="orders")
    client_order_id = models.CharField(max_length=80)
    body_hash = models.CharField(max_length=40)  # the same client_order_id with another body is refused
    condition_id = models.CharField(max_length=66)
    token_id = models.CharField(max_length=80)
    outcome_index = models.SmallIntegerField()
    side = models.CharField(max_length=4, choices=[(side, side) for side in Side])
    is_market = models.BooleanField(default=False)
    order_type = models.CharField(max_length=3, choices=[(kind, kind) for kind in OrderType])
    post_only = models.BooleanField(default=False)
    price_micros = models.BigIntegerField(null=True)  # None: at market
    size_micros = models.BigIntegerField(null=True)  # shares; None when it is a budget
    amount_micros = models.BigIntegerField(null=True)  # USDC budget of a BUY; None when it is shares
    matched_micros = models.BigIntegerField(default=0)  # shares
    notional_micros = models.BigIntegerField(default=0)
    fee_micros = models.BigIntegerField(default=0)
    killed_micros = models.BigIntegerField(default=0)  # shares, or USDC of a budget
    status = models.CharField(max_length=9, choices=Status, default=Status.ACCEPTED)
    reason = models.CharField(max_length=200, blank=True, default="")
    reason_code = models.CharField(max_length=60, blank=True, default="")
    expires_ms = models.BigIntegerField(null=True)
    effective_ms = models.BigIntegerField()
    rested_ms = models.BigIntegerField(null=True)  # when it came to rest in the book
    cancel_ms = models.BigIntegerField(null=True)  # when its trader's cancel takes effect
    created_ms = models.BigIntegerField()
    updated_ms = models.BigIntegerField()
    epoch = models.IntegerField(default=0)
    notes = models.CharField(max_length=400, blank=True, default="")

    class Meta:
        constraints = [
            # A retried request must find its first order, never place a second.
            models.UniqueConstraint(fields=["portfolio", "client_order_id"], name="one_order_per_client_id"),
        ]
        indexes = [
            models.Index(fields=["status", "effective_ms"], name="order_due"),
            models.Index(fields=["status", "cancel_ms"], name="order_to_cancel"),
            models.Index(fields=["portfolio", "-created_ms", "id"], name="order_of_portfolio"),
            models.Index(fields=["condition_id", "status"], name="order_of_market"),
        ]

    def __str__(self) -> str:
        return f"{self.side} {self.order_type} {self.status}"

    @property
    def open_micros(self) -> int:
        """Shares that may still trade; matched, open and killed add up to the size."""
        if self.status not in (self.Status.ACCEPTED, self.Status.DELAYED, self.Status.LIVE):
            return 0
        return (self.size_micros or 0) - self.matched_micros - self.killed_micros


class Resting(models.Model):
    """Where a live order stands in its queue: what a matcher that starts takes up. Written by the matcher.

    In outcome-0 coordinates. Written with the fills that it explains, and once a second: an older row is
    only pessimistic.
    """

    id = models.UUIDField(primary_key=True, db_column="_id", editable=False)  # the order's
    portfolio = models.ForeignKey(Portfolio, models.PROTECT, related_name="resting")
    condition_id = models.CharField(max_length=66, db_index=True)
    world = models.CharField(max_length=40)
    book_side = models.CharField(max_length=4)
    price_micros = models.BigIntegerField()
    number = models.BigIntegerField()  # priority among the market's own orders
    rested_ms = models.BigIntegerField()
    entry_ahead_micros = models.BigIntegerField()
    ahead_micros = models.BigIntegerField()  # others ahead under `risk_averse`
    likely_micros = models.BigIntegerField()  # … under `proportional`
    printed_micros = models.BigIntegerField(default=0)
    uncertain_ms = models.BigIntegerField(default=0)
    state = models.JSONField(default=dict)  # trading.core.resting.write_resting
    applied_ms = models.BigIntegerField()  # the venue's clock: the newest step that is in here
    applied_seq = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.book_side} {self.price_micros}"


class MatcherMark(models.Model):
    """How far one market's resting orders have come: every `Resting` of it holds what was stamped before."""

    condition_id = models.CharField(primary_key=True, db_column="_id", max_length=66)
    applied_ms = models.BigIntegerField()  # the venue's clock
    applied_seq = models.BigIntegerField()
    seen_ms = models.BigIntegerField()  # until when its book was known to be true

    def __str__(self) -> str:
        return self.condition_id


class Lens(models.Model):
    """What one order would have got at its price under a model that is not its portfolio's."""

    id = models.CharField(primary_key=True, db_column="_id", max_length=60)  # "<order hex>:<model>"
    order = models.ForeignKey(Order, models.PROTECT, related_name="lenses")
    portfolio = models.ForeignKey(Portfolio, models.PROTECT, related_name="lenses")
    model = models.CharField(max_length=16)
    condition_id = models.CharField(max_length=66)
    token_id = models.CharField(max_length=80)
    outcome_index = models.SmallIntegerField()
    side = models.CharField(max_length=4)
    price_micros = models.BigIntegerField()
    size_micros = models.BigIntegerField()
    first_ms = models.BigIntegerField()
    last_ms = models.BigIntegerField()
    applied = models.CharField(max_length=40)  # the newest step that is in here: "<stamp>:<seq>"
    epoch = models.IntegerField(default=0)

    class Meta:
        indexes = [models.Index(fields=["portfolio", "model"], name="lens_of_portfolio")]

    def __str__(self) -> str:
        return self.id


class Fill(models.Model):
    """One execution, with the evidence for itself (docs/fill-model.md)."""

    id = models.UUIDField(primary_key=True, db_column="_id", default=uuid.uuid4, editable=False)
    order = models.ForeignKey(Order, models.PROTECT, related_name="fills")
    portfolio = models.ForeignKey(Portfolio, models.PROTECT, related_name="fills")
    source_id = models.CharField(max_length=80)  # what caused it: filling again by the same cause is refused
    condition_id = models.CharField(max_length=66)
    token_id = models.CharField(max_length=80)
    outcome_index = models.SmallIntegerField()
    side = models.CharField(max_length=4)
    role = models.CharField(max_length=5)  # taker, maker
    price_micros = models.BigIntegerField()
    size_micros = models.BigIntegerField()
    notional_micros = models.BigIntegerField()
    fee_micros = models.BigIntegerField()
    realised_pnl_micros = models.BigIntegerField(default=0)
    grade = models.CharField(max_length=1, blank=True, default="")
    self_match = models.BooleanField(default=False)
    evidence = models.JSONField(default=dict)
    # The midpoint, in the token's own coordinates, some time later: did the price move for or against it?
    markout_5s_micros = models.BigIntegerField(null=True)
    markout_1m_micros = models.BigIntegerField(null=True)
    markout_10m_micros = models.BigIntegerField(null=True)
    filled_ms = models.BigIntegerField()
    written = models.BigIntegerField(default=0)  # the portfolio's version, then the place in that write
    epoch = models.IntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["order", "source_id"], name="one_fill_per_cause")]
        indexes = [
            models.Index(fields=["portfolio", "-filled_ms", "id"], name="fill_of_portfolio"),
            models.Index(fields=["portfolio", "condition_id", "-filled_ms"], name="fill_of_market"),
        ]

    def __str__(self) -> str:
        return f"{self.side} {self.size_micros} @ {self.price_micros}"


class Posting(models.Model):
    """One ledger line: append-only; those of one `transaction_id` sum to zero per asset."""

    id = models.CharField(primary_key=True, db_column="_id", max_length=140)  # "<transaction_id>:<line>"
    transaction_id = models.CharField(max_length=120, db_index=True)
    portfolio = models.ForeignKey(Portfolio, models.PROTECT, related_name="postings")
    account = models.CharField(max_length=20)  # trader, venue, fees, deposits, resolution
    asset = models.CharField(max_length=80)  # "USDC", or a token id
    amount_micros = models.BigIntegerField()
    kind = models.CharField(max_length=12)  # deposit, fill, fee, settlement, reset
    posted_ms = models.BigIntegerField()
    epoch = models.IntegerField(default=0)

    class Meta:
        indexes = [models.Index(fields=["portfolio", "-posted_ms", "id"], name="posting_of_portfolio")]

    def __str__(self) -> str:
        return f"{self.account} {self.asset[:8]} {self.amount_micros}"


class Position(models.Model):
    """Shares of one token held by one portfolio, and what they cost."""

    id = models.CharField(primary_key=True, db_column="_id", max_length=140)  # "<portfolio hex>:<token>"
    portfolio = models.ForeignKey(Portfolio, models.PROTECT, related_name="positions")
    condition_id = models.CharField(max_length=66, db_index=True)
    token_id = models.CharField(max_length=80)
    outcome_index = models.SmallIntegerField()
    size_micros = models.BigIntegerField(default=0)
    cost_micros = models.BigIntegerField(default=0)  # all that was paid, fees included
    entry_fees_micros = models.BigIntegerField(default=0)
    realised_pnl_micros = models.BigIntegerField(default=0)
    opened_ms = models.BigIntegerField()
    updated_ms = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["portfolio", "token_id"], name="one_position_per_token")
        ]

    def __str__(self) -> str:
        return f"{self.token_id[:8]} {self.size_micros}"


class Footprint(models.Model):
    """What a world (a portfolio) took from one level of a market, in outcome-0 coordinates."""

    id = models.CharField(
        primary_key=True, db_column="_id", max_length=160
    )  # "<world>:<condition>:<side>:<price>"
    world = models.CharField(max_length=40)
    condition_id = models.CharField(max_length=66)
    book_side = models.CharField(max_length=4)  # the side taken from: BUY is the bids, SELL the asks
    price_micros = models.BigIntegerField()
    size_micros = models.BigIntegerField()  # as it stood at `at_ms`; it fades from there
    at_ms = models.BigIntegerField()

    class Meta:
        indexes = [models.Index(fields=["world", "condition_id"], name="footprint_of_world")]

    def __str__(self) -> str:
        return self.id


class Settlement(models.Model):
    """A market's final payout, as we applied it; a later, different one is reported, never applied."""

    condition_id = models.CharField(primary_key=True, db_column="_id", max_length=66)
    payout_0_micros = models.BigIntegerField()
    settled_ms = models.BigIntegerField()
    positions_count = models.IntegerField(default=0)
    finished = models.BooleanField(default=False)
    disputed_payout_micros = models.BigIntegerField(null=True)

    def __str__(self) -> str:
        return self.condition_id


class EquityPoint(models.Model):
    """A portfolio's worth at one instant: marked at the best bids, and if sold now."""

    id = models.CharField(primary_key=True, db_column="_id", max_length=60)  # "<portfolio hex>:<ms>"
    portfolio = models.ForeignKey(Portfolio, models.PROTECT, related_name="equity_points")
    at_ms = models.BigIntegerField()
    cash_micros = models.BigIntegerField()
    equity_micros = models.BigIntegerField()
    if_sold_micros = models.BigIntegerField()
    epoch = models.IntegerField(default=0)

    class Meta:
        indexes = [models.Index(fields=["portfolio", "at_ms"], name="equity_of_portfolio")]

    def __str__(self) -> str:
        return self.id
