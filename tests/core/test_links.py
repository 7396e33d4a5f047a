import pytest
from hypothesis import given
from hypothesis import strategies as st

from livedata.core.links import Link, read_link

TABLE = """
https://polymarket.com/event/fed-decision                            | fed-decision |
https://polymarket.com/event/fed-decision/will-the-fed-cut?tid=17#x  | fed-decision | will-the-fed-cut
http://www.polymarket.com/event/fed-decision/                        | fed-decision |
polymarket.com/market/will-it-rain                                   |              | will-it-rain
https://polymarket.com/es/event/fed-decision                         | fed-decision |
https://polymarket.com/sports/nba/games/week/3/nba-lal-bos-2026      | nba-lal-bos-2026 |
https://polymarket.com/esports/cs2/cs2-faze-ill                      | cs2-faze-ill |
https://POLYMARKET.com/event/fed-decision                            | fed-decision |
https://polymarket.com/event/%C5%82%C3%B3d%C5%BA                     | łódź         |
"""


@pytest.mark.parametrize("row", TABLE.strip().splitlines())
def test_an_address_names_an_event_or_a_market(row):
    text, event, market = (part.strip() for part in row.split("|"))

    assert read_link(text) == Link(event_slug=event, market_slug=market)


OTHERS = [
    "",
    "bitcoin",
    "https://polymarket.com",
    "https://polymarket.com/",
    "https://polymarket.com/event",
    "https://polymarket.com/@somebody",
    "https://polymarket.com/leaderboard",
    "https://example.com/event/fed-decision",
    "https://polymarket.com.example.com/event/x",
    "https://polymarket.com/event/a/b/c",
    "https://polymarket.com/event/a%2Fb",
    "https://[broken/event/x",
    "javascript:alert(1)",
]


@pytest.mark.parametrize("text", OTHERS)
def test_any_other_text_names_nothing(text):
    assert read_link(text) is None


@given(st.text(max_size=80))
def test_no_text_breaks_it(text):
    read_link(text)
    read_link(f"https://polymarket.com/event/{text}")
