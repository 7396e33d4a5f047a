import json
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livedata.core.gamma import read_events, read_markets
from livedata.core.values import epoch_ms, shown_ms
from markets.core import facts
from markets.core.facts import MarketFacts
from tests.livedata.recorded_venue import btc_markets, nba_events, open_markets
from tests.make import gamma_event, gamma_market


def read_one(**fields) -> MarketFacts:
    (market,) = read_markets([json.dumps(gamma_market(7, **fields)).encode()]).markets
    return market


STATES = """
open on the venue             |                                     -> 0
takes no orders yet           | !acceptingOrders                    -> 1
has no book at all            | !enableOrderBook                    -> 1
not published                 | !active                             -> 1
hidden                        | archived                            -> 1
proposed but still traded     | uma=proposed 1/0                    -> 0
closed without a result       | closed                              -> 2
closed and disputed           | closed history=proposed,disputed 1/0 -> 2
closed while proposed         | closed uma=proposed time=2026-04-05 1/0 -> 2
over, by its history's last   | closed history=proposed time=2026-04-05 1/0 -> 3 1000000
won                           | closed uma=resolved 1/0             -> 3 1000000
lost                          | closed uma=resolved 0/1             -> 3 0
halved                        | closed uma=resolved 0.5/0.5         -> 3 500000
closed at an untouched price  | closed 0.5/0.5                      -> 2
closed, still says it accepts | closed acceptingOrders 1/0          -> 3 1000000
legacy without a winner       | closed 0/0                          -> 2
legacy scalar                 | closed 0.58433116690776931/0.41566883309223069 -> 2
"""


def state_fields(text: str) -> dict:
    fields = {}
    for word in text.split():
        name, _, value = word.partition("=")
        if name == "uma":
            fields["umaResolutionStatus"] = value
        elif name == "time":
            fields["closedTime"] = value
        elif name == "history":
            fields["umaResolutionStatuses"] = json.dumps(value.split(","))
        elif "/" in name:
            fields["outcomePrices"] = json.dumps(name.split("/"))
        else:
            fields[name.lstrip("!")] = not name.startswith("!")
    return fields


@pytest.mark.parametrize("row", STATES.strip().splitlines())
def test_the_state_of_a_market_is_read_from_all_its_flags(row):
    said, _, wanted = row.partition("|")[2].partition("->")

    market = read_one(**state_fields(said))

    status, *payout = (int(part) for part in wanted.split())
    assert (market.status, market.payout_0_micros) == (status, payout[0] if payout else None)


FEES = [
    (True, {"rate": 0.07, "exponent": 1, "rebateRate": 0.2}, (70_000, 1_000_000, "schedule", 200_000)),
    (True, {"rate": 0.25, "exponent": 2}, (250_000, 2_000_000, "schedule", 0)),
    (True, {"rate": 0.03, "exponent": 0.5}, (30_000, 500_000, "schedule", 0)),
    (True, {"rate": 0, "exponent": 1}, (0, 1_000_000, "schedule", 0)),
    (True, None, (50_000, 1_000_000, "assumed", 0)),
    (None, None, (50_000, 1_000_000, "assumed", 0)),
    (False, None, (0, 1_000_000, "none", 0)),
]


@pytest.mark.parametrize(("enabled", "schedule", "wanted"), FEES)
def test_the_fee_is_the_markets_own_schedule_or_assumed(enabled, schedule, wanted):
    market = read_one(feesEnabled=enabled, feeSchedule=schedule, takerBaseFee=1000)

    found = (market.fee_rate_micros, market.fee_exponent_micros, market.fee_source, market.rebate_rate_micros)
    assert found == wanted


def programme(rate, start="2026-07-01", end="2500-12-31"):
    return {"id": "1", "rewardsAmount": 0, "rewardsDailyRate": rate, "startDate": start, "endDate": end}


