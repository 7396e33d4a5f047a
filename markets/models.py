"""The catalogue: what is traded. Written by `markets.services` alone."""

import uuid

from django.db import models

from markets.core.units import ONE


class Event(models.Model):
    """A group of markets that belong to one question; Gamma's event."""

    id = models.CharField(primary_key=True, db_column="_id", max_length=32)  # Gamma's id
    slug = models.CharField(max_length=255, db_index=True)
    title = models.TextField()
    description = models.TextField(blank=True, default="")
    image = models.TextField(blank=True, default="")
    category = models.CharField(max_length=80, blank=True, default="")  # a slug: markets/core/categories.py
    tags = models.JSONField(default=list)  # [{"slug": "fed", "label": "Fed"}, …]
    search_text = models.TextField(blank=True, default="")  # markets/core/words.py
    neg_risk = models.BooleanField(default=False)
    neg_risk_market_id = models.CharField(max_length=80, blank=True, default="")
    status = models.SmallIntegerField(default=0)  # Market.Status; the most open of its markets
    market_count = models.IntegerField(default=0)
    volume_micros = models.BigIntegerField(default=0)
    volume_24h_micros = models.BigIntegerField(default=0)
    liquidity_micros = models.BigIntegerField(default=0)
    open_interest_micros = models.BigIntegerField(null=True)
    start_ms = models.BigIntegerField(null=True)
    end_ms = models.BigIntegerField(null=True)
    created_ms = models.BigIntegerField(default=0)
    content_hash = models.CharField(max_length=40, default="")
    synced_ms = models.BigIntegerField(default=0)

    class Meta:
        indexes = [
            models.Index(fields=["status", "-volume_24h_micros", "id"], name="event_by_volume_24h"),
        ]

    def __str__(self) -> str:
        return self.title


class Market(models.Model):
    """One binary question and its two tokens.

    Tokens are columns, not rows: a market that trades has exactly two. `*_0` is the first outcome,
    whose coordinates the book uses. Old markets with other counts keep their labels in `outcomes`
    and cannot be traded.
    """

    class Status(models.IntegerChoices):
        OPEN = 0, "open"  # takes orders
        PAUSED = 1, "paused"  # published, takes no orders
        CLOSED = 2, "closed"  # trading ended, result not final
        RESOLVED = 3, "resolved"

    class FeeSource(models.TextChoices):
        SCHEDULE = "schedule"  # Gamma's feeSchedule
        CLOB = "clob"  # /clob-markets fd
        NONE = "none"  # feesEnabled is false
        ASSUMED = "assumed"  # nothing says: rate 0.05, exponent 1 (docs/fill-model.md)

    id = models.CharField(primary_key=True, db_column="_id", max_length=32)  # Gamma's id
    condition_id = models.CharField(max_length=66, db_index=True, blank=True, default="")
    event = models.ForeignKey(
        Event, models.DO_NOTHING, null=True, db_constraint=False, related_name="markets"
    )
    slug = models.CharField(max_length=255, db_index=True)
    question = models.TextField()
    description = models.TextField(blank=True, default="")
    resolution_source = models.TextField(blank=True, default="")
    image = models.TextField(blank=True, default="")
    category = models.CharField(max_length=80, blank=True, default="")
    tags = models.JSONField(default=list)  # slugs
    search_text = models.TextField(blank=True, default="")
    group_label = models.CharField(max_length=255, blank=True, default="")  # its name inside the event
    group_order = models.IntegerField(default=0)
    outcomes = models.JSONField(default=list)  # labels, in the venue's order
    outcome_0 = models.CharField(max_length=255, blank=True, default="")
    outcome_1 = models.CharField(max_length=255, blank=True, default="")
    token_0 = models.CharField(max_length=80, db_index=True, blank=True, default="")
    token_1 = models.CharField(max_length=80, db_index=True, blank=True, default="")

    status = models.SmallIntegerField(choices=Status.choices, default=Status.OPEN)
    active = models.BooleanField(default=True)  # the venue's own flags, as it sends them
    closed = models.BooleanField(default=False)
    accepting_orders = models.BooleanField(default=True)
    uma_status = models.CharField(max_length=40, blank=True, default="")  # proposed, disputed, resolved …
    payout_0_micros = models.BigIntegerField(null=True)  # of one share of outcome 0: 0, 500_000 or 1_000_000
    closed_ms = models.BigIntegerField(null=True)

    price_0_micros = models.BigIntegerField(null=True)
    price_1_micros = models.BigIntegerField(null=True)
    best_bid_micros = models.BigIntegerField(null=True)
    best_ask_micros = models.BigIntegerField(null=True)
    last_trade_micros = models.BigIntegerField(null=True)
    day_change_micros = models.BigIntegerField(null=True)
    volume_micros = models.BigIntegerField(default=0)
    volume_24h_micros = models.BigIntegerField(default=0)
    liquidity_micros = models.BigIntegerField(default=0)
    open_interest_micros = models.BigIntegerField(null=True)

    tick_micros = models.BigIntegerField(default=10_000)
    min_size_micros = models.BigIntegerField(default=5 * ONE)
    fee_rate_micros = models.BigIntegerField(default=0)
    fee_exponent_micros = models.BigIntegerField(default=ONE)
    fee_source = models.CharField(max_length=8, choices=FeeSource, default=FeeSource.ASSUMED)
    rebate_rate_micros = models.BigIntegerField(default=0)
    reward_min_size_micros = models.BigIntegerField(default=0)  # shares that an order must have to count
    reward_max_spread_micros = models.BigIntegerField(default=0)  # from the midpoint, as a price
    reward_daily_micros = models.BigIntegerField(default=0)  # USDC of the day's pool; 0: no programme
    neg_risk = models.BooleanField(default=False)
    neg_risk_other = models.BooleanField(default=False)
    seconds_delay = models.IntegerField(default=0)
    taker_delay = models.BooleanField(default=False)  # `itode`: crypto and finance up/down
    clear_book_on_start = models.BooleanField(default=False)
    game_start_ms = models.BigIntegerField(null=True)
    rules_ms = models.BigIntegerField(null=True)  # when /clob-markets was asked: fd and itode are only there

    start_ms = models.BigIntegerField(null=True)
    end_ms = models.BigIntegerField(null=True)
    created_ms = models.BigIntegerField(default=0)
    content_hash = models.CharField(max_length=40, default="")
    synced_ms = models.BigIntegerField(default=0)

    class Meta:
        # Each index ends in the key, as the ORDER BY does: keyset pages stay on the index.
        indexes = [
            models.Index(fields=["status", "-volume_micros", "id"], name="market_by_volume"),
            models.Index(fields=["status", "-volume_24h_micros", "id"], name="market_by_volume_24h"),
            models.Index(fields=["status", "-liquidity_micros", "id"], name="market_by_liquidity"),
            models.Index(fields=["status", "end_ms", "id"], name="market_by_end"),
            models.Index(fields=["status", "-created_ms", "id"], name="market_by_newest"),
        ]

    def __str__(self) -> str:
        return self.question

    @property
    def token_ids(self) -> tuple[str, str]:
        return (self.token_0, self.token_1)

    @property
    def tradable(self) -> bool:
        return self.status == self.Status.OPEN and bool(self.condition_id and self.token_0 and self.token_1)

    def outcome_index(self, token_id: str) -> int:
        """0 or 1. Raises ValueError for another market's token."""
        return self.token_ids.index(token_id)

    def outcome_label(self, outcome_index: int) -> str:
        return (self.outcome_0, self.outcome_1)[outcome_index]


