from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from livedata.bus import Bus
from livedata.subscriptions import wanted
from livedata.sync import sync_full
from markets.models import Market
from markets.selectors import market_by_slug
from tests.livedata.recorded_venue import RecordedVenue, told
from tests.make import gamma_event, gamma_market
from tests.trading.venue import Feed

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.usefixtures("hasty")]


@pytest.fixture
def venue(recorded_venue) -> RecordedVenue:
    """An event of three markets, a market alone, a resolved one; synced."""
    event = gamma_event(
        5,
        [
            gamma_market(n, question=f"Will {name} win?", groupItemTitle=name, groupItemThreshold=str(n))
            for n, name in ((1, "Ángel Núñez"), (2, "Bea"), (3, "Cid"))
        ],
        title="Next mayor of Łódź",
    )
    ended = {"closed": True, "umaResolutionStatus": "resolved", "outcomePrices": '["0", "1"]'}
    app = recorded_venue(
        markets=[gamma_market(7, question="Bitcoin above 100k?", volumeNum=9e6), gamma_market(8, **ended)],
        events=[event],
    )
    for number in (1, 2, 3):
        event_row = {name: value for name, value in event.items() if name not in ("markets", "tags")}
        app.markets[number + 1] |= {"events": [event_row], "tags": event["tags"]}
    sync_full()
    app.asked.clear()
    return app


def get(path: str, **query: Any) -> tuple[int, Any]:
    response = Client().get(path, query)
    return response.status_code, response.json()


def slugs(**query: Any) -> list[str]:
    status, answer = get("/markets", **query)
    assert status == 200, answer
    return [market["slug"] for market in answer["markets"]]


@pytest.mark.portable
def test_a_market_is_written_as_the_contract_says(venue):
    status, market = get("/markets/by-slug/market-1")

    assert status == 200
    assert market.pop("last_synced_at").endswith("Z")
    assert market == {
        "slug": "market-1",
        "condition_id": f"0x{1:064x}",
        "question": "Will Ángel Núñez win?",
        "event_slug": "event-5",
        "group_label": "Ángel Núñez",
        "outcomes": [
            {"outcome": "Yes", "token_id": str(10**70 + 2), "price": "0.4"},
            {"outcome": "No", "token_id": str(10**70 + 3), "price": "0.6"},
        ],
        "active": True,
        "closed": False,
        "accepting_orders": True,
        "resolution": None,
        "end_date": "2026-12-31T12:00:00.000Z",
        "volume": "1001.5",
        "volume_24h": "10.25",
        "liquidity": "500",
        "open_interest": None,
        "best_bid": None,
        "best_ask": None,
        "spread": None,
        "tick_size": "0.01",
        "min_size": "5",
        "fee_rate": "0",
        "fee_exponent": "1",
        "fee_source": "none",
        "neg_risk": False,
        "image": "",
        "category": "politics",
        "tags": ["politics"],
        "description": "",
        "resolution_source": "",
        "created_at": "2026-01-02T03:04:05.678Z",
        "closed_at": None,
    }


QUERIES = [
    ({}, ["market-7", "market-3", "market-2", "market-1"]),
    ({"sort_by": "volume"}, ["market-7", "market-3", "market-2", "market-1"]),
    ({"sort_by": "volume", "sort_desc": "false"}, ["market-1", "market-2", "market-3", "market-7"]),
    ({"search": "lodz angel"}, ["market-1"]),
    ({"search": "NUNEZ"}, ["market-1"]),
    ({"search": "mayor w"}, ["market-3", "market-2", "market-1"]),
    ({"search": "bitco"}, ["market-7"]),
    ({"search": "itcoin"}, []),
    ({"search": "???"}, ["market-7", "market-3", "market-2", "market-1"]),
    ({"tag": "politics"}, ["market-3", "market-2", "market-1"]),
    ({"tag": "politics", "search": "bea"}, ["market-2"]),
    ({"tag": "sports"}, []),
    ({"category": "Politics"}, ["market-3", "market-2", "market-1"]),
    ({"closed": "true"}, []),
    ({"closed": "false", "active": "true"}, ["market-7", "market-3", "market-2", "market-1"]),
    ({"active": "false"}, []),
    ({"volume_min": "1002.5", "volume_max": "2000"}, ["market-3", "market-2"]),
    ({"liquidity_min": "500.000001"}, []),
    ({"end_before": "2026-12-31T12:00:00Z"}, []),
    ({"end_after": "1798718400"}, ["market-7", "market-3", "market-2", "market-1"]),
    ({"page": "2", "page_size": "3"}, ["market-1"]),
]


@pytest.mark.portable
def test_filters_leave_out_what_they_say(venue):
    for query, wanted_slugs in QUERIES:
        assert slugs(**query) == wanted_slugs, query