REWARDS = [
    ({}, (0, 0, 0)),
    ({"rewardsMinSize": 50, "rewardsMaxSpread": 3.5}, (50_000_000, 35_000, 0)),
    (
        {"rewardsMinSize": 20, "rewardsMaxSpread": 5.5, "clobRewards": [programme(0.001), programme(1250)]},
        (20_000_000, 55_000, 1_250_001_000),
    ),
    # Programmes run from their first day to their last; the row says what day it is.
    ({"clobRewards": [programme(5, end="2026-10-31")]}, (0, 0, 0)),
    ({"clobRewards": [programme(5, end="2026-11-01")]}, (0, 0, 5_000_000)),
    ({"clobRewards": [programme(5, start="2026-11-02")]}, (0, 0, 0)),
    ({"clobRewards": [programme(5, start="2026-11-02")], "updatedAt": None}, (0, 0, 5_000_000)),
    # Shown only: what makes no sense is left out, and costs no market.
    ({"rewardsMinSize": -1, "rewardsMaxSpread": 1e30, "clobRewards": [{}]}, (0, 0, 0)),
]


@pytest.mark.parametrize(("fields", "expected"), REWARDS)
def test_rewards(fields, expected):
    market = read_one(**fields)

    came = (market.reward_min_size_micros, market.reward_max_spread_micros, market.reward_daily_micros)
    assert came == expected


BAD = [
    {"id": "abc"},
    {"id": "1" * 19},
    {"slug": ""},
    {"outcomePrices": '["1.5", "-0.5"]'},
    {"outcomePrices": '["NaN", "1"]'},
    {"outcomePrices": '["a", "b"]'},
    {"outcomePrices": "not JSON"},
    {"outcomes": "[1, 2]"},
    {"clobTokenIds": '["0xabc", "12"]'},
    {"clobTokenIds": '["12", "12"]'},
    {"orderPriceMinTickSize": 0.03},
    {"orderPriceMinTickSize": 1e-9},
    {"orderMinSize": -5},
    {"orderMinSize": "1e999999999"},
    {"bestBid": 7},
    {"feesEnabled": True, "feeSchedule": {"rate": 0.0700000001, "exponent": 1}},
    {"feesEnabled": True, "feeSchedule": {"rate": -0.07, "exponent": 1}},
    {"gameStartTime": "tomorrow"},
    {"secondsDelay": 10**30},
    {"closed": "yes"},
]


@pytest.mark.parametrize("fields", BAD, ids=str)
def test_a_row_that_makes_no_sense_is_told_and_costs_no_other(fields):
    rows = [gamma_market(1), gamma_market(2, **fields), gamma_market(3)]

    reading = read_markets([json.dumps(row).encode() for row in rows])

    assert [market.id for market in reading.markets] == ["1", "3"]
    (told,) = reading.bad
    assert "market-2" in told or '"slug": ""' in told


def test_what_is_only_shown_never_costs_the_row():
    market = read_one(
        volumeNum=-5,
        volume24hr=1e300,
        oneDayPriceChange=-7,
        endDate="some day",
        startDate="0001-01-01T00:00:00Z",
        groupItemThreshold="$100",
        outcomePrices=None,
        description=None,
    )

    assert (market.volume_micros, market.volume_24h_micros, market.day_change_micros) == (0, 0, None)
    assert (market.end_ms, market.start_ms, market.group_order) == (None, None, 0)
    assert (market.price_0_micros, market.price_1_micros) == (None, None)


DATES = """
2026-03-31T12:00:00Z              | 1774958400000
2026-03-31T12:00:00.1Z            | 1774958400100
2026-03-11T20:29:13.356562Z       | 1773260953356
2026-04-05 15:10:00+00            | 1775401800000
2026-04-05 17:10:00+02            | 1775401800000
2023-11-02 21:04:25.152+00        | 1698959065152
2026-04-05                        | 1775347200000
2500-12-31T00:00:00Z              | 16756675200000
"""


@pytest.mark.parametrize("row", DATES.strip().splitlines())
def test_every_form_of_a_date_is_read(row):
    text, wanted = (part.strip() for part in row.split("|"))

    assert epoch_ms(text) == int(wanted)


@given(st.text(max_size=30))
def test_any_other_date_is_none(text):
    found = shown_ms(text)

    assert found is None or found > 0


def test_search_finds_a_market_by_question_event_outcomes_and_tags_without_accents():
    event = gamma_event(
        1, [gamma_market(7, question="Kann Köln gewinnen?", outcomes='["1. FC Köln", "Łódź"]')]
    )
    event["title"] = "Fußball: Pokal"

    (market,) = read_events([json.dumps(event).encode()]).markets

    assert market.search_text == " kann koln gewinnen fussball pokal 1 fc lodz politics 0tagpolitics "
    assert (market.category, market.tags) == ("politics", ("politics",))


