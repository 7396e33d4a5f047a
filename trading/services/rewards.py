"""Scoring resting orders for liquidity rewards: once a minute, in markets that have a programme."""

from collections.abc import Sequence
from dataclasses import dataclass

from markets.core.errors import Conflict
from trading.atomic import run_atomic
from trading.bulk import insert_rows, update_rows
from trading.core.rebates import day_of
from trading.core.rewards import RewardRules, Sample, accrued_micros
from trading.models import Portfolio, RewardScore
from trading.selectors.rewards import scoring_now

_MINUTE_MS = 60_000
_BATCH = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """One portfolio's minute in one market."""

    portfolio: Portfolio
    condition_id: str
    sample: Sample
    rules: RewardRules

    def key(self, day_ms: int) -> str:
        return f"{self.portfolio.pk.hex}:{self.condition_id}:{day_ms}:{self.portfolio.epoch}"


def sample_rewards(*, now_ms: int) -> int:
    """Add this minute's scores; a minute that was sampled is left alone. Returns how many scored."""
    found = [
        Scored(portfolio=portfolio, condition_id=condition_id, sample=sample, rules=rules)
        for portfolio, condition_id, sample, rules in scoring_now(now_ms=now_ms)
    ]
    for start in range(0, len(found), _BATCH):
        part = found[start : start + _BATCH]
        run_atomic(lambda part=part: _add(part, now_ms))  # type: ignore[misc]
    return len(found)


def _add(part: Sequence[Scored], now_ms: int) -> None:
    day_ms, minute = day_of(now_ms), now_ms // _MINUTE_MS
    known = RewardScore.objects.in_bulk([scored.key(day_ms) for scored in part])
    fresh, changes = [], []
    for scored in part:
        row = known.get(scored.key(day_ms))
        if row is None:
            fresh.append(_first(scored, day_ms=day_ms, minute=minute))
        elif row.last_minute < minute:
            changes.append(({"pk": row.pk, "last_minute": row.last_minute}, _sums(row, scored, minute)))
    if update_rows(RewardScore, changes) != len(changes):
        raise Conflict("somebody else sampled this minute")
    insert_rows(fresh)


def _first(scored: Scored, *, day_ms: int, minute: int) -> RewardScore:
    row = RewardScore(
        id=scored.key(day_ms),
        portfolio=scored.portfolio,
        condition_id=scored.condition_id,
        day_ms=day_ms,
        pool_micros=0,
        epoch=scored.portfolio.epoch,
    )
    for name, value in _sums(row, scored, minute).items():
        setattr(row, name, value)
    return row


def _sums(row: RewardScore, scored: Scored, minute: int) -> dict[str, int]:
    """The row's figures with this minute in them."""
    sample, rules = scored.sample, scored.rules
    return {
        "last_minute": minute,
        "minutes_count": row.minutes_count + 1,
        "score_micros": row.score_micros + sample.score_micros,
        "low_share_micros": row.low_share_micros + sample.low_micros,
        "high_share_micros": row.high_share_micros + sample.high_micros,
        "pool_micros": rules.daily_micros,
        "low_micros": row.low_micros + accrued_micros(sample.low_micros, rules),
        "high_micros": row.high_micros + accrued_micros(sample.high_micros, rules),
    }
