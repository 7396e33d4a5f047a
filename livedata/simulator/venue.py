"""What every simulated venue does, whoever moves its books: listings, live books, engine steps, watchers.

Venue
  World         moves by itself, a function of (seed, simulated time)
  ManualWorld   moves only when told, for tests
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from threading import RLock

from livedata.simulator.engine import Book, Fill
from livedata.simulator.frames import Frame, books, step_frames, tick_size_change
from livedata.simulator.ids import transaction_hash
from livedata.simulator.listings import EventListing, Listing, Phase
from livedata.simulator.live import LiveMarket, Print, Taker
from markets.core.book import Side
from markets.core.units import ONE

_COARSE_TICK, _FINE_TICK = 10_000, 1_000
_FINE_BEYOND = (40_000, 960_000)  # docs.polymarket.com, "Tick sizes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Volumes:
    """What was traded, in USDC."""

    total: float
    day: float
    week: float
    month: float
    year: float
    liquidity: float = 0.0


@dataclass(slots=True, kw_only=True)
class Orders:
    """What reaches one market's engine in one step: cancels first, then new orders, then takers."""

    cancels: Sequence[int] = ()
    places: Sequence[tuple[int, Side, int, int]] = ()  # order id, side, price, size
    takers: Sequence[Taker] = field(default_factory=tuple)


def carried_out(book: Book, orders: Orders) -> list[tuple[Taker, list[Fill]]]:
    """Let the engine do what reached it. Returns who took, and what each of them got."""
    for order_id in orders.cancels:
        book.cancel(order_id)
    made: list[tuple[Taker, list[Fill]]] = []
    for order_id, side, price, size in orders.places:
        if fills := book.place(order_id, side, price, size):
            taker = Taker(
                side=side, limit_micros=price, size_micros=size, outcome_index=order_id & 1, order_id=order_id
            )
            made.append((taker, fills))
    for taker in orders.takers:
        if taker.order_id:
            fills = book.place(taker.order_id, taker.side, taker.limit_micros, taker.size_micros)
        else:
            fills = book.take(taker.side, taker.limit_micros, taker.size_micros, taker.outcome_index)
        if fills:
            made.append((taker, fills))
    return made


def _ignore(listing: Listing, frames: list[Frame]) -> None:
    """What is said while nobody listens."""


class Index:
    """Finds listings by every name the venue gives them."""

    def __init__(self) -> None:
        self.events_by_slug: dict[str, EventListing] = {}
        self.events_by_number: dict[int, EventListing] = {}
        self.by_slug: dict[str, Listing] = {}
        self.by_number: dict[int, Listing] = {}
        self.by_condition: dict[str, Listing] = {}
        self.by_token: dict[str, Listing] = {}

    def add(self, event: EventListing) -> None:
        self.events_by_slug[event.slug] = event
        self.events_by_number[event.number] = event
        for listing in event.markets:
            self.by_slug[listing.slug] = listing
            self.by_number[listing.number] = listing
            self.by_condition[listing.condition_id] = listing
            for token_id in listing.token_ids:
                self.by_token[token_id] = listing

    def remove(self, event: EventListing) -> None:
        self.events_by_slug.pop(event.slug, None)
        self.events_by_number.pop(event.number, None)
        for listing in event.markets:
            self.by_slug.pop(listing.slug, None)
            self.by_number.pop(listing.number, None)
            self.by_condition.pop(listing.condition_id, None)
            for token_id in listing.token_ids:
                self.by_token.pop(token_id, None)


