import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from livedata.core.data import read_history, read_holders, read_rules, read_time, read_trades, read_values
from livedata.errors import VenueBadPayload
from livedata.exchange.asking import Venue, open_venue
from tests.livedata.recorded_venue import RecordedVenue, served, told
from tests.make import gamma_event, gamma_market

pytestmark = pytest.mark.usefixtures("hasty")
TOKENS = [str(10**70 + n) for n in range(1_200)]


def book(token_id: str) -> dict:
    return {
        "market": "0x1",
        "asset_id": token_id,
        "timestamp": "1795500000123",
        "hash": "a" * 40,
        "bids": [{"price": "0.3", "size": "100"}],
        "asks": [],
        "min_order_size": "5",
        "tick_size": "0.01",
        "neg_risk": False,
        "last_trade_price": "",
    }


HOLDER = {"proxyWallet": "0xw", "amount": 12.5, "pseudonym": "Calm-Owl", "outcomeIndex": 0}
ANSWERS = {
    "/books": [book(token_id) for token_id in TOKENS[:3]],
    "/book": book("7"),
    "/time": 1_795_500_000,
    "/tags": [{"id": "2", "slug": "fed", "label": "Fed", "forceShow": True}],
    "/live-volume": [{"total": 5, "markets": [{"market": "0x1", "value": 4.5}]}],
    "/holders": [{"token": "7", "holders": [HOLDER]}],
}


class WholeVenue(RecordedVenue):
    def answer(self, path, query):
        if path == "/public-search":
            return told({"events": self.events, "profiles": [None], "pagination": {"hasMore": False}})
        return told(ANSWERS[path]) if path in ANSWERS else super().answer(path, query)


@pytest.fixture
def site() -> WholeVenue:
    return WholeVenue(events=[gamma_event(5, [gamma_market(1), gamma_market(2)])])


@pytest.fixture
async def venue(site: WholeVenue) -> AsyncIterator[Venue]:
    with served(site) as url:
        async with open_venue({"GAMMA_URL": url, "CLOB_URL": url, "DATA_URL": url}) as clients:
            yield clients


async def test_every_endpoint_answers_in_values(venue):
    assert (await venue.clob.book("7")).asset_id == "7"
    assert len(await venue.clob.books(TOKENS)) == 9  # three questions of at most five hundred
    assert await venue.clob.time() == 1_795_500_000
    assert [tag.slug for tag in await venue.gamma.tags()] == ["fed"]
    assert len((await venue.gamma.search("fed")).markets) == 2
    assert (await venue.gamma.event_by_id("5")).events[0].slug == "event-5"
    assert (await venue.gamma.market_by_id("1")).markets[0].slug == "market-1"
    page = await venue.gamma.events_page(closed=False)
    assert (page.rows_count, page.next_cursor, len(page.reading.markets)) == (1, "", 2)
    assert await venue.data.live_volume("5") == {"0x1": 4_500_000}
    assert [(holder.name, holder.size_micros) for holder in await venue.data.holders("0x1")] == [
        ("Calm-Owl", 12_500_000)
    ]


BROKEN = [
    "null",
    "[]",
    '{"markets": 5}',
    '{"markets": [',
    "not JSON",
    "[" * 100_000,
    '{"markets": [], "next_cursor": 5}',
]


@pytest.mark.parametrize("body", BROKEN, ids=lambda body: body[:20])
async def test_a_body_that_is_something_else_is_told_as_such(site, venue, body):
    site.trouble = lambda _count, _path: (200, body.encode(), {})

    with pytest.raises(VenueBadPayload):
        await venue.gamma.markets_page(closed=False)
    with pytest.raises(VenueBadPayload):
        await venue.clob.prices_history("7", fidelity=1, start_s=0, end_s=9)
    with pytest.raises(VenueBadPayload):
        await venue.clob.book("7")


async def test_half_a_letter_costs_neither_the_page_nor_the_row(site, venue):
    texts = ["\ud800", "🎲 \udc00", "C:\\ud800", "plain"]
    rows = [gamma_market(number, question=text) for number, text in enumerate(texts, 1)]
    body = json.dumps({"markets": rows}).encode().replace(b"plain", b"pla\xffin")
    site.trouble = lambda _count, _path: (200, body, {})

    reading = (await venue.gamma.markets_page(closed=False)).reading

    assert [market.question for market in reading.markets] == ["�", "🎲 �", "C:\\ud800", "pla�in"]
    assert reading.bad == ()


def test_recorded_trades_are_read(recordings: Path):
    counts = {
        "trades_wallet_gabagool_945pm_20260107.json": 45,
        "trades_wallet_gabagool_btc_930pm_20260107.json": 17,
        "trades_wallet_gabagool_trades_20260107.json": 37,
        "trades_wallet_baguette_10pm_20260107.json": 6,
    }
    for name, count in counts.items():
        trades = read_trades((recordings / "data" / name).read_bytes())
        assert len(trades) == count
        assert all(0 < trade.price_micros < 1_000_000 and trade.size_micros > 0 for trade in trades)


def test_recorded_market_parameters_and_histories_are_read(recordings: Path):
    rows = json.loads((recordings / "clob/clob_markets_shortkeys_fed_june2026.json").read_text())
    rules = [read_rules(json.dumps(row).encode()) for row in rows]
    assert [(rule.fee_rate_micros, rule.fee_exponent_micros) for rule in rules] == [(50_000, 1_000_000)] * 5

    # The recorded answer repeats its last second.
    history = (recordings / "clob/prices_history_hugompt.json").read_bytes()
    assert read_history(history) == [(1_782_201_484, 500_000), (1_782_201_544, 500_000)]


BAD = [
    (
        read_trades,
        '[{"asset": "7", "conditionId": "0x1", "side": "HOLD", "price": 0.5, "size": 1, "timestamp": 1}]',
    ),
    (
        read_trades,
        '[{"asset": "7", "conditionId": "0x1", "side": "BUY", "price": 1.5, "size": 1, "timestamp": 1}]',
    ),
    (read_history, '{"history": [{"t": 1, "p": -0.1}]}'),
    (read_history, '{"history": [{"t": "1", "p": 0.1}]}'),
    (read_rules, '{"fd": {"r": 7, "e": 1}}'),
    (read_time, '"soon"'),
    (read_values, '{"market": "0x1"}'),
    (read_holders, "[1]"),
]


@pytest.mark.parametrize(("reader", "body"), BAD)
def test_numbers_that_make_no_sense_are_refused(reader, body):
    with pytest.raises(ValueError):
        reader(body.encode())


def test_a_market_without_a_stated_fee_says_so():
    rules = read_rules(b'{"t": [], "mts": 0.01, "fd": null}')

    assert (rules.fee_rate_micros, rules.fee_exponent_micros, rules.taker_delay) == (None, 1_000_000, False)
