import pytest

from livedata.core.bookhash import Oracle, book_hash, write_last_trade
from livedata.core.steps import MarketRef
from livedata.core.wire import Book
from tests.core.reference_venue import CONDITION, TOKENS, ReferenceVenue

REF = MarketRef(CONDITION, *TOKENS)
BIDS, ASKS = {480_000: 100_000_000, 490_000: 50_500_000}, {510_000: 30_000_000}


def venue_hash(token: int = 0, **facts: object) -> str:
    """The hash by the reference venue's own words."""
    venue = ReferenceVenue(tick=str(facts.get("tick", "0.01")), neg_risk=bool(facts.get("neg_risk")))
    venue.step([("BUY", "0.49", "50.5"), ("BUY", "0.48", "100"), ("SELL", "0.51", "30")])
    venue.stamp = 1_000
    venue.last_trade = str(facts.get("last_trade", ""))
    return str(venue.rest_book(token)["hash"])


def our_hash(outcome_index: int = 0, **facts: object) -> str:
    given = {
        "tick_micros": 10_000,
        "min_size_micros": 5_000_000,
        "neg_risk": False,
        "last_trade": "",
        **facts,
    }
    return book_hash(
        condition_id=CONDITION,
        token_id=TOKENS[outcome_index],
        outcome_index=outcome_index,
        stamp_ms=1_000,
        bids=BIDS,
        asks=ASKS,
        **given,
    )


@pytest.mark.parametrize("token", [0, 1])
def test_the_hash_is_the_venues_on_either_token(token):
    assert our_hash(token) == venue_hash(token)
    assert our_hash(token, neg_risk=True, last_trade="0.500") == venue_hash(
        token, neg_risk=True, last_trade="0.500"
    )
    assert our_hash(token, tick_micros=1_000) == venue_hash(token, tick="0.001")


def proves(oracle: Oracle, *hashes: str) -> bool | None:
    return oracle.proves((hashes[0], hashes[1]), stamp_ms=1_000, bids=BIDS, asks=ASKS)


def test_an_oracle_cannot_tell_without_a_hash_or_a_last_trade():
    oracle = Oracle(REF)

    assert proves(oracle, "", "") is None
    assert proves(oracle, venue_hash(last_trade="0.123"), "") is None
    assert proves(oracle, venue_hash(), "") is True  # a market that never traded


def test_an_oracle_knows_the_last_trade_from_a_book():
    oracle = Oracle(REF)
    oracle.learn(Book(CONDITION, TOKENS[0], 1, [], [], last_trade_price="0.123"))

    assert proves(oracle, venue_hash(last_trade="0.123"), "") is True
    assert proves(oracle, "", venue_hash(1, last_trade="0.123")) is True
    assert proves(oracle, venue_hash(last_trade="0.124"), "") is False


@pytest.mark.parametrize(
    ("price_micros", "named"),
    [
        (123_000, "0.123"),
        (123_000, "0.877"),  # of the other token
        (207_500, "0.207"),
        (207_500, "0.208"),
        (207_500, "0.2075"),
    ],
)
def test_a_print_may_be_named_in_several_ways(price_micros, named):
    oracle = Oracle(REF)
    oracle.traded(price_micros)

    assert proves(oracle, venue_hash(last_trade=named), "") is True
    assert oracle.last_trade == named


def test_the_print_before_the_last_may_still_be_named():
    oracle = Oracle(REF)
    oracle.traded(123_000)
    oracle.traded(456_500)

    assert proves(oracle, venue_hash(last_trade="0.123"), "") is True


def test_a_last_trade_has_at_least_three_decimals():
    assert [write_last_trade(micros) for micros in (600_000, 123_000, 207_500, 100)] == [
        "0.600",
        "0.123",
        "0.2075",
        "0.0001",
    ]
