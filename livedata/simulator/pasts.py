"""What a market did before anybody looked, in closed form: its volumes and the tape of past trades."""

from collections.abc import Callable

from livedata.simulator.agents import CELL_MS, TAKE, Act, acts
from livedata.simulator.draw import lognormal, mix, unit
from livedata.simulator.ids import transaction_hash
from livedata.simulator.listings import Listing
from livedata.simulator.live import Print
from livedata.simulator.profiles import crew
from livedata.simulator.times import DAY
from livedata.simulator.venue import Volumes
from markets.core.book import Side
from markets.core.units import ONE

_CELLS_BACK = 1_500  # how far the tape of an unwatched market is drawn back: eight hours


def volumes(listing: Listing, now_ms: int) -> Volumes:
    """A smooth rise from opening to end, steeper towards the end; the size follows the weight."""
    event = listing.event
    scale = lognormal(1.4e6 * listing.weight**1.2 + 40, 0.7, listing.key, 30)
    days = min((event.end_ms - event.open_ms) / DAY, 20.0) if not event.series else 0.05
    bend = 3.0 if event.teams or event.series else 1.3

    def traded(at_ms: int) -> float:
        x = (min(at_ms, event.end_ms) - event.open_ms) / (event.end_ms - event.open_ms)
        return scale * days * float(max(x, 0.0) ** bend)

    total = traded(now_ms)
    return Volumes(
        total=total,
        day=total - traded(now_ms - DAY),
        week=total - traded(now_ms - 7 * DAY),
        month=total - traded(now_ms - 30 * DAY),
        year=total - traded(now_ms - 365 * DAY),
        liquidity=lognormal(9e4 * listing.weight**0.7 + 300, 0.5, listing.key, 31),
    )


def older_prints(
    listing: Listing, fair: Callable[[int], float], *, before_ms: int, count: int
) -> list[Print]:
    """Takers' acts of the past, priced at the fair value of their instant."""
    made: list[Print] = []
    team, event = crew(listing), listing.event
    before_ms = min(before_ms, event.resolve_ms)
    cell, last = before_ms // CELL_MS, max(before_ms // CELL_MS - _CELLS_BACK, event.open_ms // CELL_MS)
    while cell > last and len(made) < count:
        for act in reversed(acts(listing, team, cell)):
            if act[1] == TAKE and event.open_ms < act[0] < before_ms:
                made.append(_past_print(listing, act, fair(act[0])))
        cell -= 1
    return made[:count]


def _past_print(listing: Listing, act: Act, fair: float) -> Print:
    when, _, _, one, _, three, four = act
    outcome, tick = int(four * 100 % 1 < 0.4), listing.tick_micros
    buys = one < 0.5
    price = round(fair * ONE / tick + (0.5 if buys else -0.5)) * tick
    price = min(max(price, tick), ONE - tick)
    side = Side.BUY if buys != bool(outcome) else Side.SELL
    spread = unit(mix(listing.key, when))
    return Print(
        token_id=listing.token_ids[outcome],
        outcome_index=outcome,
        side=side,
        price_micros=ONE - price if outcome else price,
        size_micros=int((5 + 30 * three / (1.05 - three) * spread) * 100) * 10_000,
        stamp_ms=when,
        transaction_hash=transaction_hash(listing.key, when, 0),
        wallet=mix(listing.key, 12, when),
    )
