from typing import Any

import pytest
from msgspec.structs import replace

from markets import services
from markets.core import facts
from markets.core.facts import EventFacts, FeeRule, MarketFacts
from markets.core.units import ONE
from markets.models import Event, Market
from markets.selectors import Filters, browse, browse_events
from tests.make import event_facts, market_facts

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.portable]


def write(*markets: MarketFacts, events: tuple[EventFacts, ...] = (), now_ms: int = 5) -> services.Written:
    services.upsert_events(events, now_ms=now_ms)
    return services.upsert_markets(markets, now_ms=now_ms)


def stored(model: type[Any], key: str) -> dict[str, Any]:
    return model.objects.filter(pk=key).values().get()


def test_the_statuses_are_one_list():
    assert list(Market.Status) == [facts.OPEN, facts.PAUSED, facts.CLOSED, facts.RESOLVED]


def test_every_fact_is_a_column_that_comes_back_as_it_went():
    event = event_facts(
        9, tags=({"slug": "fed", "label": "Fed"},), category="economy", end_ms=7, open_interest_micros=8
    )
    market = market_facts(
        1,
        event_id="9",
        tags=("fed", "rates"),
        outcomes=("Łódź", "Köln 1. FC"),
        outcome_0="Łódź",
        description='He said: "50 %"\x00 🎲',
        payout_0_micros=ONE // 2,
        volume_micros=10**15,
        day_change_micros=-5,
        neg_risk=True,
        game_start_ms=-1,
    )

    write(market, events=(event,))

    for row, kept in ((event, stored(Event, "9")), (market, stored(Market, "1"))):
        for name in row.__struct_fields__:
            wanted = getattr(row, name)
            assert kept[name] == (list(wanted) if isinstance(wanted, tuple) else wanted), name
    assert stored(Market, "1")["synced_ms"] == 5


def test_what_stands_is_not_written_again():
    rows = [market_facts(n) for n in range(1, 4)]

    assert write(*rows) == services.Written(new=3)
    assert write(*rows, now_ms=6) == services.Written(unchanged=3)
    assert stored(Market, "1")["synced_ms"] == 5


def test_only_what_moved_is_written_where_only_that_moved():
    write(market_facts(1, description="first"))
    Market.objects.update(description="changed behind the venue's back")

    assert write(market_facts(1, description="first", volume_24h_micros=7)) == services.Written(moved=1)
    assert stored(Market, "1")["description"] == "changed behind the venue's back"
    assert stored(Market, "1")["volume_24h_micros"] == 7

    changed = market_facts(1, description="second", volume_24h_micros=7)
    assert write(changed) == services.Written(changed=1)
    assert stored(Market, "1")["description"] == "second"


@pytest.mark.parametrize("name", [name for name in MarketFacts.__struct_fields__ if name != "id"])
def test_a_change_of_any_fact_is_seen(name):
    before = market_facts(1)
    value = getattr(before, name)
    if isinstance(value, bool):
        other: Any = not value
    elif isinstance(value, tuple):
        other = (*value, "x")
    else:
        other = f"{value or ''}x" if isinstance(value, str) or name == "event_id" else (value or 0) + 1
    write(before)

    assert write(replace(before, **{name: other})).written == 1
    kept = stored(Market, "1")[name]
    assert kept == (list(other) if isinstance(other, tuple) else other)


def test_the_last_of_two_in_one_batch_counts():
    assert write(market_facts(1, question="A?"), market_facts(1, question="B?")) == services.Written(new=1)
    assert stored(Market, "1")["question"] == "B?"


def test_an_event_is_as_open_as_its_most_open_market():
    rows = [market_facts(n, event_id="9", status=facts.OPEN) for n in (1, 2)]
    write(*rows, events=(event_facts(9),))
    assert (stored(Event, "9")["status"], stored(Event, "9")["market_count"]) == (facts.OPEN, 2)

    write(replace(rows[0], status=facts.RESOLVED, closed=True))
    assert stored(Event, "9")["status"] == facts.OPEN
    write(replace(rows[1], status=facts.CLOSED, closed=True))
    assert stored(Event, "9")["status"] == facts.CLOSED

    write(market_facts(3, event_id="9"))
    assert (stored(Event, "9")["status"], stored(Event, "9")["market_count"]) == (facts.OPEN, 3)