@pytest.mark.portable
def test_cursors_walk_every_market_once(venue):
    for sort_by in ("volume", "volume_24h", "liquidity", "end_date", "newest"):
        for sort_desc in ("true", "false"):
            found, cursor, pages = [], "", 0
            while pages < 9:
                query = {"sort_by": sort_by, "sort_desc": sort_desc, "page_size": 2, "cursor": cursor}
                _, answer = get("/markets", **query)
                found += [market["slug"] for market in answer["markets"]]
                pages += 1
                cursor = answer["next_cursor"]
                if not answer["has_next"]:
                    break
            whole = slugs(sort_by=sort_by, sort_desc=sort_desc)
            assert (found, pages, cursor) == (whole, 2, None), (sort_by, sort_desc)
            assert len(set(whole)) == 4


BAD_QUERIES = [
    ({"page": "0"}, "page"),
    ({"page": "101", "page_size": "100"}, "page"),
    ({"page_size": "101"}, "page_size"),
    ({"sort_by": "luck"}, "sort_by"),
    ({"cursor": "abc"}, "cursor"),
    ({"cursor": "WzEsMl0="}, "cursor"),
    ({"volume_min": "1e99"}, "volume_min"),
    ({"volume_min": "NaN"}, "volume_min"),
    ({"end_after": "tomorrow"}, "end_after"),
    ({"active": "perhaps"}, "active"),
    ({"search": "x" * 201}, "search"),
    ({"page": "9" * 40}, "page"),
]


@pytest.mark.parametrize(("query", "field"), BAD_QUERIES)
def test_a_query_that_makes_no_sense_is_told_by_field(memory_bus, query, field):
    status, answer = get("/markets", **query)

    assert status == 422
    assert list(answer["error"]["fields"]) == [field]


@pytest.mark.portable
def test_an_unknown_market_is_loaded_from_the_venue_once(venue):
    venue.markets.append(gamma_market(20))
    token = str(10**70 + 41)

    assert get("/markets/by-slug/market-20")[1]["outcomes"][1]["token_id"] == token
    assert get(f"/markets/by-condition/0x{20:064x}")[0] == 200
    assert venue.asked == ["/markets/slug/market-20?include_tag=true"]


@pytest.mark.portable
def test_a_closed_market_is_found_by_its_condition_id(venue):
    Market.objects.all().delete()

    status, market = get(f"/markets/by-condition/0x{8:064X}")

    assert (status, market["slug"], market["closed"], market["resolution"]) == (200, "market-8", True, "No")


def test_what_the_venue_does_not_know_is_404_and_not_asked_again_for_a_minute(venue):
    for path in ("/markets/by-slug/no-such", f"/markets/by-condition/0x{99:064x}"):
        venue.asked.clear()
        assert [get(path)[0], get(path)[0], get(path, force_refresh="true")[0]] == [404, 404, 404]
        assert len(venue.asked) <= 2
    assert get("/markets/by-slug/no-such")[1]["error"]["message"] == "The venue knows no slug 'no-such'."


def test_a_venue_that_is_down_is_503_only_where_it_is_needed(venue):
    venue.trouble = lambda _count, _path: told({}, 500)

    assert get("/markets/by-slug/market-1")[0] == 200
    assert get("/markets/by-slug/market-1", force_refresh="true")[0] == 503
    response = Client().get("/markets/by-slug/unheard-of")
    assert (response.status_code, response["Retry-After"]) == (503, "5")


@pytest.mark.portable
def test_a_forced_refresh_asks_the_venue_and_writes_what_changed(venue):
    venue.markets[0] |= {"closed": True, "umaResolutionStatus": "resolved", "outcomePrices": '["0.5", "0.5"]'}

    assert get("/markets/by-slug/market-7")[1]["resolution"] is None
    assert get("/markets/by-slug/market-7", force_refresh="true")[1]["resolution"] == "50/50"
    assert slugs(closed="true") == ["market-7"]


def test_top_and_stats_tell_of_the_catalogue(venue):
    _, top = get("/markets/top", limit="2")
    assert [market["slug"] for market in top["markets"]] == ["market-7", "market-3"]
    assert {name: top[name] for name in ("total", "page", "page_size", "has_next", "has_prev")} == {
        "total": 2,
        "page": 1,
        "page_size": 2,
        "has_next": False,
        "has_prev": False,
    }

    _, stats = get("/markets/sync-stats")
    assert (stats["total_markets"], stats["open_markets"], stats["events"]) == (4, 4, 1)
    (full,) = stats["syncs"]
    assert (full["name"], full["running"], full["bad"], full["last_error"]) == ("full", False, 0, "")


