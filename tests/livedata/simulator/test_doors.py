"""Gamma, CLOB and Data over HTTP, as the product's clients ask them."""

import gzip
import json
from collections import Counter
from collections.abc import AsyncIterator

import httpx
import pytest

from livedata.simulator.listings import HALF, Phase
from livedata.simulator.manual import ManualWorld
from livedata.simulator.server import app
from livedata.simulator.times import HOUR
from livedata.simulator.world import World
from tests.livedata.simulator.make import START_MS, open_markets, small_world


@pytest.fixture
def world() -> World:
    return small_world()


@pytest.fixture
async def ask(world: World) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=app(world))
    async with httpx.AsyncClient(transport=transport, base_url="http://venue") as client:
        yield client


async def pages(ask: httpx.AsyncClient, path: str, noun: str, **params) -> list[dict]:
    rows, cursor = [], ""
    while True:
        page = (await ask.get(path, params=params | ({"after_cursor": cursor} if cursor else {}))).json()
        rows += page[noun]
        cursor = page.get("next_cursor", "")
        if not cursor:
            return rows


# -- Gamma --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", ["", "volume24hr", "endDate,id", "liquidityNum", "startDate"])
@pytest.mark.parametrize("ascending", ["true", "false"])
async def test_keyset_pages_hold_every_market_once(ask, world, order, ascending):
    rows = await pages(
        ask, "/gamma/markets/keyset", "markets", limit=7, order=order, ascending=ascending, closed="false"
    )

    open_ids = {
        m.condition_id for e in world.events() for m in e.markets if world.phase(m) is not Phase.CLOSED
    }
    assert Counter(row["conditionId"] for row in rows) == Counter(open_ids)
    if order == "volume24hr":
        volumes = [row.get("volume24hr", 0) for row in rows]
        assert volumes == sorted(volumes, reverse=ascending == "false")


async def test_event_pages_carry_their_markets(ask, world):
    rows = await pages(ask, "/gamma/events/keyset", "events", limit=3)

    assert len(rows) == len({row["id"] for row in rows})
    for row in rows:
        event = world.event(slug=row["slug"])
        assert [market["conditionId"] for market in row["markets"]] == [m.condition_id for m in event.markets]
        assert all("events" not in market for market in row["markets"])
        assert isinstance(row["volume"], float | int) and row["tags"]
    bare = (await ask.get("/gamma/events", params={"include_markets": "false", "limit": 1})).json()
    assert "markets" not in bare[0]


async def test_a_market_has_the_venues_odd_types(ask, world):
    listing = open_markets(world, "match")[0]

    row = (await ask.get(f"/gamma/markets/slug/{listing.slug}", params={"include_tag": "true"})).json()

    assert json.loads(row["outcomes"]) == list(listing.outcomes)
    assert json.loads(row["clobTokenIds"]) == list(listing.token_ids)
    prices = json.loads(row["outcomePrices"])
    assert all(isinstance(price, str) for price in prices)
    assert sum(map(float, prices)) == pytest.approx(1)
    assert isinstance(row["volume"], str) and float(row["volume"]) == row["volumeNum"]
    assert row["orderPriceMinTickSize"] in (0.01, 0.001, 0.0025)
    assert row["secondsDelay"] > 0 and row["clearBookOnStart"] is True
    assert row["gameStartTime"].endswith("+00") and " " in row["gameStartTime"]
    assert row["events"][0]["slug"] == listing.event.slug and "markets" not in row["events"][0]
    assert {tag["slug"] for tag in row["tags"]} >= {"sports", "all"}
    assert None not in row.values()