def test_an_event_is_found_by_the_words_of_each_of_its_markets():
    write(
        market_facts(1, event_id="9", question="Ada first?"),
        market_facts(2, event_id="9", question="Bea second?"),
        events=(event_facts(9),),
    )
    write(market_facts(3, event_id="9", question="Cid third?"))

    for search in ("ada", "bea", "cid", "ada cid"):
        assert [line.event.pk for line in browse_events(Filters(search=search)).items] == ["9"]
    assert browse_events(Filters(search="dan")).items == []


def test_an_event_that_changes_its_category_is_found_under_the_new_one():
    write(market_facts(1, event_id="9"), events=(event_facts(9, category="sports"),))

    services.upsert_events([event_facts(9, category="esports")], now_ms=6)

    assert [line.event.pk for line in browse_events(Filters(category="esports")).items] == ["9"]
    assert browse_events(Filters(category="sports")).items == []


def test_a_fee_that_the_clob_has_told_outlives_gammas_silence():
    silent = market_facts(1, fee_source="assumed", fee_rate_micros=50_000)
    write(silent)
    rule = FeeRule(fee_rate_micros=70_000, fee_exponent_micros=2 * ONE, taker_delay=True)
    services.keep_rules(market_id="1", rule=rule, now_ms=8)

    write(replace(silent, description="changed"))

    kept = stored(Market, "1")
    assert (kept["fee_rate_micros"], kept["fee_exponent_micros"], kept["fee_source"]) == (
        70_000,
        2 * ONE,
        "clob",
    )
    assert (kept["taker_delay"], kept["rules_ms"], kept["description"]) == (True, 8, "changed")

    write(replace(silent, fee_source="schedule", fee_rate_micros=40_000))
    assert (stored(Market, "1")["fee_rate_micros"], stored(Market, "1")["fee_source"]) == (40_000, "schedule")


@pytest.mark.parametrize(("source", "told"), [("none", 70_000), ("schedule", 70_000), ("assumed", None)])
def test_rules_change_no_fee_that_gamma_states_and_none_that_they_do_not_state(source, told):
    write(market_facts(1, fee_source=source, fee_rate_micros=40_000))

    rule = FeeRule(fee_rate_micros=told, fee_exponent_micros=ONE, taker_delay=True)
    services.keep_rules(market_id="1", rule=rule, now_ms=8)

    kept = stored(Market, "1")
    assert (kept["fee_source"], kept["fee_rate_micros"]) == (source, 40_000)
    assert (kept["taker_delay"], kept["rules_ms"]) == (True, 8)


def test_a_result_that_the_venue_announced_is_kept_until_gamma_says_the_same():
    row = market_facts(1, event_id="9")
    write(row, events=(event_facts(9),))

    assert services.resolve_market(condition_id=row.condition_id, payout_0_micros=0, now_ms=8)
    assert not services.resolve_market(condition_id=row.condition_id, payout_0_micros=ONE, now_ms=9)

    kept = stored(Market, "1")
    assert (kept["status"], kept["payout_0_micros"], kept["price_1_micros"]) == (facts.RESOLVED, 0, ONE)
    assert (kept["accepting_orders"], kept["closed_ms"]) == (False, 8)
    assert stored(Event, "9")["status"] == facts.RESOLVED
    assert [market.pk for market in browse(Filters(search="number", closed=True)).items] == ["1"]
    assert not services.resolve_market(condition_id="0xunknown", payout_0_micros=ONE, now_ms=9)

    told = replace(row, status=facts.RESOLVED, closed=True, payout_0_micros=0, accepting_orders=False)
    assert write(told).changed == 1


def test_a_payout_is_nothing_half_or_one():
    with pytest.raises(AssertionError):
        services.resolve_market(condition_id="0x1", payout_0_micros=1, now_ms=1)


def test_open_interest_is_kept_by_market_and_nobody_is_made_up():
    write(market_facts(1))

    services.keep_open_interest({"1": 7, "404": 9})

    assert (stored(Market, "1")["open_interest_micros"], Market.objects.count()) == (7, 1)


def test_summing_up_mends_an_event_that_two_writers_have_missed():
    write(market_facts(1, event_id="9"), events=(event_facts(9),))
    Event.objects.update(market_count=7, search_text="")

    services.sum_up_open_events()

    assert stored(Event, "9")["market_count"] == 1
    assert " win " in stored(Event, "9")["search_text"]