class Venue:
    """The part that the doors (HTTP and socket) talk to. Hold `lock` around everything."""

    speed = 1.0

    def __init__(self, *, one_print_per_sweep: bool = False, prints_last: bool = False) -> None:
        self.lock = RLock()
        self.on_frames: Callable[[Listing, list[Frame]], None] = _ignore
        self._one_print_per_sweep = one_print_per_sweep
        self._prints_last = prints_last
        self._live: dict[str, LiveMarket] = {}
        self._watched: Counter[str] = Counter()
        self._muted = False  # while a book is drawn that nobody has seen yet

    # -- what is listed: each venue's own ---------------------------------------------------------

    @property
    def now_ms(self) -> int:
        raise NotImplementedError

    def advance(self, to_ms: int) -> None:
        """Let simulated time pass."""
        raise NotImplementedError

    def skip_to(self, to_ms: int) -> None:
        """Let time pass without the flow in between, as over a night's sleep: books begin anew."""
        self.advance(to_ms)

    def events(self) -> list[EventListing]:
        """Everything the lists show, open and recently closed, by id."""
        raise NotImplementedError

    def event(self, *, slug: str = "", number: int = 0) -> EventListing | None:
        raise NotImplementedError

    def market(
        self, *, slug: str = "", number: int = 0, condition_id: str = "", token_id: str = ""
    ) -> Listing | None:
        """The market with that name, also one that left the lists; None when there never was one."""
        raise NotImplementedError

    def phase(self, listing: Listing) -> Phase:
        raise NotImplementedError

    def payout(self, listing: Listing) -> tuple[int, int]:
        """What a closed market pays per share of each outcome, in micros."""
        return listing.payout

    def fair(self, listing: Listing, at_ms: int | None = None) -> float:
        """The chance of outcome 0, now or at a past instant."""
        raise NotImplementedError

    def fair_path(self, listing: Listing, instants: Iterable[int]) -> list[float]:
        """The chance of outcome 0 at many instants, rising."""
        return [self.fair(listing, at_ms) for at_ms in instants]

    def volumes(self, listing: Listing) -> Volumes:
        raise NotImplementedError

    def older_prints(self, listing: Listing, *, before_ms: int, count: int) -> list[Print]:
        """Trades from before the book was drawn, newest first."""
        raise NotImplementedError

    def live(self, listing: Listing) -> LiveMarket | None:
        """The market's book, drawn up to now; None when it has none (announced, closed)."""
        raise NotImplementedError

    # -- what is shared ---------------------------------------------------------------------------

    def tick_micros(self, listing: Listing) -> int:
        """The tick in force."""
        live = self._live.get(listing.condition_id)
        return live.book.tick_micros if live else listing.tick_micros

    def seen(self, listing: Listing) -> LiveMarket | None:
        """The market's book if somebody drew it already, as of then; lists must not draw thousands."""
        return self._live.get(listing.condition_id)

    def watched(self, listing: Listing) -> bool:
        return self._watched[listing.condition_id] > 0

    def watched_markets(self) -> list[LiveMarket]:
        """The books of which somebody hears."""
        return [live for condition_id in self._watched if (live := self._live.get(condition_id)) is not None]

    def watch(self, listing: Listing) -> None:
        """Send this market's frames to `on_frames` from now on; counts watchers."""
        self._watched[listing.condition_id] += 1

    def unwatch(self, listing: Listing) -> None:
        if self._watched[listing.condition_id] > 1:
            self._watched[listing.condition_id] -= 1
        else:
            del self._watched[listing.condition_id]

    def prints(self, listing: Listing, count: int) -> list[Print]:
        """The market's newest trades, newest first, with the hashes that the socket told."""
        live = self.live(listing) or self._live.get(listing.condition_id)
        recent = list(reversed(live.prints))[:count] if live else []
        if len(recent) == count:
            return recent
        before_ms = recent[-1].stamp_ms if recent else self.now_ms
        return recent + self.older_prints(listing, before_ms=before_ms, count=count - len(recent))

    def step(self, live: LiveMarket, stamp_ms: int, orders: Orders) -> list[Frame]:
        """Run one engine step: everything in it gets one timestamp. Returns what the socket says.

        The frames went to `on_frames` already when somebody watches, and are not built otherwise.
        """
        # Two steps of a market never share a millisecond, or readers could not tell them apart; one
        # more is left for a `best_bid_ask` that is stamped late.
        stamp_ms = max(stamp_ms, live.stamp_ms + 2)
        before = live.best
        prints: list[Print] = []
        for taker, fills in carried_out(live.book, orders):
            prints += self._prints(live, taker, fills, stamp_ms, len(prints))
        for made in prints:
            live.record(made)
        changes = live.close_step(stamp_ms)
        if not (changes or prints):
            return []
        if prints:
            # A trade restamps the book even where the shown sizes did not move.
            live.restamp(stamp_ms)
        watched = self.watched(live.listing) and not self._muted
        frames: list[Frame] = []
        if watched:
            frames = step_frames(live, changes, prints, before, prints_last=self._prints_last)
        frames += self._finer_tick(live, stamp_ms)
        if frames:
            self.on_frames(live.listing, frames)
        return frames

    def change_tick(self, live: LiveMarket, tick_micros: int, stamp_ms: int) -> list[Frame]:
        """Set another tick; both tokens' watchers are told, then get their books."""
        old_micros = live.book.tick_micros
        live.set_tick(tick_micros)
        if self._muted or not self.watched(live.listing):
            return []
        return [*tick_size_change(live, old_micros=old_micros, stamp_ms=stamp_ms), *books(live)]

    def _finer_tick(self, live: LiveMarket, stamp_ms: int) -> list[Frame]:
        if live.book.tick_micros != _COARSE_TICK:
            return []
        bid, ask = live.best
        price = live.midpoint or bid or ask
        if price is None or _FINE_BEYOND[0] <= price <= _FINE_BEYOND[1]:
            return []
        return self.change_tick(live, _FINE_TICK, stamp_ms)

    def _prints(
        self, live: LiveMarket, taker: Taker, fills: Iterable[Fill], stamp_ms: int, earlier: int
    ) -> list[Print]:
        """One print a level, or one for the whole sweep: which of them the venue does is not known."""
        by_price: dict[int, int] = {}
        for fill in fills:
            by_price[fill.price_micros] = by_price.get(fill.price_micros, 0) + fill.size_micros
        if self._one_print_per_sweep and by_price:
            by_price = {list(by_price)[-1]: sum(by_price.values())}
        outcome, listing = taker.outcome_index, live.listing
        side = taker.side.opposite if outcome else taker.side
        tx_hash = transaction_hash(listing.key, stamp_ms, earlier)
        return [
            Print(
                token_id=listing.token_ids[outcome],
                outcome_index=outcome,
                side=side,
                price_micros=ONE - price if outcome else price,
                size_micros=size,
                stamp_ms=stamp_ms,
                transaction_hash=tx_hash,
                wallet=taker.wallet,
            )
            for price, size in by_price.items()
        ]
