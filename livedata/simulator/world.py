"""The living venue: a catalogue and fair values in closed form, books and flow drawn forward.

Nothing in here reads a clock: `advance` says how far simulated time has come. A market's book begins
when somebody first asks for it, from that moment's fair value; while nobody watches it, it stands still
until it is asked for again.
"""

from collections.abc import Callable, Iterable
from heapq import heapify, heappop, heappush

from livedata.simulator.agents import CELL_MS, CLEAR, QUOTE, Act, Trader, acts
from livedata.simulator.catalogue import Catalogue
from livedata.simulator.fair import Fair
from livedata.simulator.frames import books, market_resolved, new_market
from livedata.simulator.listings import EventListing, Listing, Phase
from livedata.simulator.live import LiveMarket, Print
from livedata.simulator.pasts import older_prints, volumes
from livedata.simulator.slots import DEFAULT, Kind
from livedata.simulator.times import MINUTE
from livedata.simulator.venue import Orders, Venue, Volumes

_WARM_UP_MS = MINUTE // 3  # of flow behind a book's first showing
_ASLEEP_MS = 2 * MINUTE  # an unwatched book that is older begins anew
_BOOKS_KEPT = 400  # unwatched ones
_COARSE, _FINE = 10_000, 1_000
_FINE_BEYOND = (0.04, 0.96)
_CLEARED: Act = (0, CLEAR, 0, 0.0, 0.0, 0.0, 0.0)


