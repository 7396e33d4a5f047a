"""A handmade venue for tests: books stand still until they are told to change."""

from collections.abc import Callable, Iterable

from livedata.simulator.frames import Frame, market_resolved, new_market
from livedata.simulator.ids import Place, hex_id, number, token_id
from livedata.simulator.listings import EventListing, Fees, Listing, Phase
from livedata.simulator.live import LiveMarket, Print, Taker
from livedata.simulator.times import DAY, HOUR, wall_ms
from livedata.simulator.venue import Index, Orders, Venue, Volumes
from markets.core.book import Side
from markets.core.units import ONE, to_micros

Levels = Iterable[tuple[str, str]]


def _rules(event: EventListing, listing: Listing | None) -> str:
    named = listing.question if listing else event.title
    return f'This market resolves to "Yes" when the test says so.\n\nIt asks: {named}'


class ManualWorld(Venue):
    """Prices and sizes are decimal strings in outcome 0's coordinates, unless an outcome is named.

    Safe to drive from one thread while a server answers in another. Stamps follow `clock` (the wall
    clock by default), so that clients find them fresh.
    """

    def __init__(
        self,
        *,
        seed: int = 1,
        clock: Callable[[], int] = wall_ms,
        one_print_per_sweep: bool = False,
        prints_last: bool = False,
    ) -> None:
        super().__init__(one_print_per_sweep=one_print_per_sweep, prints_last=prints_last)
        self.seed = seed
        self._clock = clock
        self._index = Index()
        self._events: list[EventListing] = []
        self._phases: dict[str, Phase] = {}
        self._payouts: dict[str, tuple[int, int]] = {}
        self._orders = 0

    # -- building and moving it -------------------------------------------------------------------

    def add_market(self, *, slug: str = "", question: str = "", **facts: object) -> Listing:
        """List a single open market with an empty book; `facts` go to `add_event`."""
        slug = slug or f"market-{len(self._events) + 1}"
        question = question or slug.replace("-", " ").capitalize() + "?"
        return self.add_event(slug=slug, title=question, questions=[(slug, question)], **facts)[0]  # type: ignore[arg-type]

    def add_event(
        self,
        *,
        slug: str,
        title: str,
        questions: list[tuple[str, str]],
        outcomes: tuple[str, str] = ("Yes", "No"),
        tick: str = "0.01",
        fee_rate: float | None = 0.05,
        neg_risk: bool = False,
        seconds_delay: int = 0,
        taker_delay: bool = False,
        start_ms: int | None = None,
        clear_on_start: bool = False,
        end_ms: int | None = None,
        category: str = "Politics",
        sports_type: str = "",
        weight: float = 0.0,
        news: tuple[tuple[float, float], ...] = (),
    ) -> list[Listing]:
        """List an event with one market a (slug, question), open at once, with empty books."""
        with self.lock:
            now, slot = self.now_ms, len(self._events)
            ends = end_ms if end_ms is not None else now + 30 * DAY
            place = Place(slot=slot, generation=0, index=0)
            event = EventListing(
                place=place,
                number=number(place),
                kind="manual",
                slug=slug,
                title=title,
                category=category,
                created_ms=now - DAY,
                open_ms=now - DAY,
                end_ms=ends,
                resolve_ms=ends + 2 * HOUR,
                rules=_rules,
                start_ms=start_ms,
                fees=None if fee_rate is None else Fees(name="general_fees", rate=fee_rate, rebate=0.25),
                neg_risk=neg_risk,
                neg_risk_id=hex_id(4, place, self.seed)[:-2] + "00" if neg_risk else "",
                seconds_delay=seconds_delay,
                taker_delay=taker_delay,
                clear_on_start=clear_on_start,
                news=news,
            )
            for index, (market_slug, question) in enumerate(questions):
                listing = Listing(
                    event=event,
                    **self._ids(Place(slot=slot, generation=0, index=index)),  # type: ignore[arg-type]
                    slug=market_slug,
                    question=question,
                    group_title=question if len(questions) > 1 else "",
                    outcomes=outcomes,
                    tick_micros=to_micros(tick),
                    sports_type=sports_type,
                    weight=weight,
                )
                event.markets.append(listing)
                self._live[listing.condition_id] = LiveMarket(
                    listing, tick_micros=listing.tick_micros, stamp_ms=now - HOUR
                )
                self._phases[listing.condition_id] = Phase.OPEN
            self._events.append(event)
            self._index.add(event)
            for listing in event.markets:
                self._tell(listing, [new_market(listing, now)])
            return list(event.markets)

    def _ids(self, seat: Place) -> dict[str, object]:
        """Everything that names a market."""
        return {
            "place": seat,
            "number": number(seat),
            "condition_id": hex_id(0, seat, self.seed),
            "question_id": hex_id(3, seat, self.seed),
            "token_ids": (token_id(0, seat, self.seed), token_id(1, seat, self.seed)),
        }

    def set_book(self, condition_id: str, *, bids: Levels = (), asks: Levels = ()) -> list[Frame]:
        """Replace the whole book in one step. Raises ValueError when the two sides would meet."""
        with self.lock:
            live = self._live[condition_id]
            sides = [(Side.BUY, price, size) for price, size in bids]
            sides += [(Side.SELL, price, size) for price, size in asks]
            highest = max((to_micros(p) for side, p, _ in sides if side is Side.BUY), default=0)
            lowest = min((to_micros(p) for side, p, _ in sides if side is Side.SELL), default=ONE)
            if highest >= lowest:
                raise ValueError(f"bids at {highest} and asks at {lowest} would trade")
            places = [self._order(side, price, size) for side, price, size in sides]
            return self._run(live, Orders(cancels=list(live.book.where), places=places))

    def set_level(self, condition_id: str, side: str, price: str, size: str) -> list[Frame]:
        """Make one level show exactly this size ("0" removes it), in one step."""
        with self.lock:
            live = self._live[condition_id]
            level = live.book.side(Side(side)).get(to_micros(price), {})
            places = [self._order(Side(side), price, size)] if to_micros(size) else []
            return self._run(live, Orders(cancels=list(level), places=places))

    def trade(
        self,
        condition_id: str,
        side: str,
        size: str,
        *,
        limit: str | None = None,
        outcome_index: int = 0,
        rest: bool = False,
    ) -> list[Print]:
        """A stranger takes liquidity, in the coordinates of the outcome it trades; returns the prints.

        What does not match is killed, or rests at the limit with `rest`.
        """
        with self.lock:
            live, own = self._live[condition_id], Side(side)
            worst = to_micros(limit) if limit else (ONE if own is Side.BUY else 0)
            self._orders += 1
            taker = Taker(
                side=own.opposite if outcome_index else own,
                limit_micros=ONE - worst if outcome_index else worst,
                size_micros=to_micros(size),
                outcome_index=outcome_index,
                order_id=2 * self._orders + outcome_index if rest else 0,
                wallet=self._orders,
            )
            last = live.prints[-1] if live.prints else None
            self._run(live, Orders(takers=[taker]))
            made = list(live.prints)
            return made[made.index(last) + 1 :] if last in made else made

    def set_tick(self, condition_id: str, tick: str) -> list[Frame]:
        with self.lock:
            live = self._live[condition_id]
            frames = self.change_tick(live, to_micros(tick), self.now_ms)
            self.on_frames(live.listing, frames)
            return frames

    def propose(self, condition_id: str) -> None:
        """Put the market in review: still tradable, an outcome is proposed."""
        with self.lock:
            self._phases[condition_id] = Phase.REVIEW

    def resolve(self, condition_id: str, payout: tuple[int, int]) -> None:
        """Close the market: 1/0, 0/1 or, for 50/50, (1, 1). Its book is gone."""
        with self.lock:
            listing, total = self._index.by_condition[condition_id], sum(payout)
            shares = (payout[0] * ONE // total, payout[1] * ONE // total)
            self._payouts[condition_id] = shares
            self._phases[condition_id] = Phase.CLOSED
            self._tell(listing, [market_resolved(listing, shares, self.now_ms)])

    def _order(self, side: Side, price: str, size: str) -> tuple[int, Side, int, int]:
        self._orders += 1
        return 2 * self._orders, side, to_micros(price), to_micros(size)

    def _run(self, live: LiveMarket, orders: Orders) -> list[Frame]:
        return self.step(live, self.now_ms, orders)

    def _tell(self, listing: Listing, frames: list[Frame]) -> None:
        self.on_frames(listing, frames)

    # -- what the doors read ----------------------------------------------------------------------

    @property
    def now_ms(self) -> int:
        return self._clock()

    def advance(self, to_ms: int) -> None:
        """Nothing happens by itself here."""

    def events(self) -> list[EventListing]:
        return list(self._events)

    def event(self, *, slug: str = "", number: int = 0) -> EventListing | None:
        return self._index.events_by_slug.get(slug) or self._index.events_by_number.get(number)

    def market(
        self, *, slug: str = "", number: int = 0, condition_id: str = "", token_id: str = ""
    ) -> Listing | None:
        index = self._index
        return (
            index.by_slug.get(slug)
            or index.by_number.get(number)
            or index.by_condition.get(condition_id)
            or index.by_token.get(token_id)
        )

    def phase(self, listing: Listing) -> Phase:
        return self._phases[listing.condition_id]

    def payout(self, listing: Listing) -> tuple[int, int]:
        return self._payouts.get(listing.condition_id, listing.payout)

    def fair(self, listing: Listing, at_ms: int | None = None) -> float:
        """The book's midpoint, whenever: a handmade market has no past."""
        live = self._live[listing.condition_id]
        bid, ask = live.best
        return (live.midpoint or bid or ask or ONE // 2) / ONE

    def volumes(self, listing: Listing) -> Volumes:
        made = self._live[listing.condition_id].prints
        usdc = sum(p.price_micros / ONE * p.size_micros / ONE for p in made)
        return Volumes(total=usdc, day=usdc, week=usdc, month=usdc, year=usdc)

    def older_prints(self, listing: Listing, *, before_ms: int, count: int) -> list[Print]:
        return []

    def live(self, listing: Listing) -> LiveMarket | None:
        if self.phase(listing) in (Phase.OPEN, Phase.REVIEW):
            return self._live[listing.condition_id]
        return None
