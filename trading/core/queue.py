"""When would a resting order have been filled? One market's own resting orders against the public feed.

Counts every trade once: only prints take from the front of the queue, and a level that shrinks without a
print only bounds it. Feed it closed steps in their order; what it returns are the fills, under each model.
The rules, row by row, are docs/fill-model.md, "Resting: the queue"; all here is in outcome-0 coordinates.

    step ─► prints: use up the queue ahead, the rest fills ─► shrinking: bounds it ─► growth: crosses
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Collection, Iterator, Mapping, Sequence

from livedata.core.steps import Change, Step
from markets.core.book import OrderBook, Side
from trading.core.behind import note
from trading.core.places import bound, newcomer, served
from trading.core.resting import Cause, Grade, MakerFill, QueueModel, Resting, across
from trading.core.unexplained import Shrunk, Unexplained, known_micros
from trading.core.volume import Printed, Spent

PRINT_WINDOW_MS = 1_000  # a print and a shrinking level this far apart may be one trade
_BUY, _SELL = Side.BUY, Side.SELL
_TOUCH, _RISK_AVERSE = QueueModel.TOUCH, QueueModel.RISK_AVERSE
_Spent = dict[tuple[str, QueueModel], Spent]


class MarketQueue:
    """The resting orders of one market, all worlds. It keeps `book`, and changes it step by step."""

    def __init__(self, book: OrderBook, *, window_ms: int = PRINT_WINDOW_MS) -> None:
        self.book = book
        self._orders: dict[str, Resting] = {}
        self._levels: dict[Side, dict[int, list[Resting]]] = {side: {} for side in Side}
        self._prices: dict[Side, list[int]] = {side: [] for side in Side}  # of own orders, ascending
        self._worlds: dict[str, dict[str, Resting]] = {}
        self._unexplained = Unexplained(window_ms)

        self.touched: set[Resting] = set()  # whose places may have changed; for whoever keeps them

    def __len__(self) -> int:
        return len(self._orders)

    def __iter__(self) -> Iterator[Resting]:
        return iter(self._orders.values())

    def get(self, order_id: str) -> Resting | None:
        return self._orders.get(order_id)

    # --- orders come and go -----------------------------------------------------------------------

    def put(self, resting: Resting) -> None:
        """Take in an order that comes to rest on `book` as it is, or one as it stood before."""
        assert resting.order_id not in self._orders, "an order rests once"
        self._orders[resting.order_id] = resting
        self._worlds.setdefault(resting.world, {})[resting.order_id] = resting
        levels = self._levels[resting.side]
        if resting.price_micros not in levels:
            levels[resting.price_micros] = []
            insort(self._prices[resting.side], resting.price_micros)
        insort(levels[resting.price_micros], resting, key=lambda other: other.number)

    def remove(self, order_id: str) -> Resting | None:
        """Take an order out; None when it is not there."""
        resting = self._orders.pop(order_id, None)
        if resting is None:
            return None
        self.touched.discard(resting)
        theirs = self._worlds[resting.world]
        del theirs[order_id]
        if not theirs:
            del self._worlds[resting.world]
        levels, prices = self._levels[resting.side], self._prices[resting.side]
        levels[resting.price_micros].remove(resting)
        if not levels[resting.price_micros]:
            del levels[resting.price_micros]
            del prices[bisect_left(prices, resting.price_micros)]
        return resting

    def swap(self, resting: Resting) -> None:
        """Put an order in the place of what it was; out, when nothing is left of it."""
        self.remove(resting.order_id)
        if not resting.done:
            self.put(resting)

    def ahead_of(self, resting: Resting, model: str) -> int:
        """Shares to be served first: others' ahead, and the world's own earlier orders at the price."""
        earlier = (
            other.place(model).open_micros
            for other in self._levels[resting.side].get(resting.price_micros, ())
            if other.number < resting.number and other.world == resting.world
        )
        return resting.place(model).ahead_micros + sum(earlier)

    def of_world(self, world: str) -> Collection[Resting]:
        """A world's own orders, in the order in which they came."""
        return self._worlds.get(world, {}).values()

    def across(self, world: str, side: Side) -> list[Resting]:
        """A world's own orders on one side of the book, best price and then time first."""
        own = [resting for resting in self.of_world(world) if resting.side is side]
        sign = -1 if side is _BUY else 1
        return sorted(own, key=lambda resting: (sign * resting.price_micros, resting.number))

    # --- steps ------------------------------------------------------------------------------------

    def apply(self, step: Step) -> list[MakerFill]:
        """Advance by one closed step; what it filled, under each model."""
        if step.snapshot:
            self.renew(book_of(step))
            return []
        shrunk: list[Change] = []
        moved: list[Change] = []  # levels at which own orders stand
        crossing: list[Change] = []
        bids, asks = self.book.bids, self.book.asks
        own_bids, own_asks = self._prices[_BUY], self._prices[_SELL]
        bid_levels, ask_levels = self._levels[_BUY], self._levels[_SELL]
        for change in step.changes:
            price, after = change.price_micros, change.after_micros
            if change.side is _BUY:
                sizes, crosses, ours = bids, own_asks and price >= own_asks[0], price in bid_levels
            else:
                sizes, crosses, ours = asks, own_bids and price <= own_bids[-1], price in ask_levels
            if after:
                sizes[price] = after
            else:
                sizes.pop(price, None)
            if after < change.before_micros:
                shrunk.append(change)
            if ours:
                moved.append(change)
            if crosses:
                crossing.append(change)
        fills: list[MakerFill] = []
        if moved:
            self._note_behind(step, moved)
        if step.prints:
            self._trade(step, fills)
        if shrunk:
            self._shrink(step, shrunk)
        if crossing:
            self._cross(step, crossing, fills)
        return fills

    def missed(self, step: Step, *, rested_before_ms: int) -> list[MakerFill]:
        """Prints of a gap, learnt afterwards: for orders that rested well before, and with grade C.

        Call it before the snapshot that ends the gap. `step` carries the prints and no change.
        """
        fills: list[MakerFill] = []
        for maker_side in Side:
            prints = [trade for trade in step.prints if trade.taker_side is not maker_side]
            if prints:
                printed = Printed.of(maker_side, prints)
                self._meet(step, printed, [], {}, fills, missed=True, until_ms=rested_before_ms)
        return fills

    def renew(self, book: OrderBook) -> None:
        """A whole book after a gap: it bounds the queues, and what stands across is nobody's news."""
        self.book = book
        self._unexplained.clear()
        self.touched.update(self)
        for resting in self._orders.values():
            shown = self.book.sizes(resting.side).get(resting.price_micros, 0)
            resting.behind = None
            for place in resting.places:
                place.ahead_micros = min(place.ahead_micros, shown)
                place.stood = across(self.book, resting.side, resting.price_micros)

    def _reached(self, side: Side, worst_micros: int) -> Sequence[int]:
        """Own prices that a taker going to `worst` would have met, best first."""
        prices = self._prices[side]
        if side is _BUY:
            return prices[bisect_left(prices, worst_micros) :][::-1]
        return prices[: bisect_right(prices, worst_micros)]

    # --- prints -----------------------------------------------------------------------------------

    def _trade(self, step: Step, fills: list[MakerFill]) -> None:
        before = {(change.side, change.price_micros): change.before_micros for change in step.changes}
        for maker_side in Side:
            prints = [trade for trade in step.prints if trade.taker_side is not maker_side]
            if not prints:
                continue
            printed = Printed.of(maker_side, prints)
            alone = not step.changes
            explained = self._unexplained.explain(printed, stamp_ms=step.stamp_ms) if alone else []
            self._meet(step, printed, explained, before, fills, until_ms=step.stamp_ms)

    def _meet(
        self,
        step: Step,
        printed: Printed,
        explained: list[tuple[Shrunk, int]],
        before: Mapping[tuple[Side, int], int],
        fills: list[MakerFill],
        *,
        until_ms: int,
        missed: bool = False,
    ) -> None:
        """Let one side's printed volume meet the orders that stand at its prices, or at better ones."""
        side, sizes = printed.maker_side, self.book.sizes(printed.maker_side)
        spent: _Spent = {}
        for price in self._reached(side, printed.worst_micros):
            shown = sizes.get(price, 0)
            shown_before = before.get((side, price), shown)
            for resting in list(self._levels[side][price]):
                if resting.since_ms >= until_ms:
                    continue
                self.touched.add(resting)
                for place in resting.places:
                    if not place.open_micros:
                        continue
                    own = spent.setdefault((resting.world, place.model), Spent())
                    at, through = printed.reaching(price, own)
                    at = max(0, at - known_micros(explained, resting, place, price))
                    ahead = place.ahead_micros
                    came = served(place, at, through, stands=shown > 0)
                    if place.model is _RISK_AVERSE:
                        resting.printed_micros += min(ahead, at + through)
                    for cause, size in came:
                        own.take(printed, price, size)
                        fills.append(
                            MakerFill(
                                resting=resting,
                                model=place.model,
                                size_micros=size,
                                cause=cause,
                                grade=_grade(cause, shown_before, missed=missed),
                                stamp_ms=step.stamp_ms,
                                seq=step.seq,
                                hash=step.hash,
                                ahead_before_micros=ahead,
                                before_micros=shown_before,
                                after_micros=shown,
                                prints=printed.up_to(price),
                            )
                        )
                self._forget_if_done(resting)

    def _forget_if_done(self, resting: Resting) -> None:
        if resting.done:
            self.remove(resting.order_id)

    # --- shrinking and growing --------------------------------------------------------------------

    def _note_behind(self, step: Step, moved: list[Change]) -> None:
        """Who comes after own orders at their prices."""
        printed = _printed(step)
        for change in moved:
            side, price, after = change.side, change.price_micros, change.after_micros
            taken = printed.get((side, price), 0)
            if after and not taken and after <= change.before_micros:
                continue  # a cancel: `_shrink` asks whose
            for resting in self._levels[side][price]:
                if resting.since_ms < step.stamp_ms:
                    net = after - change.before_micros + taken
                    note(resting, printed_micros=taken, net_micros=net, after_micros=after)
                    self.touched.add(resting)

    def _shrink(self, step: Step, shrunk: list[Change]) -> None:
        printed = _printed(step)
        for change in shrunk:
            side, price, after = change.side, change.price_micros, change.after_micros
            middle = change.before_micros - printed.get((side, price), 0)
            cancelled = self._unexplained.account(side, price, middle - after, stamp_ms=step.stamp_ms)
            entry = Shrunk(step.stamp_ms, side, price, cancelled)
            for resting in self._levels[side].get(price, ()):
                if resting.since_ms < step.stamp_ms:
                    bound(resting, entry, middle_micros=middle, after_micros=after)
                    self.touched.add(resting)
            if cancelled:
                self._unexplained.keep(entry)

    def _cross(self, step: Step, crossing: list[Change], fills: list[MakerFill]) -> None:
        """Offers at or through own prices: a newcomer would have traded with us."""
        for change in crossing:
            side = change.side.opposite
            sizes = self.book.sizes(side)
            for price in self._reached(side, change.price_micros):
                for resting in list(self._levels[side][price]):
                    if resting.since_ms >= step.stamp_ms:
                        continue
                    self.touched.add(resting)
                    for place in resting.places:
                        ahead, shown = place.ahead_micros, sizes.get(price, 0)
                        if size := newcomer(place, change, shown_micros=shown):
                            self._note_taken(resting, place.model, change, size)
                            fills.append(
                                MakerFill(
                                    resting=resting,
                                    model=place.model,
                                    size_micros=size,
                                    cause=Cause.CROSSING,
                                    grade=Grade.C,
                                    stamp_ms=step.stamp_ms,
                                    seq=step.seq,
                                    hash=step.hash,
                                    ahead_before_micros=ahead,
                                    before_micros=shown,
                                    after_micros=shown,
                                    crossing_micros=(change.price_micros, change.after_micros),
                                )
                            )
                    self._forget_if_done(resting)

    def _note_taken(self, taker: Resting, model: QueueModel, change: Change, size_micros: int) -> None:
        """What one order took of a level counts for none of its world again while that level stands."""
        level = change.price_micros
        for price in self._reached(taker.side, level):
            for other in self._levels[taker.side][price]:
                if other.world == taker.world:
                    stood = other.place(model).stood
                    stood[level] = min(change.after_micros, stood.get(level, 0) + size_micros)
                    self.touched.add(other)


def book_of(snapshot: Step) -> OrderBook:
    """The whole book that a snapshot step carries."""
    book = OrderBook()
    for change in snapshot.changes:
        book.set_level(change.side, change.price_micros, change.after_micros)
    return book


def _printed(step: Step) -> dict[tuple[Side, int], int]:
    """Volume by the maker's side and price."""
    printed: dict[tuple[Side, int], int] = {}
    for trade in step.prints:
        where = trade.taker_side.opposite, trade.price_micros
        printed[where] = printed.get(where, 0) + trade.size_micros
    return printed


def _grade(cause: Cause, shown_before_micros: int, *, missed: bool) -> Grade:
    if missed or not shown_before_micros:
        return Grade.C  # nobody else stood at that price: no taker or maker has ever seen it
    return Grade.A if cause is Cause.THROUGH else Grade.B