class World(Venue):
    """A venue that is a function of (seed, simulated time), and of who watched what since it started."""

    def __init__(
        self,
        *,
        seed: int,
        start_ms: int,
        epoch_ms: int | None = None,
        kinds: tuple[Kind, ...] = DEFAULT,
        speed: float = 1.0,
        one_print_per_sweep: bool = False,
        prints_last: bool = False,
    ) -> None:
        """`epoch_ms` is the instant the venue was founded, `start_ms` the one this process begins at."""
        super().__init__(one_print_per_sweep=one_print_per_sweep, prints_last=prints_last)
        self.seed, self.speed = seed, speed
        self._now_ms = start_ms
        self._fair = Fair(seed, start_ms if epoch_ms is None else epoch_ms)
        self._catalogue = Catalogue(
            seed=seed, epoch_ms=start_ms if epoch_ms is None else epoch_ms, fair=self._fair, kinds=kinds
        )
        self._catalogue.refresh(start_ms)
        self._traders: dict[str, Trader] = {}
        self._pending: dict[str, list[Act]] = {}
        self._cells: dict[str, int] = {}  # the next cell to draw
        self._due: list[tuple[int, str]] = []  # watched markets by their next act
        self._scheduled: set[str] = set()  # those in it
        self._fine: set[str] = set()  # markets whose tick has become finer
        self._seen_ms, self._seen_fair = 0, dict[str, float]()

    # -- time -------------------------------------------------------------------------------------

    @property
    def now_ms(self) -> int:
        return self._now_ms

    def advance(self, to_ms: int) -> None:
        """Draw the flow of all watched markets forward, and let listings come, close and resolve."""
        while self._now_ms < to_ms:
            change_ms = self._catalogue.next_ms
            until_ms = min(to_ms, change_ms)
            self._flow(until_ms)
            self._now_ms = max(until_ms, self._now_ms)
            if change_ms <= to_ms:
                self._change(change_ms)

    def skip_to(self, to_ms: int) -> None:
        for condition_id in list(self._live):
            self._forget(condition_id)
        self._due.clear()
        self._scheduled.clear()
        self.advance(to_ms)

    def _flow(self, until_ms: int) -> None:
        due = self._due
        while due and due[0][0] <= until_ms:
            _, condition_id = heappop(due)
            live = self._live.get(condition_id)
            if live is None or not self.watched(live.listing):
                self._scheduled.discard(condition_id)
                continue
            self._act(live, until_ms, once=True)
            heappush(due, (self._next_act_ms(live), condition_id))

    def _change(self, at_ms: int) -> None:
        """Something was listed, opened, ended or resolved just now."""
        resolved = [e for e in self._catalogue.events() if e.resolve_ms == at_ms]
        came, _ = self._catalogue.refresh(at_ms)
        for event in came:
            for listing in event.markets if event.created_ms == at_ms else []:
                self.on_frames(listing, [new_market(listing, at_ms)])
        for event in self._catalogue.events():
            if event.open_ms == at_ms:
                self._open(event)
        for event in resolved:
            for listing in event.markets:
                self._forget(listing.condition_id)
                self.on_frames(listing, [market_resolved(listing, listing.payout, at_ms)])

    def _open(self, event: EventListing) -> None:
        """Orders are taken from now on: those who waited get the first books."""
        for listing in event.markets:
            if self.watched(listing) and (live := self.live(listing)):
                self._schedule(live)
                self.on_frames(listing, books(live))

    def _forget(self, condition_id: str) -> None:
        for kept in (self._live, self._traders, self._pending, self._cells):
            kept.pop(condition_id, None)

    # -- books ------------------------------------------------------------------------------------

    def live(self, listing: Listing) -> LiveMarket | None:
        if self.phase(listing) not in (Phase.OPEN, Phase.REVIEW):
            return None
        live = self._live.get(listing.condition_id)
        if live is None or (not self.watched(listing) and self._now_ms - live.clock_ms > _ASLEEP_MS):
            return self._begin(listing)
        if live.clock_ms < self._now_ms:
            self._act(live, self._now_ms)
        return live

    def seen(self, listing: Listing) -> LiveMarket | None:
        live = self._live.get(listing.condition_id)
        return live if live and self._now_ms - live.clock_ms <= _ASLEEP_MS else None

    def watch(self, listing: Listing) -> None:
        live = self.live(listing)
        super().watch(listing)
        if live is not None:
            self._schedule(live)

    def _schedule(self, live: LiveMarket) -> None:
        condition_id = live.listing.condition_id
        if condition_id not in self._scheduled:
            self._scheduled.add(condition_id)
            heappush(self._due, (self._next_act_ms(live), condition_id))

    def _begin(self, listing: Listing) -> LiveMarket:
        """Draw a book from the fair value of a while ago, and a little flow on top."""
        if len(self._live) - len(self._watched) >= _BOOKS_KEPT:
            self._forget(next(c for c in self._live if not self._watched.get(c)))
        condition_id, event = listing.condition_id, listing.event
        start_ms = max(self._now_ms - _WARM_UP_MS, event.open_ms)
        tick_micros = self.tick_micros(listing)
        self._forget(condition_id)
        live = LiveMarket(listing, tick_micros=tick_micros, stamp_ms=start_ms)
        pending: list[Act] = []
        trader = Trader(listing, pending)
        self._live[condition_id], self._traders[condition_id] = live, trader
        self._pending[condition_id], self._cells[condition_id] = pending, start_ms // CELL_MS
        if event.clear_on_start and event.start_ms is not None and event.start_ms > start_ms:
            heappush(pending, (event.start_ms, *_CLEARED[1:]))
        self._muted = True
        fair = self._fair_of(listing)
        self.step(live, start_ms, trader.background(fair(start_ms), tick_micros))
        for maker in trader.crew.makers:
            quoted: Act = (start_ms, QUOTE, maker.number, 0.0, 0.0, 0.0, 0.0)
            self.step(live, start_ms, trader.orders(quoted, fair, tick_micros))
        self._draw_cell(live, after_ms=start_ms)
        self._act(live, self._now_ms)
        self._muted = False
        return live

    def _fair_of(self, listing: Listing) -> Callable[[int], float]:
        chance = self._fair.chance

        def fair(at_ms: int) -> float:
            # A quarter of a second is as fine as anybody here looks, and lets a group share one answer.
            return chance(listing, at_ms - at_ms % 250, keep=True)

        return fair

    def _draw_cell(self, live: LiveMarket, *, after_ms: int = 0) -> None:
        condition_id = live.listing.condition_id
        cell = self._cells[condition_id]
        pending = self._pending[condition_id]
        pending += [
            act for act in acts(live.listing, self._traders[condition_id].crew, cell) if act[0] > after_ms
        ]
        heapify(pending)
        self._cells[condition_id] = cell + 1

    def _next_act_ms(self, live: LiveMarket) -> int:
        """When the market moves next; the end of the drawn cells when nothing is due before."""
        condition_id = live.listing.condition_id
        pending, drawn_ms = self._pending[condition_id], self._cells[condition_id] * CELL_MS
        return min(pending[0][0], drawn_ms) if pending else drawn_ms

    def _act(self, live: LiveMarket, until_ms: int, *, once: bool = False) -> None:
        """Let everything happen on one market that is due by then, or just the next thing."""
        condition_id = live.listing.condition_id
        pending, trader = self._pending[condition_id], self._traders[condition_id]
        fair = self._fair_of(live.listing)
        while (due_ms := self._next_act_ms(live)) <= until_ms:
            live.clock_ms = due_ms
            if self._cells[condition_id] * CELL_MS <= due_ms:
                self._draw_cell(live)
            else:
                act = heappop(pending)
                if act[1] == CLEAR:
                    orders = Orders(cancels=list(live.book.where))
                else:
                    orders = trader.orders(act, fair, live.book.tick_micros)
                self.step(live, act[0], orders)
                if live.book.tick_micros == _FINE and live.listing.tick_micros == _COARSE:
                    self._fine.add(condition_id)
            if once:
                return
        live.clock_ms = until_ms

    # -- what the doors read ----------------------------------------------------------------------

    def events(self) -> list[EventListing]:
        return self._catalogue.events()

    def event(self, *, slug: str = "", number: int = 0) -> EventListing | None:
        found = self._catalogue.find_slug(slug) if slug else self._catalogue.find_number(number)
        if found is None or (slug and found.slug != slug) or (number and found.number != number):
            return None
        return found if found.created_ms <= self._now_ms else None

    def market(
        self, *, slug: str = "", number: int = 0, condition_id: str = "", token_id: str = ""
    ) -> Listing | None:
        index = self._catalogue.index
        if condition_id or token_id:
            listed = index.by_condition.get(condition_id) or index.by_token.get(token_id)
            found = listed or self._catalogue.find_id(condition_id or token_id)
            if found and condition_id != found.condition_id and token_id not in found.token_ids:
                return None
        elif slug:
            event = self._catalogue.find_slug(slug)
            found = next((m for m in event.markets if m.slug == slug), None) if event else None
        else:
            event = self._catalogue.find_number(number)
            found = next((m for m in event.markets if m.number == number), None) if event else None
        return found if found and found.event.created_ms <= self._now_ms else None

    def phase(self, listing: Listing) -> Phase:
        event, now_ms = listing.event, self._now_ms
        if now_ms < event.created_ms:
            return Phase.UNBORN
        if now_ms < event.open_ms:
            return Phase.ANNOUNCED
        if now_ms < event.end_ms:
            return Phase.OPEN
        return Phase.REVIEW if now_ms < event.resolve_ms else Phase.CLOSED

    def fair(self, listing: Listing, at_ms: int | None = None) -> float:
        if at_ms is not None:
            return self._fair.chance(listing, at_ms)
        if self._seen_ms != self._now_ms:
            self._seen_ms, self._seen_fair = self._now_ms, {}
        if listing.condition_id not in self._seen_fair:
            self._seen_fair[listing.condition_id] = self._fair.chance(listing, self._now_ms)
        return self._seen_fair[listing.condition_id]

    def fair_path(self, listing: Listing, instants: Iterable[int]) -> list[float]:
        return [self._fair.chance(listing, at_ms, keep=True) for at_ms in instants]

    def tick_micros(self, listing: Listing) -> int:
        if listing.tick_micros != _COARSE:
            return listing.tick_micros
        if listing.condition_id in self._fine:
            return _FINE
        low, high = _FINE_BEYOND
        live = self.seen(listing)
        if live is not None:
            return live.book.tick_micros
        return _COARSE if low <= self.fair(listing) <= high else _FINE

    def volumes(self, listing: Listing) -> Volumes:
        return volumes(listing, self._now_ms)

    def older_prints(self, listing: Listing, *, before_ms: int, count: int) -> list[Print]:
        def fair(at_ms: int) -> float:
            return self._fair.chance(listing, at_ms)

        return older_prints(listing, fair, before_ms=before_ms, count=count)
