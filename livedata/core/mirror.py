"""One market's book, rebuilt from the venue's frames in outcome-0 coordinates.

Either token's messages feed it; the frames of one timestamp are one step (docs/fill-model.md, "Steps").
Pure: what it has to say it returns, and time is an argument. A book that cannot be true any more is
dropped, and waits for the next whole one.

    await_snapshot ─► a book: live ─► steps … ─► dropped: gap, bad data, tick change ─► await_snapshot
                               └─► doubted: a hash differs ─► settle (REST's book) ─► live, or dropped
"""

from livedata.core.bookhash import Oracle
from livedata.core.openstep import OpenStep
from livedata.core.outcomes import Doubt, Dropped, Outcome, Reason
from livedata.core.prints import Seen
from livedata.core.steps import Change, MarketRef, Print, Step
from livedata.core.wire import (
    PRICES,
    SIZES,
    Book,
    Event,
    LastTradePrice,
    PriceChange,
    PriceChanges,
    TickSizeChange,
    read_micros,
    read_order_book,
)
from markets.core.book import OrderBook, Side, mirror
from markets.core.units import ONE

STEP_TIMER_MS = 20  # Source: docs/fill-model.md, "Steps"
CHECK_EVERY_MS = 1_000
_BUY = Side.BUY
_UNCHECKED_MS = 60_000  # after REST has confirmed a book whose hash we cannot reproduce


