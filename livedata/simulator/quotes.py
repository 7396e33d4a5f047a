"""What lists say about a market's price: its book where one is drawn, else its fair value."""

from livedata.simulator.listings import Listing, Phase
from livedata.simulator.venue import Venue
from markets.core.units import ONE


def prices(venue: Venue, listing: Listing, phase: Phase) -> tuple[float, float]:
    """Outcome prices: the payout once closed, else the book's midpoint, else the fair value on the grid."""
    if phase is Phase.CLOSED:
        first, second = venue.payout(listing)
        return first / ONE, second / ONE
    live = venue.seen(listing)
    if live and live.midpoint is not None:
        price = live.midpoint
    else:
        half = venue.tick_micros(listing) / 2
        price = round(round(venue.fair(listing) * ONE / half) * half)
        price = min(max(price, round(half)), ONE - round(half))
    return price / ONE, (ONE - price) / ONE


def quote(venue: Venue, listing: Listing, price: float) -> tuple[float | None, float | None]:
    """Best bid and ask: the book's where it is drawn, else a tick around the price."""
    live = venue.seen(listing)
    if live:
        bid, ask = live.best
        return None if bid is None else bid / ONE, None if ask is None else ask / ONE
    tick = venue.tick_micros(listing)
    bid = int(price * ONE / tick - 0.5) * tick
    return (bid / ONE if bid > 0 else None), min(bid + tick, ONE - tick) / ONE