@pytest.mark.parametrize(("outcome_index", "price"), [(0, 0.52), (1, 0.4)])
async def test_the_last_trade_is_told_of_outcome_0_whichever_was_traded(outcome_index, price):
    world = ManualWorld()
    condition_id = world.add_market(slug="either").condition_id
    world.set_book(condition_id, bids=[("0.4", "9")], asks=[("0.52", "9")])
    world.trade(condition_id, "BUY", "3", outcome_index=outcome_index)

    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app(world)), base_url="http://venue"
    ) as ask:
        row = (await ask.get("/gamma/markets/slug/either")).json()

    assert row["lastTradePrice"] == price


async def test_keys_are_those_of_recorded_markets(ask, world, recordings):
    recorded = set()
    with gzip.open(recordings / "gamma/markets_active_pages_20260311.jsonl.gz", "rt") as lines:
        for line in list(lines)[::12]:
            for value in json.loads(line).values():
                for row in value if isinstance(value, list) else []:
                    recorded |= row.keys()
    path = recordings / "gamma/event_negrisk_fed_june2026.json"
    event = json.loads(path.read_text())
    event = event[0] if isinstance(event, list) else event
    recorded |= set().union(*(row.keys() for row in event["markets"]))
    with gzip.open(recordings / "gamma/markets_btc5m_resolved_20260724.jsonl.gz", "rt") as lines:
        recorded |= json.loads(next(lines))["raw"].keys()
    recorded |= {"version", "tags"}  # newer than those pages, or asked for

    made = await pages(ask, "/gamma/markets/keyset", "markets", limit=100)
    made += await pages(ask, "/gamma/markets/keyset", "markets", limit=100, closed="true")

    assert set().union(*(row.keys() for row in made)) - recorded == set()


async def test_closed_markets_are_listed_only_when_asked_for(ask, world):
    closed = [m for e in world.events() for m in e.markets if world.phase(m) is Phase.CLOSED]
    listing = closed[0]

    assert (await ask.get("/gamma/markets", params={"slug": listing.slug})).json() == []
    (row,) = (await ask.get("/gamma/markets", params={"slug": listing.slug, "closed": "true"})).json()
    alone = (await ask.get(f"/gamma/markets/slug/{listing.slug}")).json()

    assert row["closed"] is alone["closed"] is True
    assert row["acceptingOrders"] is False
    assert json.loads(row["outcomePrices"]) == [f"{share / 1e6:g}" for share in listing.payout]
    assert row["closedTime"].endswith("+00")
    assert json.loads(row["umaResolutionStatuses"])[-1] == "proposed"


async def test_filters_name_markets(ask, world):
    one, two = open_markets(world)[:2]
    by_condition = await ask.get(
        "/gamma/markets", params=[("condition_ids", one.condition_id), ("condition_ids", two.condition_id)]
    )
    by_token = await ask.get("/gamma/markets", params={"clob_token_ids": one.token_ids[1]})
    by_id = await ask.get(f"/gamma/markets/{one.number}")
    by_ids = await ask.get("/gamma/markets", params={"id": str(two.number)})
    by_tag = await ask.get("/gamma/events", params={"tag_slug": "sports", "limit": 100})

    assert {row["conditionId"] for row in by_condition.json()} == {one.condition_id, two.condition_id}
    assert [row["slug"] for row in by_token.json()] == [one.slug]
    assert by_id.json()["slug"] == one.slug
    assert [row["slug"] for row in by_ids.json()] == [two.slug]
    assert by_tag.json() and all("sports" in {t["slug"] for t in e["tags"]} for e in by_tag.json())


async def test_markets_that_are_only_announced_have_no_prices(world):
    event = max((e for e in world.events() if not e.series), key=lambda event: event.created_ms)
    early = small_world(start_ms=event.created_ms + 1_000, epoch_ms=START_MS)
    transport = httpx.ASGITransport(app=app(early))
    async with httpx.AsyncClient(transport=transport, base_url="http://venue") as client:
        row = (await client.get(f"/gamma/markets/slug/{event.markets[0].slug}")).json()
        book = await client.get("/clob/book", params={"token_id": event.markets[0].token_ids[0]})

    assert "outcomePrices" not in row and "acceptingOrders" not in row
    assert row["clobTokenIds"]
    assert book.status_code == 404


