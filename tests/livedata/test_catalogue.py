import pytest

from livedata import tasks
from livedata.catalogue import load_event, load_link, load_market, market_ref, with_rules
from livedata.core.steps import MarketRef
from livedata.errors import VenueDown, VenueNotFound
from livedata.subscriptions import wanted
from livedata.sync import never_finished, sync_full
from markets.models import Market, SyncState
from markets.selectors import EventLine
from tests.livedata.recorded_venue import told
from tests.livedata.test_books import put_book, put_pulse
from tests.make import gamma_event, gamma_market

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.usefixtures("hasty")]
POLYMARKET = "https://polymarket.com"


@pytest.fixture
def venue(recorded_venue):
    rows = [gamma_market(n, feesEnabled=True) for n in (1, 2)]
    return recorded_venue(markets=[gamma_market(3)], events=[gamma_event(5, rows)])


@pytest.mark.portable
def test_a_market_is_loaded_by_any_of_its_names_with_its_event(venue):
    by_slug = load_market(slug="market-3")
    by_condition = load_market(condition_id=f"0x{1:064X}")
    by_token = load_market(token_id=str(10**70 + 5))

    assert [by_slug.pk, by_condition.pk, by_token.pk] == ["3", "1", "2"]
    asked = len(venue.asked)
    assert load_market(token_id=str(10**70 + 4)).pk == "2"
    assert len(venue.asked) == asked
    assert market_ref(by_slug) == MarketRef(
        condition_id=f"0x{3:064x}", token_0=str(10**70 + 6), token_1=str(10**70 + 7)
    )


@pytest.mark.portable
def test_an_event_comes_with_all_its_markets(venue):
    line = load_event("event-5")

    assert ([market.pk for market in line.markets], line.event.market_count) == (["1", "2"], 2)
    assert line.event.tags == [{"slug": "politics", "label": "Politics"}]


def test_a_pasted_address_is_loaded(venue):
    market, event = (
        load_link(f"{POLYMARKET}/event/event-5/market-1"),
        load_link("polymarket.com/event/event-5"),
    )

    assert isinstance(market, Market)
    assert isinstance(event, EventLine)
    assert (market.pk, event.event.pk) == ("1", "5")
    for text in ("something else", f"{POLYMARKET}/event/no-such", f"{POLYMARKET}/market/no-such"):
        with pytest.raises(VenueNotFound):
            load_link(text)


def test_a_venue_that_answers_with_something_else_knows_it_not(venue):
    venue.trouble = lambda _count, _path: told([gamma_market(3)])

    with pytest.raises(VenueNotFound):
        load_market(condition_id=f"0x{77:064x}")


@pytest.mark.portable
def test_the_clob_is_asked_once_for_what_only_it_knows(venue):
    market = load_market(condition_id=f"0x{1:064x}")
    assert market.fee_source == "assumed"
    venue.extra[f"/clob-markets/{market.condition_id}"] = {
        "fd": {"r": 0.07, "e": 2, "to": True},
        "itode": True,
    }
    venue.asked.clear()

    known = with_rules(market)

    assert (known.fee_rate_micros, known.fee_exponent_micros, known.fee_source) == (70_000, 2_000_000, "clob")
    assert known.taker_delay
    assert with_rules(known).rules_ms == known.rules_ms
    assert len(venue.asked) == 1


def test_without_the_clob_the_fee_stays_assumed_and_is_not_asked_at_every_order(venue):
    market = load_market(condition_id=f"0x{1:064x}")
    venue.asked.clear()

    assert with_rules(market).fee_source == "assumed"
    assert with_rules(market).fee_source == "assumed"
    assert len(venue.asked) == 1


def test_the_first_beat_reads_everything_open_and_the_next_only_changes(venue):
    tasks.sync_incremental()
    assert Market.objects.count() == 3
    assert not never_finished("closed")
    assert sorted(SyncState.objects.values_list("pk", flat=True)) == ["closed", "full"]

    tasks.sync_incremental()
    assert SyncState.objects.filter(pk="incremental", phase="").exists()


def test_a_venue_that_is_down_stops_no_beat(venue):
    venue.trouble = lambda _count, _path: told({}, 500)

    tasks.sync_incremental()
    tasks.sync_full()
    assert tasks.sync_open_interest() == 0

    state = SyncState.objects.get(pk="full")
    assert "HTTP 500" in state.last_error
    with pytest.raises(VenueDown):
        sync_full()
    venue.trouble = lambda _count, _path: None
    tasks.sync_incremental()
    assert SyncState.objects.get(pk="full").last_error == ""


def test_the_busiest_markets_are_leased_and_their_interest_kept(venue, settings):
    sync_full()
    settings.FEED_TOP_MARKETS = 2
    venue.extra["/oi"] = [{"market": f"0x{3:064x}", "value": 12.5}, {"market": "GLOBAL", "value": 1}]

    assert tasks.renew_top_markets() == 2
    assert sorted(wanted()) == [f"0x{2:064x}", f"0x{3:064x}"]
    assert tasks.sync_open_interest() == 1
    assert Market.objects.get(pk="3").open_interest_micros == 12_500_000


def test_a_fresh_book_is_answered_in_the_outcomes_own_coordinates(venue, memory_bus, client):
    sync_full()
    put_book(memory_bus, f"0x{3:064x}")
    put_pulse(memory_bus)

    book = client.get("/markets/by-slug/market-3/book", {"outcome_index": 1}).json()

    assert book["token_id"] == str(10**70 + 7)
    assert (book["bids"], book["asks"]) == ([["0.49", "20"], ["0.48", "1.23"]], [["0.51", "50"]])
    assert (book["midpoint"], book["spread"], book["fresh"]) == ("0.5", "0.02", True)
    market = client.get("/markets/by-slug/market-3").json()
    assert (market["best_bid"], market["best_ask"], market["spread"]) == ("0.49", "0.51", "0.02")
