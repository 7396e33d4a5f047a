import random

import pytest
from django.core.cache import cache
from django.db import connections

from markets import pages, search, services, walks
from markets.core import facts
from markets.core.words import tag_word, words
from markets.models import Market
from markets.pages import BadPage, Filters, Order, Slice
from markets.selectors import (
    browse,
    browse_events,
    event_by_slug,
    market_by_condition,
    market_by_slug,
    market_by_token,
    markets_by_condition,
    markets_by_token,
    top_markets,
)
from markets.selectors import search as suggestions
from tests.make import event_facts, market_facts

pytestmark = pytest.mark.django_db(databases="__all__")
COUNT = 60
NAMES = ["Ángel", "Bea", "Köln", "Łódź", "bitcoin", "Bit"]
TAGS = ["politics", "fed-rates", "sports"]
# Every way in which a backend finds rows: one by one, as a set, by walking.
WAYS = {"one by one": (1_000, 20_000), "as a set": (-1, 20_000), "by walking": (-1, -1)}
ROUNDS = 150 if connections["markets_db"].vendor == "sqlite" else 50  # drawn filters


@pytest.fixture(params=[pytest.param("one by one", marks=pytest.mark.sqlite), "as a set", "by walking"])
def way(request: pytest.FixtureRequest, monkeypatch) -> None:
    few, most = WAYS[request.param]
    monkeypatch.setattr(search.FullText, "FEW_MAX", few)
    monkeypatch.setattr(search.FullText, "SET_MAX", most)
    monkeypatch.setattr(search.MongoWords, "LISTED_MAX", most)


@pytest.fixture
def catalogue() -> list[Market]:
    """Sixty markets of twenty events, with many equal numbers."""
    dice = random.Random(7)
    rows, events = [], {}
    for number in range(1, COUNT + 1):
        event = str(100 + number % 20)
        category = dice.choice(["politics", "sports", ""])
        events[event] = event_facts(int(event), category=category)
        ended = dice.random() < 0.4
        rows.append(
            market_facts(
                number,
                event_id=event,
                question=f"Will {dice.choice(NAMES)} beat {dice.choice(NAMES)}?",
                tags=tuple(dice.sample(TAGS, dice.randint(0, 2))),
                category=category,
                active=dice.random() < 0.8,
                status=dice.choice([facts.CLOSED, facts.RESOLVED] if ended else [facts.OPEN, facts.PAUSED]),
                closed=ended,
                volume_micros=dice.choice([0, 10, 10, 20]),
                volume_24h_micros=dice.choice([0, 5, 5, 9]),
                liquidity_micros=dice.choice([0, 3]),
                end_ms=dice.choice([None, 1_000, 2_000]),
                created_ms=dice.choice([50, 60]),
            )
        )
    services.upsert_events(events.values(), now_ms=1)
    services.upsert_markets(rows, now_ms=1)
    return list(Market.objects.all())


def fits(market: Market, filters: Filters) -> bool:
    """The filters in plain words, to compare with."""
    line, typed = market.search_text, words(filters.search)
    return all(
        (
            all(f" {word} " in line for word in typed[:-1]),
            not typed or f" {typed[-1]}" in line,
            not filters.tag or f" {tag_word(filters.tag)} " in line,
            not filters.category or market.category == filters.category,
            filters.active is None or market.active == filters.active,
            filters.closed is None or market.closed == filters.closed,
            filters.volume_min_micros is None or market.volume_micros >= filters.volume_min_micros,
            filters.volume_max_micros is None or market.volume_micros <= filters.volume_max_micros,
            filters.liquidity_min_micros is None or market.liquidity_micros >= filters.liquidity_min_micros,
            filters.end_before_ms is None or (market.end_ms or 10**15) < filters.end_before_ms,
            filters.end_after_ms is None or (market.end_ms or -1) >= filters.end_after_ms,
        )
    )