GAMMA_ERRORS = [
    ("/gamma/markets?limit=ten", 422, "invalid integer"),
    ("/gamma/markets?offset=3000", 422, "offset too large, use /markets/keyset for deeper pagination"),
    ("/gamma/markets/keyset?offset=1", 422, "offset is not supported, use after_cursor"),
    ("/gamma/markets/keyset?after_cursor=zzz", 422, "invalid cursor"),
    ("/gamma/markets?closed=perhaps", 422, "invalid boolean"),
    ("/gamma/markets/slug/nope", 404, "id not found"),
    ("/gamma/events/slug/nope", 404, "id not found"),
    ("/gamma/markets/12", 404, "id not found"),
    ("/gamma/markets/twelve", 422, "invalid integer"),
    ("/gamma/public-search", 422, "q is required"),
]


@pytest.mark.parametrize(("path", "status", "text"), GAMMA_ERRORS)
async def test_gamma_refuses_in_the_venues_words(ask, path, status, text):
    answer = await ask.get(path)

    assert (answer.status_code, answer.json()["error"]) == (status, text)
    assert answer.json()["type"] == ("not found error" if status == 404 else "validation error")


async def test_limits_are_clamped(ask):
    assert len((await ask.get("/gamma/markets?limit=5000")).json()) <= 100
    assert len((await ask.get("/gamma/markets?limit=2")).json()) == 2


async def test_search_finds_events_by_words(ask, world):
    listing = open_markets(world, "football")[0]
    words = " ".join(reversed(listing.event.title.upper().split()))

    found = (await ask.get("/gamma/public-search", params={"q": words, "limit_per_type": 5})).json()

    assert listing.event.slug in {event["slug"] for event in found["events"]}
    assert found["pagination"]["totalResults"] >= 1
    assert (await ask.get("/gamma/public-search", params={"q": "zzzz"})).json()["events"] == []


async def test_tags_are_listed(ask):
    rows = (await ask.get("/gamma/tags", params={"limit": 100})).json()
    assert {"politics", "sports", "crypto", "weather"} <= {row["slug"] for row in rows}


# -- CLOB ---------------------------------------------------------------------------------------------


async def test_a_book_and_its_prices_agree(ask, world):
    listing = open_markets(world, "single")[0]
    for token_id in listing.token_ids:
        book = (await ask.get("/clob/book", params={"token_id": token_id})).json()
        best_bid, best_ask = book["bids"][-1]["price"], book["asks"][-1]["price"]
        buy = (await ask.get("/clob/price", params={"token_id": token_id, "side": "BUY"})).json()
        sell = (await ask.get("/clob/price", params={"token_id": token_id, "side": "sell"})).json()
        mid = (await ask.get("/clob/midpoint", params={"token_id": token_id})).json()
        spread = (await ask.get("/clob/spread", params={"token_id": token_id})).json()

        assert (buy["price"], sell["price"]) == (best_bid, best_ask)
        assert float(mid["mid"]) == pytest.approx((float(best_bid) + float(best_ask)) / 2)
        assert float(spread["spread"]) == pytest.approx(float(best_ask) - float(best_bid))


async def test_batches_leave_out_what_they_do_not_know(ask, world):
    listing = open_markets(world)[0]
    asked = [{"token_id": listing.token_ids[0]}, {"token_id": "123"}, {"token_id": listing.token_ids[1]}]

    books = (await ask.post("/clob/books", json=asked)).json()
    mids = (await ask.post("/clob/midpoints", json=asked)).json()
    prices = await ask.post("/clob/prices", json=[{"token_id": listing.token_ids[0], "side": "BUY"}])

    assert [book["asset_id"] for book in books] == list(listing.token_ids)
    assert set(mids) == set(listing.token_ids)
    assert list(prices.json()[listing.token_ids[0]]) == ["BUY"]