class PricePoint(models.Model):
    """A cached point of the venue's price history (midpoint of outcome 0) at one resolution."""

    id = models.CharField(primary_key=True, db_column="_id", max_length=140)  # "<token>:<fidelity>:<t>"
    token_id = models.CharField(max_length=80)
    fidelity_minutes = models.IntegerField()
    t = models.BigIntegerField()  # epoch seconds
    price_micros = models.BigIntegerField()

    class Meta:
        indexes = [models.Index(fields=["token_id", "fidelity_minutes", "t"], name="price_point_lookup")]

    def __str__(self) -> str:
        return self.id


class PriceCoverage(models.Model):
    """Which stretches of a token's history were asked for, so that an empty answer is remembered too."""

    id = models.CharField(primary_key=True, db_column="_id", max_length=120)  # "<token>:<fidelity>"
    spans = models.JSONField(default=list)  # [[first second, last second], …], in order, disjoint
    asked_ms = models.BigIntegerField(default=0)  # when the venue last answered

    def __str__(self) -> str:
        return self.id


class SyncState(models.Model):
    """How far a sync has come; what a sync that was killed goes on from."""

    name = models.CharField(primary_key=True, db_column="_id", max_length=40)  # full, incremental, closed
    run_id = models.UUIDField(default=uuid.uuid4)  # whoever writes another one has taken over
    phase = models.CharField(max_length=20, blank=True, default="")  # "" between two runs
    cursor = models.TextField(blank=True, default="")  # the venue's, of the next page of this phase
    pages_count = models.IntegerField(default=0)
    rows_count = models.IntegerField(default=0)
    written_count = models.IntegerField(default=0)
    unchanged_count = models.IntegerField(default=0)
    bad_count = models.IntegerField(default=0)
    last_bad = models.TextField(blank=True, default="")
    since_ms = models.BigIntegerField(null=True)  # an incremental run reads back to here
    started_ms = models.BigIntegerField(null=True)  # the run that is going on, else the last one
    finished_ms = models.BigIntegerField(null=True)  # the last run that came to its end
    last_error = models.TextField(blank=True, default="")

    def __str__(self) -> str:
        return self.name