def test_markets_name_their_event_once():
    rows = [gamma_market(n, events=[{"id": "9", "slug": "e", "title": "E", "volume": 5.5}]) for n in (1, 2)]

    reading = read_markets([json.dumps(row).encode() for row in rows])

    (event,) = reading.events
    assert (event.id, event.title, event.volume_micros) == ("9", "E", 5_500_000)
    assert {market.event_id for market in reading.markets} == {"9"}


def test_a_protocol_v2_market_trades_by_its_position_ids():
    assert read_one(version="v2", positionIds=["11", "12"]).token_0 == "11"
    assert read_one(version="v1", positionIds=["11", "12"]).token_0 == str(10**70 + 14)


@given(
    st.dictionaries(
        st.sampled_from(
            [*sorted(gamma_market(1)), "feeSchedule", "tags", "events", "bestBid", "secondsDelay"]
        ),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9),
            lambda inner: (
                st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
            ),
        ),
        max_size=4,
    )
)
def test_no_row_stops_the_reader(fields):
    rows = [json.dumps({**gamma_market(1), **fields}).encode(), json.dumps(gamma_market(2)).encode()]

    reading = read_markets(rows)

    assert len(reading.markets) + len(reading.bad) == 2
    assert reading.markets[-1].id == "2"


def test_every_recorded_row_is_read(recordings: Path):
    opened = read_markets(json.dumps(row).encode() for row in open_markets(recordings))
    games = read_events(json.dumps(row).encode() for row in nba_events(recordings))
    settled = read_markets(json.dumps(row).encode() for row in btc_markets(recordings))

    assert (len(opened.markets), len(games.markets), len(settled.markets)) == (12_000, 738, 200)
    assert opened.bad + games.bad + settled.bad == ()
    assert sum(market.status == facts.RESOLVED for market in games.markets) == 218
    assert all(market.status == facts.RESOLVED for market in settled.markets)
    assert {market.fee_rate_micros for market in settled.markets} == {70_000}
    assert sum(not market.outcome_0.isascii() for market in opened.markets) > 0


def test_recorded_prices_come_through_to_the_micro(recordings: Path):
    for row in open_markets(recordings)[:2000]:
        (market,) = read_markets([json.dumps(row).encode()]).markets
        if "outcomePrices" in row:
            listed = [int(Decimal(price) * 1_000_000) for price in json.loads(row["outcomePrices"])]
            assert [market.price_0_micros, market.price_1_micros] == listed


SINGLES = """
event_negrisk_fed_june2026.json                               | event  | 5 x 0
event_crypto_updown_hype5m_20260624.json                      | event  | 1 x 0
events_small_bobaoxu.json                                     | event  | 2 x 0 1 x 1 5 x 3
public_search_fed_june2026.json                               | search | 5 x 0 4 x 3
markets_gta6_20260621.json                                    | market | 5 x 0
markets_closed_eth_strike_20260610.json                       | market | 2 x 3
markets_small_bobaoxu.json                                    | market | 3 x 0
nautilus/gamma_market_closed_binary_accepting_true.json       | market | 1 x 3
nautilus/gamma_market_closed_binary_accepting_false.json      | market | 1 x 3
nautilus/gamma_market_closed_nonbinary_legacy.json            | market | 1 x 2
nautilus/gamma_market_closed_zero_zero_legacy.json            | market | 1 x 2
nautilus/gamma_market_sports_market_map_handicap.json         | market | 1 x 3
nautilus/gamma_market_sports_market_money_line.json           | market | 1 x 3
"""


@pytest.mark.parametrize("row", SINGLES.strip().splitlines())
def test_every_kind_of_market_is_read(recordings: Path, row):
    name, kind, wanted = (part.strip() for part in row.split("|"))
    recorded = json.loads((recordings / "gamma" / name).read_text())
    rows = recorded["events"] if kind == "search" else recorded if isinstance(recorded, list) else [recorded]

    reading = (read_markets if kind == "market" else read_events)([json.dumps(one).encode() for one in rows])

    assert reading.bad == ()
    counts = {status: sum(market.status == status for market in reading.markets) for status in range(4)}
    assert " ".join(f"{count} x {status}" for status, count in counts.items() if count) == wanted