HISTORY = "/clob/prices-history?market=1"
TOO_LONG = "invalid filters: 'startTs' and 'endTs' interval is too long"
CLOB_ERRORS = [
    ("/clob/book?token_id=12345", 404, "No orderbook exists for the requested token id"),
    ("/clob/book?token_id=abc", 400, "Invalid token id"),
    ("/clob/book", 400, "Invalid token id"),
    ("/clob/tick-size?token_id=12345", 404, "market not found"),
    ("/clob/fee-rate?token_id=12345", 404, "fee rate not found for market"),
    ("/clob/markets/0xab", 404, "market not found"),
    ("/clob/clob-markets/0xab", 404, "market not found"),
    (f"{HISTORY}&interval=1w&fidelity=1", 400, "invalid filters: minimum 'fidelity' for '1w' range is 5"),
    (f"{HISTORY}&startTs=1&endTs=1296002", 400, TOO_LONG),
]


@pytest.mark.parametrize(("path", "status", "text"), CLOB_ERRORS)
async def test_the_clob_refuses_in_the_venues_words(ask, path, status, text):
    answer = await ask.get(path)

    assert (answer.status_code, answer.json()) == (status, {"error": text})


async def test_a_bad_batch_is_refused(ask):
    assert (await ask.post("/clob/books", content=b"{")).json() == {"error": "Invalid payload"}
    many = [{"token_id": "1"}] * 501
    assert (await ask.post("/clob/books", json=many)).json() == {"error": "Payload exceeds the limit"}


async def test_parameters_of_a_market(ask, world):
    listing = open_markets(world, "football")[0]
    token_id = listing.token_ids[0]

    tick = (await ask.get("/clob/tick-size", params={"token_id": token_id})).json()
    same = (await ask.get(f"/clob/tick-size/{token_id}")).json()
    facts = (await ask.get(f"/clob/clob-markets/{listing.condition_id}")).json()
    pair = (await ask.get(f"/clob/markets-by-token/{token_id}")).json()

    assert tick == same == {"minimum_tick_size": world.tick_micros(listing) / 1e6}
    assert (await ask.get("/clob/neg-risk", params={"token_id": token_id})).json() == {"neg_risk": True}
    assert facts["nr"] is True and facts["cbos"] is True and facts["sd"] == 3 and facts["gst"].endswith("Z")
    assert [row["t"] for row in facts["t"]] == list(listing.token_ids)
    assert pair["condition_id"] == listing.condition_id and pair["secondary_token_id"] == listing.token_ids[1]
    assert (await ask.get("/clob/ok")).json() == "OK"
    assert (await ask.get("/clob/version")).json() == {"version": 2}
    assert (await ask.get("/clob/time")).json() == START_MS // 1000


async def test_the_market_list_ends_with_the_venues_cursor(ask, world):
    rows, cursor = [], "MA=="
    while cursor != "LTE=":
        page = (await ask.get("/clob/markets", params={"next_cursor": cursor})).json()
        rows += page["data"]
        cursor = page["next_cursor"]

    assert len(rows) == len({row["condition_id"] for row in rows}) > 100
    closed = [row for row in rows if row["closed"]]
    assert all(sum(token["price"] for token in row["tokens"]) == pytest.approx(1) for row in rows)
    assert all(any(token["winner"] for token in row["tokens"]) != row["is_50_50_outcome"] for row in closed)