def test_a_list_costs_the_same_few_questions_however_long_it_is(venue, django_assert_num_queries):
    for page_size in (1, 3):  # what the index counts, the keys, the rows, their events
        with django_assert_num_queries(4, using="markets_db"):
            assert len(slugs(closed="false", search="mayor", page_size=page_size)) == page_size
    cache.clear()
    with django_assert_num_queries(6, using="markets_db"):  # two statuses counted, two walked
        assert len(slugs(closed="false")) == 4


def test_prices_open_interest_and_trades_come_from_the_venue(venue):
    trade = {
        "proxyWallet": "0x1",
        "side": "SELL",
        "asset": str(10**70 + 3),
        "conditionId": f"0x{1:064x}",
        "size": 12.5,
        "price": 0.61,
        "timestamp": 1_795_498_267,
        "outcomeIndex": 1,
        "transactionHash": "0xabc",
    }
    venue.extra = {
        "/prices-history": {"history": [{"t": 1_795_498_200, "p": 0.25}]},
        "/oi": [{"market": f"0x{1:064x}", "value": 1234.5}],
        "/trades": [trade],
    }

    status, prices = get(
        "/markets/by-slug/market-1/prices", outcome_index=1, start_ts=1_795_490_000, end_ts=1_795_499_000
    )
    assert (status, prices["history"], prices["total_points"]) == (
        200,
        [{"t": 1_795_498_200, "p": "0.75"}],
        1,
    )
    assert (prices["outcome"], prices["token_id"]) == ("No", str(10**70 + 3))

    assert get("/markets/by-slug/market-1/open-interest")[1]["open_interest"] == "1234.5"
    assert get("/markets/by-slug/market-1")[1]["open_interest"] == "1234.5"

    _, trades = get("/markets/by-slug/market-1/trades", limit=1)
    assert trades["trades"] == [
        {
            "market": "market-1",
            "condition_id": f"0x{1:064x}",
            "token_id": str(10**70 + 3),
            "outcome": "No",
            "outcome_index": 1,
            "side": "SELL",
            "price": "0.61",
            "size": "12.5",
            "timestamp": "2026-11-24T05:31:07.000Z",
            "transaction_hash": "0xabc",
        }
    ]


def test_a_market_without_history_answers_an_empty_list(venue):
    venue.extra = {"/prices-history": {"history": []}}

    status, prices = get("/markets/by-slug/market-1/prices", interval="1w")

    assert (status, prices["history"], prices["total_points"]) == (200, [], 0)
    assert get("/markets/by-slug/market-1/prices", interval="1w", fidelity=4)[0] == 422
    assert get("/markets/by-slug/market-1/prices", outcome_index=2)[0] == 422


def test_a_book_that_nobody_feeds_is_503_after_a_lease(venue, memory_bus: Bus, monkeypatch):
    monkeypatch.setattr("livedata.waiting.BOOK_WAIT_S", 0.1)

    status, answer = get("/markets/by-slug/market-1/book")

    assert (status, answer["error"]["code"]) == (503, "stale_book")
    assert list(wanted()) == [f"0x{1:064x}"]


def test_a_book_is_of_the_outcome_asked_for_and_says_when_in_iso(venue, memory_bus: Bus):
    feed = Feed()
    feed.show(market_by_slug("market-1"), "0.60x50", "0.64x30", stamp_ms=1_795_500_000_123)

    books = {name: get("/markets/by-slug/market-1/book", outcome=name)[1] for name in ("Yes", "no", "1")}
    status, refused = get("/markets/by-slug/market-1/book", outcome="Maybe")

    assert books["Yes"]["bids"] == [["0.6", "50"]]
    assert books["no"]["bids"] == books["1"]["bids"] == [["0.36", "30"]]
    assert books["Yes"]["timestamp"] == "2026-11-24T06:00:00.123Z"
    assert (status, list(refused["error"]["fields"])) == (422, ["outcome"])


def test_a_first_visit_during_the_sync_is_not_told_of_no_markets_for_long(venue, monkeypatch):
    monkeypatch.setattr("markets.walks._SMALL_TOTAL_KEPT_S", 0)
    before = get("/markets")[1]["total"]

    Market.objects.filter(slug="market-7").update(status=Market.Status.RESOLVED, closed=True)
    after = get("/markets", closed="false")[1]["total"]
    Market.objects.filter(slug="market-7").update(status=Market.Status.OPEN, closed=False)

    assert get("/markets", closed="false")[1]["total"] == after + 1
    assert before >= after


def test_a_total_that_was_not_counted_to_its_end_is_not_called_exact(venue, monkeypatch):
    whole = get("/markets")[1]
    cache.clear()
    monkeypatch.setattr("markets.walks.TOTAL_MAX", 3)
    part = get("/markets", page_size=2)[1]

    assert (whole["total"], whole["total_exact"]) == (4, True)
    assert (part["total"], part["total_exact"], part["has_next"]) == (3, False, True)
