"""What is listed at any simulated instant, as a function of (seed, epoch, instant).

The venue is a row of slots. A slot holds one event after another: generation 0 ended about when the
simulator was first started, generation 1 was running then, and so on for ever. An event's words, times,
chances and outcome are drawn from (seed, slot, generation), so any of them can be made at any time and
restarts change nothing.
"""

from collections.abc import Callable, Iterator

from livedata.simulator.drafts import FEES, EventDraft, MarketDraft, Span
from livedata.simulator.draw import mix, unit
from livedata.simulator.duels import duel
from livedata.simulator.fair import Fair, news_times
from livedata.simulator.groups import group, temperature
from livedata.simulator.ids import (
    CONDITION,
    NEG_RISK,
    QUESTION,
    Place,
    hex_id,
    number,
    read_number,
    read_place,
    token_id,
)
from livedata.simulator.ladders import ladder, strikes
from livedata.simulator.listings import HALF, NO, YES, EventListing, Listing, Tag
from livedata.simulator.questions import question
from livedata.simulator.series import Windows, up_or_down
from livedata.simulator.slots import DEFAULT, Kind, Slot, slots_of
from livedata.simulator.sports import football, match
from livedata.simulator.times import DAY, HOUR, MINUTE
from livedata.simulator.venue import Index

_KEPT_MS = {"single": 7 * DAY, "group": 7 * DAY, "ladder": 4 * DAY, "updown": 6 * HOUR}
_KEPT_OTHERS_MS = DAY  # how long closed events stay in the lists; by name they are found for ever
_ANNOUNCED_MS = 20 * MINUTE  # listed before it takes orders
_SLOT_DIGITS = 1_000