async def test_history_reaches_back_before_the_start(ask, world):
    listing = open_markets(world, "single")[0]
    first, second = listing.token_ids

    day = (await ask.get("/clob/prices-history", params={"market": first, "interval": "1d"})).json()[
        "history"
    ]
    other = (await ask.get("/clob/prices-history", params={"market": second, "interval": "1d"})).json()[
        "history"
    ]
    window = {"startTs": START_MS // 1000 - 7_200, "endTs": START_MS // 1000 - 3_600, "fidelity": 5}
    some = (await ask.get("/clob/prices-history", params={"market": first, **window})).json()["history"]

    assert len(day) == 1_441
    assert day[0]["t"] == START_MS // 1000 - 86_400 and day[-1]["t"] == START_MS // 1000
    assert all(0 < point["p"] < 1 for point in day)
    assert all(a["p"] + b["p"] == pytest.approx(1) for a, b in zip(day, other, strict=True))
    assert [point["t"] for point in some] == list(range(window["startTs"], window["endTs"] + 1, 300))
    assert {point["t"]: point["p"] for point in day}[some[3]["t"]] == some[3]["p"]


async def test_no_history_is_an_empty_answer(ask, world):
    assert (await ask.get("/clob/prices-history?market=123&interval=1d")).json() == {"history": []}
    known = open_markets(world, "updown")[0]
    world.advance(known.event.resolve_ms + 25 * HOUR)
    old = world.market(slug=known.slug)
    span = f"startTs={(old.event.resolve_ms - HOUR) // 1000}&endTs={old.event.resolve_ms // 1000}"
    fine = await ask.get(f"/clob/prices-history?market={old.token_ids[0]}&{span}&fidelity=1")
    assert fine.json() == {"history": []}


# -- Data ---------------------------------------------------------------------------------------------


async def test_trades_are_newest_first_and_of_that_market(ask, world):
    listing = open_markets(world)[0]

    rows = (await ask.get("/data/trades", params={"market": listing.condition_id, "limit": 40})).json()

    assert len(rows) == 40
    assert {row["conditionId"] for row in rows} == {listing.condition_id}
    assert [row["timestamp"] for row in rows] == sorted((row["timestamp"] for row in rows), reverse=True)
    assert all(row["asset"] == listing.token_ids[row["outcomeIndex"]] for row in rows)
    sells = (await ask.get("/data/trades", params={"market": listing.condition_id, "side": "SELL"})).json()
    assert {row["side"] for row in sells} == {"SELL"}


async def test_interest_holders_and_live_volume(ask, world):
    listing = open_markets(world)[0]
    closed = next(m for e in world.events() for m in e.markets if world.phase(m) is Phase.CLOSED)

    interest = (await ask.get("/data/oi", params={"market": f"{listing.condition_id},0xab"})).json()
    holders = (await ask.get("/data/holders", params={"market": listing.condition_id, "limit": 5})).json()
    volume = (await ask.get("/data/live-volume", params={"id": listing.event.number})).json()

    assert interest[0]["market"] == listing.condition_id and interest[0]["value"] > 0 and len(interest) == 1
    assert (await ask.get("/data/oi", params={"market": closed.condition_id})).json()[0]["value"] == 0
    assert [side["token"] for side in holders] == list(listing.token_ids)
    amounts = [row["amount"] for row in holders[0]["holders"]]
    assert len(amounts) == 5 and sum(amounts) < interest[0]["value"]
    assert volume[0]["total"] == pytest.approx(sum(row["value"] for row in volume[0]["markets"]))
    assert (await ask.get("/data/live-volume", params={"id": "x"})).status_code == 400


# -- a handmade venue ---------------------------------------------------------------------------------


async def test_a_handmade_market_resolves_fifty_fifty():
    venue = ManualWorld()
    listing = venue.add_market(slug="rain")
    venue.resolve(listing.condition_id, (1, 1))
    transport = httpx.ASGITransport(app=app(venue))
    async with httpx.AsyncClient(transport=transport, base_url="http://venue") as client:
        row = (await client.get("/gamma/markets/slug/rain")).json()
        clob = (await client.get(f"/clob/markets/{listing.condition_id}")).json()

    assert venue.payout(listing) == HALF
    assert row["closed"] is True and json.loads(row["outcomePrices"]) == ["0.5", "0.5"]
    assert clob["is_50_50_outcome"] is True and not any(token["winner"] for token in clob["tokens"])