def in_order(markets: list[Market], order: Order) -> list[str]:
    found = [market for market in markets if getattr(market, order.column) is not None]
    found.sort(key=lambda market: market.pk, reverse=not order.keys_ascend)
    found.sort(key=lambda market: getattr(market, order.column), reverse=order.descending)
    return [market.pk for market in found]


def some_filters(dice: random.Random) -> Filters:
    def maybe(*values):
        return dice.choice([None, None, *values])

    return Filters(
        search=dice.choice(["", "", "bit", "bitc", "will b", "koln lodz", "ANGEL", "beat"]),
        tag=dice.choice(["", "", *TAGS]),
        category=dice.choice(["", "", "politics"]),
        active=maybe(True, False),
        closed=maybe(True, False),
        volume_min_micros=maybe(0, 10, 20),
        volume_max_micros=maybe(10),
        liquidity_min_micros=maybe(1),
        end_before_ms=maybe(2_000),
        end_after_ms=maybe(1_000, 2_000),
    )


@pytest.mark.portable
def test_a_page_holds_what_a_plain_filter_would_in_the_same_order(catalogue, way, monkeypatch):
    dice = random.Random(3)
    for number in range(ROUNDS):
        monkeypatch.setattr(walks, "WIDE", dice.choice([0, 5, 20_000]))
        filters = some_filters(dice)
        order = Order(sort_by=dice.choice(list(pages.SORTS)), descending=dice.random() < 0.5)
        wanted = in_order([market for market in catalogue if fits(market, filters)], order)

        page = browse(filters, order=order, part=Slice(page_size=7))

        assert [market.pk for market in page.items] == wanted[:7], (number, filters, order)
        assert page.has_next == (len(wanted) > 7)
        assert (page.total, page.total_exact) == (len(wanted), True)


@pytest.mark.portable
def test_a_total_that_was_not_counted_to_its_end_says_so(catalogue, way, monkeypatch):
    """It never says more than there are, less than the page shows, or "exactly" of what it left uncounted."""
    monkeypatch.setattr(walks, "TOTAL_MAX", 12)
    monkeypatch.setattr(walks, "BOUNDED_MAX", 3)
    dice = random.Random(5)
    exact_count = 0
    for number in range(ROUNDS):
        cache.clear()
        monkeypatch.setattr(walks, "WIDE", dice.choice([0, 20_000]))
        filters = some_filters(dice)
        wanted = [market for market in catalogue if fits(market, filters)]

        page = browse(filters, part=Slice(page=2, page_size=5))

        exact_count += page.total_exact
        if page.total_exact:
            assert page.total == len(wanted) < 12, (number, filters)
        else:
            shown = 5 + len(page.items) if page.items else 0
            assert shown <= page.total <= len(wanted), (number, filters)
            assert page.total >= 3
    assert 0 < exact_count < ROUNDS


@pytest.mark.portable
def test_a_cursor_walks_on_where_the_page_ended(catalogue, way):
    for sort_by in pages.SORTS:
        for descending in (True, False):
            filters, order = Filters(search="will"), Order(sort_by=sort_by, descending=descending)
            found, cursor = [], ""
            while True:
                page = browse(filters, order=order, part=Slice(page_size=9, cursor=cursor))
                found += [market.pk for market in page.items]
                cursor = page.cursor
                if not page.has_next:
                    break
            assert found == in_order(catalogue, order), (sort_by, descending)


@pytest.mark.portable
def test_pages_by_number_cut_the_same_list(catalogue):
    whole = [market.pk for market in browse(part=Slice(page_size=100)).items]

    cut = [
        [market.pk for market in browse(part=Slice(page=page, page_size=25)).items] for page in (1, 2, 3, 4)
    ]

    assert cut == [whole[:25], whole[25:50], whole[50:], []]
    assert [browse(part=Slice(page=page, page_size=25)).has_prev for page in (1, 3)] == [False, True]