class Catalogue:
    """All listings of a seeded world. `refresh` moves its lists to an instant."""

    def __init__(self, *, seed: int, epoch_ms: int, fair: Fair, kinds: tuple[Kind, ...] = DEFAULT) -> None:
        self.seed, self.epoch_ms = seed, epoch_ms
        self._fair = fair
        self._slots = list(slots_of(seed, epoch_ms, kinds))
        self._listed: dict[tuple[int, int], EventListing] = {}
        self._older: dict[tuple[int, int], EventListing] = {}
        self._passed: set[tuple[int, int]] = set()  # lately listed: need not be looked at again
        self._tags: dict[str, Tag] = {}
        self.index = Index()
        self.next_ms = 0  # when the lists or a phase change next

    def events(self) -> list[EventListing]:
        return [self._listed[key] for key in sorted(self._listed)]

    def refresh(self, now_ms: int) -> tuple[list[EventListing], list[EventListing]]:
        """Bring the lists to this instant. Returns the events that came and those that went."""
        wanted = {key for slot in self._slots for key in self._generations(slot, now_ms)}
        over = [key for key, event in self._listed.items() if not self._shows(event, now_ms)]
        gone = [self._listed.pop(key) for key in over]
        for event in gone:
            self.index.remove(event)
        self._passed = {key for key in (*self._passed, *over) if key in wanted}
        came = []
        for key in sorted(wanted - self._listed.keys()):
            if key in self._passed:
                continue
            event = self._older.pop(key) if key in self._older else self._build(*key)
            if now_ms >= event.created_ms and not self._shows(event, now_ms):
                self._passed.add(key)
            elif self._shows(event, now_ms):
                self._listed[key] = event
                self.index.add(event)
                came.append(event)
        self.next_ms = self._next_change(now_ms)
        return came, gone

    def find_place(self, place: Place | None) -> EventListing | None:
        """The event at a place, listed or not; None when no such place ever was."""
        if place is None or place.slot >= len(self._slots) or place.generation < 0:
            return None
        key = (place.slot, place.generation)
        event = self._listed.get(key) or self._older.get(key)
        if event is None:
            event = self._build(*key)
            self._older[key] = event
            if len(self._older) > 200:
                del self._older[next(iter(self._older))]
        return event if place.index < len(event.markets) else None

    def find_id(self, text: str) -> Listing | None:
        """The market with this condition id or token id."""
        place = read_place(text, self.seed)
        event = self.find_place(place)
        return event.markets[place.index] if event and place else None

    def find_number(self, value: int) -> EventListing | None:
        return self.find_place(read_number(value))

    def find_slug(self, slug: str) -> EventListing | None:
        """The event with this slug, or with a market of this slug, listed or not."""
        event = self.index.events_by_slug.get(slug)
        if event is None and (listing := self.index.by_slug.get(slug)):
            event = listing.event
        if event is None:
            event = self.find_place(self._slug_place(slug))
        names = {event.slug, *(listing.slug for listing in event.markets)} if event else set()
        return event if slug in names else None

    def _slug_place(self, slug: str) -> Place | None:
        """Slugs end in a number: a window's start, or generation and slot."""
        base, _, text = slug.rpartition("-")
        if not text.isdigit() or len(text) > 12:
            return None
        for slot in self._slots:
            if slot.windows and slot.windows.slug == base:
                generation = (int(text) * 1_000 - slot.first_ms) // slot.period_ms
                return Place(slot=slot.number, generation=generation, index=0)
        generation, number_of_slot = divmod(int(text), _SLOT_DIGITS)
        return Place(slot=number_of_slot, generation=generation, index=0)

    def _shows(self, event: EventListing, now_ms: int) -> bool:
        return event.created_ms <= now_ms < event.resolve_ms + self._kept_ms(event.kind)

    # -- times ------------------------------------------------------------------------------------

    def _generations(self, slot: Slot, now_ms: int) -> Iterator[tuple[int, int]]:
        """Those of a slot that may be listed now."""
        lead = slot.windows.lead_ms if slot.windows else _ANNOUNCED_MS
        last = (now_ms + lead - slot.first_ms) // slot.period_ms
        kept = self._kept_ms(slot.kind) + slot.period_ms + DAY // 12
        first = max((now_ms - kept - slot.first_ms) // slot.period_ms, 0)
        return ((slot.number, generation) for generation in range(first, last + 1))

    @staticmethod
    def _kept_ms(kind: str) -> int:
        return _KEPT_MS.get(kind, _KEPT_OTHERS_MS)

    def _next_change(self, now_ms: int) -> int:
        nexts = []
        for event in self._listed.values():
            gone_ms = event.resolve_ms + self._kept_ms(event.kind)
            times = (event.open_ms, event.start_ms or 0, event.end_ms, event.resolve_ms, gone_ms)
            nexts += [at_ms for at_ms in times if at_ms > now_ms]
        for slot in self._slots:
            lead = slot.windows.lead_ms if slot.windows else _ANNOUNCED_MS
            generation = (now_ms + lead - slot.first_ms) // slot.period_ms + 1
            nexts.append(slot.first_ms + generation * slot.period_ms - lead)
        return min(nexts)

    # -- building ---------------------------------------------------------------------------------

    def _build(self, slot_number: int, generation: int) -> EventListing:
        slot = self._slots[slot_number]
        key = mix(self.seed, 0xE7E47, slot_number, generation)
        open_ms = slot.first_ms + generation * slot.period_ms
        if slot.windows:
            draft = up_or_down(slot.windows, open_ms)
            created_ms = open_ms - slot.windows.lead_ms
            return self._listing(slot, generation, key, draft, created_ms, created_ms)
        # The outcome is known, and mostly paid, before the slot's next event opens.
        span = Span(open_ms=open_ms, until_ms=open_ms + int(slot.period_ms * 0.955))
        draft = _template(slot.kind, key, span, self._fair)
        return self._listing(slot, generation, key, draft, open_ms - _ANNOUNCED_MS, open_ms)

    def _listing(
        self, slot: Slot, generation: int, key: int, draft: EventDraft, created_ms: int, open_ms: int
    ) -> EventListing:
        place = Place(slot=slot.number, generation=generation, index=0)
        disputed = draft.review_ms > 12 * HOUR and unit(key, 20) < 0.25
        event = EventListing(
            place=place,
            number=number(place),
            kind=draft.kind,
            slug=f"{draft.slug}{_suffix(place, slot.windows)}",
            title=draft.title,
            category=draft.category,
            created_ms=created_ms,
            open_ms=open_ms,
            end_ms=draft.end_ms,
            resolve_ms=draft.end_ms + draft.review_ms,
            rules=draft.rules,
            start_ms=draft.start_ms,
            tags=tuple(self._tag(label) for label in dict.fromkeys([*draft.tags, "All"])),
            fees=FEES[draft.fees],
            series=draft.series,
            neg_risk=draft.neg_risk,
            neg_risk_id=hex_id(NEG_RISK, place, self.seed)[:-2] + "00" if draft.neg_risk else "",
            augmented=draft.augmented,
            seconds_delay=draft.seconds_delay,
            clear_on_start=draft.clear_on_start,
            taker_delay=draft.taker_delay,
            teams=draft.teams,
            disputed=disputed,
            priors=draft.priors,
            winner=_winner(draft.priors, unit(key, 21)),
            asset=draft.asset,
            info=draft.info,
            resolution_source=draft.resolution_source,
        )
        object.__setattr__(event, "news", () if draft.asset else news_times(key, in_play_from=_play(event)))
        void = not draft.neg_risk and not draft.asset and unit(key, 22) < 0.04
        for index, market in enumerate(draft.markets):
            event.markets.append(self._market(event, slot, index, market, key, void))
        return event

    def _market(
        self, event: EventListing, slot: Slot, index: int, draft: MarketDraft, key: int, void: bool
    ) -> Listing:
        place = Place(slot=slot.number, generation=event.place.generation, index=index)
        question_id = hex_id(QUESTION, place, self.seed)
        return Listing(
            event=event,
            place=place,
            number=number(place),
            condition_id=hex_id(CONDITION, place, self.seed),
            # On neg-risk groups the question's last byte counts the markets: recorded pages.
            question_id=f"{event.neg_risk_id[:-2]}{index:02x}" if event.neg_risk else question_id,
            token_ids=(token_id(0, place, self.seed), token_id(1, place, self.seed)),
            slug=f"{draft.slug}{_suffix(place, slot.windows)}",
            question=draft.question,
            group_title=draft.group_title,
            outcomes=draft.outcomes,
            tick_micros=draft.tick_micros,
            payout=HALF if void else self._payout(event, index, draft),
            strike=draft.strike,
            axis=draft.axis,
            neg_risk_other=draft.other,
            sports_type=draft.sports_type,
            line=draft.line,
            weight=slot.weight * draft.share,
            rewards=((20, 50, 100, 200)[mix(key, 23) % 4], (1.5, 3.5, 4.5, 5.5)[mix(key, 24) % 4]),
            reward_daily=(0, 0, 1, 5, 20, 100)[mix(key, 25) % 6],
        )

    def _payout(self, event: EventListing, index: int, draft: MarketDraft) -> tuple[int, int]:
        if event.neg_risk:
            wins = index == event.winner
        elif event.asset:
            prices = self._fair.prices
            level = (
                draft.strike if event.start_ms is None else prices.start_price(event.asset, event.start_ms)
            )
            wins = prices.price(event.asset, event.end_ms) >= level
        else:
            wins = self._fair.latent_end(event, draft.axis) > draft.strike
        return YES if wins else NO

    def _tag(self, label: str) -> Tag:
        if label not in self._tags:
            tag_id = 100_001 + len(self._tags)
            self._tags[label] = Tag(tag_id=tag_id, label=label, slug=label.lower().replace(" ", "-"))
        return self._tags[label]


def _suffix(place: Place, windows: Windows | None) -> str:
    """What makes a slug the only one of its name for ever, and leads back to its place."""
    return "" if windows else f"-{place.generation * _SLOT_DIGITS + place.slot}"


def _play(event: EventListing) -> float:
    if event.start_ms is None or not event.teams:
        return 0.0
    return (event.start_ms - event.open_ms) / (event.end_ms - event.open_ms)


def _winner(priors: tuple[float, ...], draw: float) -> int:
    for index, prior in enumerate(priors):
        draw -= prior
        if draw < 0:
            return index
    return max(len(priors) - 1, 0)


def _template(kind: str, key: int, span: Span, fair: Fair) -> EventDraft:
    if kind == "strikes":
        return strikes(key, span, fair.prices)
    return _TEMPLATES[kind](key, span)


_TEMPLATES: dict[str, Callable[[int, Span], EventDraft]] = {
    "single": question,
    "group": group,
    "ladder": ladder,
    "temperature": temperature,
    "match": match,
    "football": football,
    "duel": duel,
}