class Mirror:
    def __init__(self, ref: MarketRef, *, seq: int = 0) -> None:
        self.ref = ref
        self.book = OrderBook()
        self.oracle = Oracle(ref)
        self.live = False
        self.doubted = False
        self.connection = 0
        self.seq = seq
        self.heard_ms = 0  # our clock: the newest frame that moved this market
        self.check_every_ms = CHECK_EVERY_MS
        self.verified_count = 0
        self.refuted_count = 0
        self._step = OpenStep(0)
        self._best_bid, self._best_ask = 0, ONE  # 0 and ONE: an empty side
        self._seen = Seen()
        self._oldest_ms = 0  # a whole book older than what this connection has shown is a repeat
        self._checked_ms = 0
        self._reference: Book | None = None  # REST's book of an instant that we have not reached

    @property
    def stamp_ms(self) -> int:
        """The venue's clock: when the book last changed."""
        return self._step.book_stamp_ms

    @property
    def hash(self) -> str:
        """The venue's hash of token 0's book at `stamp_ms`, "" when it sent none."""
        return self._step.hash_0

    @property
    def step_ms(self) -> int:
        """The venue's clock: the newest step, which may have been trades alone."""
        return self._step.stamp_ms

    @property
    def open(self) -> bool:
        """Whether a step is under way, so that `tick` is needed."""
        return self.live and self._step.open

    def await_snapshot(self, connection: int) -> None:
        """Take the next whole book, of this connection, as the beginning."""
        self.drop(Reason.CONNECTION)
        if connection != self.connection:
            self._oldest_ms = 0
        self.connection = connection

    def drop(self, reason: Reason) -> list[Outcome]:
        """Give the book up; what it was stays readable, for a display that says so."""
        if not self.live:
            return []
        self.live = self.doubted = False
        self._reference = None
        self._oldest_ms = self.stamp_ms
        return [Dropped(self.ref.condition_id, reason)]

    def apply(self, event: Event, *, now_ms: int) -> list[Outcome]:
        """Take one event of this market; `now_ms` is our clock."""
        try:
            if isinstance(event, PriceChanges):
                return self._price_changes(event, now_ms) if self.live else []
            if isinstance(event, Book):
                return self._whole_book(event, now_ms)
            if isinstance(event, LastTradePrice):
                return self._trade(event, now_ms)
            if isinstance(event, TickSizeChange):
                return self._tick_size(event)
        except ValueError:
            return self.drop(Reason.BAD)
        return []

    def tick(self, now_ms: int) -> list[Outcome]:
        """Close a step that nothing closed in time. Call it often while `open`."""
        if self.open and now_ms - self.heard_ms >= STEP_TIMER_MS:
            return self._force_close(now_ms)
        return []

    def settle(self, book: Book, *, now_ms: int) -> list[Outcome]:
        """REST's word on a doubted book: true, wrong, or of another instant (then the doubt stays).

        Raises ValueError when REST's book cannot be read.
        """
        self.oracle.learn(book)
        if not (self.live and self.doubted):
            return []
        if self._proved():
            self.doubted = False
            return []
        stamp_ms = book.timestamp
        if stamp_ms < self.stamp_ms:
            return [Doubt(self.ref.condition_id)]
        self._reference = book
        return [] if stamp_ms > self.stamp_ms or self._step.open else self._compare(book, now_ms)

    # --- frames -----------------------------------------------------------------------------------

    def _price_changes(self, frame: PriceChanges, now_ms: int) -> list[Outcome]:
        outcomes: list[Outcome] = []
        step = self._step
        if frame.timestamp > step.stamp_ms:
            if step.open:
                outcomes = self._force_close(now_ms)
                if not self.live:
                    return outcomes
            self._step = step = OpenStep(frame.timestamp)
        elif frame.timestamp < step.stamp_ms:
            return self._late()
        elif self._repeats(frame):
            return outcomes
        else:
            step.move_book()
        self._set_levels(frame.price_changes, step)
        step.open = True
        self.heard_ms = now_ms
        closed = self._try_close(now_ms)
        return outcomes + closed if outcomes else closed

    def _set_levels(self, entries: list[PriceChange], step: OpenStep) -> None:
        """The hot loop. Half of a frame's entries mirror the other half, so one token's are enough."""
        token_0, prices, sizes = self.ref.token_0, PRICES, SIZES
        bids, asks = self.book.bids, self.book.asks
        said, count = None, 0
        for entry in entries:
            if entry.asset_id != token_0:
                continue
            said = entry
            count += 1
            price, size = prices[entry.price], sizes[entry.size]
            if entry.side is _BUY:
                before = bids.get(price, 0)
                if before == size:
                    continue
                step.bids_before.setdefault(price, before)
                if size:
                    bids[price] = size
                    if price > self._best_bid:
                        self._best_bid = price
                else:
                    del bids[price]
                    if price == self._best_bid:
                        self._best_bid = max(bids, default=0)
            else:
                before = asks.get(price, 0)
                if before == size:
                    continue
                step.asks_before.setdefault(price, before)
                if size:
                    asks[price] = size
                    if price < self._best_ask:
                        self._best_ask = price
                else:
                    del asks[price]
                    if price == self._best_ask:
                        self._best_ask = min(asks, default=ONE)
        if said is not None:
            step.said, step.hash_0 = said, said.hash
        if 2 * count != len(entries):
            self._set_unpaired_levels(entries, step)

    def _set_unpaired_levels(self, entries: list[PriceChange], step: OpenStep) -> None:
        """A frame that is not its own mirror image: every entry counts."""
        for entry in entries:
            outcome_index = self.ref.outcome_index(entry.asset_id)
            side, price = mirror(entry.side, PRICES[entry.price], outcome_index)
            self._set_level(side, price, SIZES[entry.size])
            if outcome_index:
                step.said_1, step.hash_1 = entry, entry.hash

    def _set_level(self, side: Side, price: int, size: int) -> None:
        sizes = self.book.sizes(side)
        before = self._step.bids_before if side is Side.BUY else self._step.asks_before
        if sizes.get(price, 0) != size:
            before.setdefault(price, sizes.get(price, 0))
            self.book.set_level(side, price, size)
            self._find_best()

    def _find_best(self) -> None:
        self._best_bid = max(self.book.bids, default=0)
        self._best_ask = min(self.book.asks, default=ONE)

    def _whole_book(self, event: Book, now_ms: int) -> list[Outcome]:
        stamp_ms = event.timestamp
        book = read_order_book(event, outcome_index=self.ref.outcome_index(event.asset_id))
        if book.crossed():
            raise ValueError("a crossed book")
        if not self.live:
            return self._snapshot(event, stamp_ms, book, now_ms) if stamp_ms >= self._oldest_ms else []
        if stamp_ms < self._step.stamp_ms:
            return [] if book == self.book else self._late()
        outcomes: list[Outcome] = []
        if stamp_ms > self._step.stamp_ms:
            outcomes = self._force_close(now_ms) if self._step.open else []
            if not self.live:
                return outcomes + self._snapshot(event, stamp_ms, book, now_ms)
            self._step = OpenStep(stamp_ms)
        for side in Side:
            old, new = self.book.sizes(side), book.sizes(side)
            for price in [price for price in old.keys() | new.keys() if old.get(price) != new.get(price)]:
                self._set_level(side, price, new.get(price, 0))
        self._note_whole(event)
        self._step.open = True
        self.heard_ms = now_ms
        return outcomes + self._try_close(now_ms)

    def _snapshot(self, event: Book, stamp_ms: int, book: OrderBook, now_ms: int) -> list[Outcome]:
        self._step = OpenStep(stamp_ms)
        self.book = book
        self._find_best()
        self._note_whole(event)
        self.live, self.doubted = True, False
        self.heard_ms = now_ms
        changes = tuple(
            Change(side, price, 0, size) for side in Side for price, size in book.sizes(side).items()
        )
        return [self._write_step(changes, (), now_ms, snapshot=True), *self._judge(self._proved(), now_ms)]

    def _note_whole(self, event: Book) -> None:
        step = self._step
        self.oracle.learn(event)
        step.move_book()
        step.whole = True
        step.said = step.said_1 = None  # the book itself has the last word on the best prices
        if self.ref.outcome_index(event.asset_id):
            step.hash_1 = event.hash
        else:
            step.hash_0 = event.hash

    def _trade(self, event: LastTradePrice, now_ms: int) -> list[Outcome]:
        stamp_ms = event.timestamp
        price_sent = PRICES[event.price]
        side, price = mirror(event.side, price_sent, self.ref.outcome_index(event.asset_id))
        trade = Print(side, price, SIZES[event.size], stamp_ms, event.transaction_hash or "")
        if not trade.size_micros:
            raise ValueError("a trade of nothing")
        if not self._seen.is_new(trade):
            return []
        self.oracle.traded(price_sent)
        if not self.live:
            return [trade]
        outcomes: list[Outcome] = [trade]
        if stamp_ms > self._step.stamp_ms:
            outcomes += self._force_close(now_ms) if self._step.open else []
            if not self.live:
                return outcomes
            self._step = OpenStep(stamp_ms, after=self._step)
        self._step.prints += (trade,)
        self._step.open = True
        self.heard_ms = now_ms
        return outcomes

    def _tick_size(self, event: TickSizeChange) -> list[Outcome]:
        tick_micros = read_micros(event.new_tick_size)
        if tick_micros == self.oracle.tick_micros:
            return []  # the other token's half of a change that we know
        self.oracle.tick_micros = tick_micros
        return self.drop(Reason.TICK)

    # --- repeats ----------------------------------------------------------------------------------

    def _late(self) -> list[Outcome]:
        """A frame older than the book is a repeat if the book is whole without it, else news too late."""
        proved = self._proved()
        if proved is False and self._step.open:
            self._step.suspect = True  # in the middle of a step nobody can tell; its end will
            return []
        return [] if proved else self.drop(Reason.ORDER)

    def _repeats(self, frame: PriceChanges) -> bool:
        """Whether a frame would undo what a later one of its own step has done.

        Each frame carries the hash of the state after the whole step: a book that has it is done.
        """
        step = self._step
        for entry in frame.price_changes:
            outcome_index = self.ref.outcome_index(entry.asset_id)
            side, price = mirror(entry.side, PRICES[entry.price], outcome_index)
            differs = self.book.sizes(side).get(price, 0) != SIZES[entry.size]
            if differs and (step.whole or step.touches(side, price)):
                hashes = ("", entry.hash) if outcome_index else (entry.hash, "")
                proved = self._proved(hashes)
                step.suspect = proved is False  # a repeat, or news: its end will tell
                return bool(proved)
        return False

    # --- closing and checking ---------------------------------------------------------------------

    def _consistent(self, step: OpenStep) -> bool:
        return self._best_bid < self._best_ask and step.agrees(
            best_bid_micros=self._best_bid, best_ask_micros=self._best_ask
        )

    def _try_close(self, now_ms: int) -> list[Outcome]:
        """Close the step if it looks whole. The hash knows for certain, and is asked when it is due."""
        if not self._consistent(self._step):
            return []
        if not self._due(now_ms):
            return self._say(now_ms)
        proved = self._proved()
        if proved is False:
            return []  # more frames of this step are on their way, or the timer decides
        return self._say(now_ms) + self._judge(proved, now_ms)

    def _force_close(self, now_ms: int) -> list[Outcome]:
        """Close the step because nothing more of it will come: now it must be whole."""
        if not self._consistent(self._step):
            return self.drop(Reason.GAP)
        proved = self._proved() if self._due(now_ms) else None
        if self._step.suspect and proved is False:
            return self.drop(Reason.ORDER)
        outcomes = self._say(now_ms)
        return outcomes + self._judge(proved, now_ms) if self._due(now_ms) else outcomes

    def _say(self, now_ms: int) -> list[Outcome]:
        changes, prints = self._step.close(self.book)
        return [self._write_step(changes, prints, now_ms, snapshot=False)] if changes or prints else []

    def _write_step(
        self, changes: tuple[Change, ...], prints: tuple[Print, ...], now_ms: int, *, snapshot: bool
    ) -> Step:
        self.seq += 1
        step, ref = self._step, self.ref
        head = (ref.condition_id, self.seq, step.stamp_ms, now_ms, self.connection)
        return Step(*head, snapshot, changes, prints, step.hash_0)  # by position, which is twice as fast

    def _due(self, now_ms: int) -> bool:
        return now_ms - self._checked_ms >= self.check_every_ms or self.doubted or self._step.suspect

    def _judge(self, proved: bool | None, now_ms: int) -> list[Outcome]:
        """Believe or doubt the book, which shows a whole step."""
        self._checked_ms = max(self._checked_ms, now_ms)
        if proved:
            self.verified_count += 1
            self.doubted, self._reference = False, None
        elif self._reference is not None and self._reference.timestamp <= self.stamp_ms:
            return self._compare(self._reference, now_ms)
        elif proved is False and not self.doubted:
            self.refuted_count += 1
            self.doubted = True
            return [Doubt(self.ref.condition_id)]
        return []

    def _proved(self, hashes: tuple[str, str] | None = None) -> bool | None:
        step = self._step
        return self.oracle.proves(
            hashes or (step.hash_0, step.hash_1),
            stamp_ms=step.book_stamp_ms,
            bids=self.book.bids,
            asks=self.book.asks,
        )

    def _compare(self, book: Book, now_ms: int) -> list[Outcome]:
        """REST's book of this instant, or of one that we should have seen and did not."""
        self._reference = None
        theirs = read_order_book(book, outcome_index=self.ref.outcome_index(book.asset_id))
        if book.timestamp != self.stamp_ms or theirs != self.book:
            return self.drop(Reason.HASH)
        self.doubted = False
        self._checked_ms = now_ms + _UNCHECKED_MS
        return []