@pytest.mark.portable
def test_an_event_answers_by_any_of_its_markets_and_comes_with_all(catalogue, way):
    for filters in (
        Filters(search="bitcoin"),
        Filters(tag="fed-rates"),
        Filters(category="sports"),
        Filters(),
    ):
        found = browse_events(filters, part=Slice(page_size=100)).items
        for line in found:
            siblings = [market.pk for market in catalogue if market.event_id == line.event.pk]
            assert sorted(market.pk for market in line.markets) == sorted(siblings)
        if filters.search or filters.tag:
            fitting = {market.event_id for market in catalogue if fits(market, filters)}
            assert {line.event.pk for line in found} == fitting


def test_a_page_of_events_costs_the_same_however_long_it_is(catalogue, django_assert_num_queries):
    for size in (1, 3):  # four walks, their four counts kept from the first time; events, markets
        browse_events(part=Slice(page_size=size))
        with django_assert_num_queries(6, using="markets_db"):
            assert len(browse_events(part=Slice(page_size=size)).items) == size


@pytest.mark.portable
def test_one_market_is_found_by_each_of_its_names(catalogue):
    market = catalogue[4]
    condition, (first, second) = market.condition_id, market.token_ids

    assert market_by_slug(market.slug) == market_by_condition(condition) == market
    assert market_by_token(first) == market_by_token(second) == market
    assert markets_by_condition([condition, "0xnone", "", condition]) == {condition: market}
    assert markets_by_token([first, second, "none", ""]) == {first: market, second: market}
    assert [market_by_slug(""), market_by_condition(""), market_by_token("")] == [None, None, None]


@pytest.mark.portable
def test_an_event_page_has_its_markets_favourites_first(catalogue):
    line = event_by_slug("event-101")
    assert line is not None
    assert [market.event_id for market in line.markets] == ["101"] * 3
    assert event_by_slug("no-such") is None


@pytest.mark.portable
def test_suggestions_are_open_markets_busiest_first(catalogue):
    found = suggestions("bit", count=5)

    assert found
    assert all(not market.closed and " bit" in market.search_text for market in found)
    assert [market.volume_24h_micros for market in found] == sorted(
        (market.volume_24h_micros for market in found), reverse=True
    )
    assert suggestions("  ") == []
    tops = top_markets(3)
    assert len(tops) == 3
    assert {market.status for market in tops} == {facts.OPEN}


@pytest.mark.portable
def test_a_cursor_of_another_order_is_refused(catalogue):
    first = browse(order=Order(sort_by="newest"), part=Slice(page_size=2))

    with pytest.raises(BadPage) as caught:
        browse(order=Order(sort_by="volume"), part=Slice(page_size=2, cursor=first.cursor))

    assert caught.value.field == "cursor"


BAD = [
    (lambda: Order(sort_by="luck"), "sort_by"),
    (lambda: Slice(page=0), "page"),
    (lambda: Slice(page_size=0), "page_size"),
    (lambda: Slice(page_size=101), "page_size"),
    (lambda: Slice(page=101, page_size=100), "page"),
    (lambda: Slice(cursor="%%%").after(Order()), "cursor"),
    (lambda: Slice(cursor="bnVsbA==").after(Order()), "cursor"),
    (lambda: Slice(cursor="WzEuNSwiYSJd").after(Order()), "cursor"),
    (lambda: Slice(cursor="ÄÖ").after(Order()), "cursor"),
]


@pytest.mark.parametrize(("make", "field"), BAD)
def test_a_page_that_cannot_be_is_refused_by_field(make, field):
    with pytest.raises(BadPage) as caught:
        make()

    assert caught.value.field == field


@pytest.mark.portable
@pytest.mark.parametrize(
    "text", ['"', "*", "a' OR 1=1", "NEAR(a b)", "a:b", "(", "\x00", "日本", "ǅ", "0open", "-x"]
)
def test_what_people_type_is_never_a_query(catalogue, way, text):
    browse(Filters(search=text))
    browse(Filters(tag=text, category=text))
