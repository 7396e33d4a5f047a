"""The midpoint after a fill, at its moments."""

import pytest

from livedata.pulse import wall_ms
from markets.core.units import from_micros
from tests.trading.test_orders import ticket_for, trade
from trading.matcher import Matcher
from trading.models import Fill

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.portable]


def markouts() -> list[str | None]:
    fill = Fill.objects.get()
    values = (fill.markout_5s_micros, fill.markout_1m_micros, fill.markout_10m_micros)
    return [None if value is None else from_micros(value) for value in values]


def at(monkeypatch, ms: int) -> None:
    monkeypatch.setattr("trading.matcher.venue_now_ms", lambda: ms)


def test_each_moment_notes_the_midpoint_of_then(market, portfolio, matcher, feed, monkeypatch):
    trade(matcher, portfolio, ticket_for(market, size="9", outcome_index=1))
    filled_ms = Fill.objects.get().filled_ms

    at(monkeypatch, filled_ms + 4_999)
    matcher.turn()
    assert markouts() == [None, None, None]
    at(monkeypatch, filled_ms + 5_000)
    matcher.turn()
    assert markouts() == ["0.5", None, None]
    feed.show(market, "0.59x50", "0.61x30", stamp_ms=wall_ms() + 1)
    at(monkeypatch, filled_ms + 60_500)
    matcher.turn()
    assert markouts() == ["0.5", "0.4", None]


def test_a_restarted_matcher_goes_on(market, portfolio, matcher, feed, monkeypatch):
    trade(matcher, portfolio, ticket_for(market, size="9"))
    filled_ms = Fill.objects.get().filled_ms

    again = Matcher()
    at(monkeypatch, filled_ms + 60_000)
    again.turn()

    # Five seconds after the fill nobody looked: what stands then is not known any more.
    assert markouts() == [None, "0.5", None]


def test_without_a_fresh_book_there_is_no_midpoint(market, portfolio, matcher, feed, monkeypatch):
    trade(matcher, portfolio, ticket_for(market, size="9"))
    filled_ms = Fill.objects.get().filled_ms
    feed.beat(alive=False)

    at(monkeypatch, filled_ms + 5_000)
    matcher.turn()

    assert markouts() == [None, None, None]
