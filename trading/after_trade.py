"""Models of what happens after a trade; `trading.models` has them with the others.

Written by `trading.services` alone, like all of them.
"""

import uuid

from django.db import models


class SetChange(models.Model):
    """Whole sets made, taken apart or converted: at once, without a fee. See trading/core/sets.py."""

    class Kind(models.TextChoices):
        SPLIT = "split"
        MERGE = "merge"
        CONVERT = "convert"

    id = models.UUIDField(primary_key=True, db_column="_id", default=uuid.uuid4, editable=False)
    portfolio = models.ForeignKey("trading.Portfolio", models.PROTECT, related_name="set_changes")
    client_id = models.CharField(max_length=80)
    body_hash = models.CharField(max_length=40)  # the same client_id with another body is refused
    kind = models.CharField(max_length=8, choices=Kind)
    condition_id = models.CharField(max_length=66, blank=True, default="")  # of a split or merge
    event_id = models.CharField(max_length=32, blank=True, default="")  # of a conversion
    size_micros = models.BigIntegerField()
    cash_micros = models.BigIntegerField()  # what came; negative: what went
    realised_pnl_micros = models.BigIntegerField(default=0)
    legs = models.JSONField(default=list)  # [[condition, token, outcome index, size, value], …] in micros
    changed_ms = models.BigIntegerField()
    written = models.BigIntegerField()  # the portfolio's version, as in Fill: the order of all writes
    epoch = models.IntegerField(default=0)

    class Meta:
        constraints = [
            # A retried request must find its first change, never make a second.
            models.UniqueConstraint(fields=["portfolio", "client_id"], name="one_set_change_per_client_id"),
        ]
        indexes = [models.Index(fields=["portfolio", "-changed_ms", "id"], name="set_change_of_portfolio")]

    def __str__(self) -> str:
        return f"{self.kind} {self.size_micros}"


class Rebate(models.Model):
    """What one market's day of maker fills gives back of the takers' fees. See trading/core/rebates.py."""

    # "<portfolio hex>:<condition>:<day_ms>:<epoch>"
    id = models.CharField(primary_key=True, db_column="_id", max_length=140)
    portfolio = models.ForeignKey("trading.Portfolio", models.PROTECT, related_name="rebates")
    condition_id = models.CharField(max_length=66)
    day_ms = models.BigIntegerField()  # the first millisecond of the UTC day, on the venue's clock
    fills_count = models.IntegerField()
    size_micros = models.BigIntegerField()
    equivalent_micros = models.BigIntegerField()  # the fees of the takers
    rate_micros = models.BigIntegerField()  # the market's rebate rate
    amount_micros = models.BigIntegerField()
    paid_ms = models.BigIntegerField(null=True)  # None: the whole day came to less than a dollar
    epoch = models.IntegerField(default=0)

    class Meta:
        indexes = [models.Index(fields=["portfolio", "-day_ms", "id"], name="rebate_of_portfolio")]

    def __str__(self) -> str:
        return self.id


class RebateDay(models.Model):
    """A UTC day whose rebates have all been reckoned: the next run begins behind the last of them."""

    id = models.CharField(primary_key=True, db_column="_id", max_length=10)  # "2026-11-24"
    day_ms = models.BigIntegerField(db_index=True)
    portfolios_count = models.IntegerField()
    paid_micros = models.BigIntegerField()
    finished_ms = models.BigIntegerField()

    def __str__(self) -> str:
        return self.id


class RewardScore(models.Model):
    """What one portfolio's resting orders in one market may have earned in a UTC day: an estimate.

    Never money: it enters no balance, no equity and no rank. See trading/core/rewards.py.
    """

    # "<portfolio hex>:<condition>:<day_ms>:<epoch>"
    id = models.CharField(primary_key=True, db_column="_id", max_length=140)
    portfolio = models.ForeignKey("trading.Portfolio", models.PROTECT, related_name="reward_scores")
    condition_id = models.CharField(max_length=66)
    day_ms = models.BigIntegerField()
    last_minute = models.BigIntegerField()  # epoch minutes: a minute is sampled once
    minutes_count = models.IntegerField(default=0)  # in which something scored
    score_micros = models.BigIntegerField(default=0)  # the minutes' scores together
    low_share_micros = models.BigIntegerField(default=0)  # their parts of the pool, in millionths
    high_share_micros = models.BigIntegerField(default=0)
    pool_micros = models.BigIntegerField()  # USDC of the day, as last seen
    low_micros = models.BigIntegerField(default=0)  # USDC so far
    high_micros = models.BigIntegerField(default=0)
    epoch = models.IntegerField(default=0)

    class Meta:
        indexes = [models.Index(fields=["portfolio", "-day_ms", "id"], name="reward_of_portfolio")]

    def __str__(self) -> str:
        return self.id
