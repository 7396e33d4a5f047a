"""Splits, merges, conversions and redemptions over REST: what they answer, and what they refuse."""

from uuid import uuid4

import pytest

from accounts.limits import Verdict
from livedata.pulse import wall_ms
from livedata.simulator.manual import ManualWorld
from livedata.simulator.server import serve
from markets.core.units import ONE
from markets.models import Event, Market
from tests.livedata.conftest import hasty  # noqa: F401 -- fixture
from tests.trading.venue import make_market
from trading.models import SetChange
from trading.services.portfolios import open_portfolio
from trading.services.sets import split_position

pytestmark = [pytest.mark.django_db(databases="__all__", transaction=True)]


@pytest.fixture
def root(portfolio):
    return f"/portfolios/{portfolio.pk}"


@pytest.fixture
def race(transactional_db):
    """A neg-risk event of three that only we know."""
    event = Event.objects.create(id="55", slug="who-wins", title="Who wins?", neg_risk=True)
    prices = [500_000, 300_000, 200_000]
    return [
        make_market(f"{name}-wins", event=event, neg_risk=True, group_order=place, price_0_micros=price)
        for place, (name, price) in enumerate(zip(["ann", "bea", "cid"], prices, strict=True))
    ]


def test_a_split_answers_with_what_it_moved(market, portfolio, ask, root):
    body = {"market": market.slug, "size": "10", "client_id": "one"}

    answer = ask("POST", f"{root}/split", body)

    change = SetChange.objects.get()
    assert (answer.status_code, answer.json()) == (
        201,
        {
            "id": str(change.pk),
            "client_id": "one",
            "portfolio_id": str(portfolio.pk),
            "kind": "split",
            "event": None,
            "market": market.slug,
            "condition_id": market.condition_id,
            "size": "10",
            "cash": "-10",
            "realised_pnl": "0",
            "legs": [
                {
                    "market": market.slug,
                    "condition_id": market.condition_id,
                    "token_id": token,
                    "outcome": outcome,
                    "outcome_index": index,
                    "size": "10",
                    "value": value,
                }
                for index, (token, outcome, value) in enumerate(
                    [(market.token_0, "Yes", "6.3"), (market.token_1, "No", "3.7")]
                )
            ],
            "timestamp": answer.json()["timestamp"],
        },
    )
    again = ask("POST", f"{root}/split", body)
    assert (again.status_code, again.json()["id"]) == (200, str(change.pk))
    other = ask("POST", f"{root}/split", {**body, "size": "11"})
    assert (other.status_code, other.json()["error"]["code"]) == (409, "duplicate_client_id")
    assert ask("GET", root).json()["cash_balance"] == "9990"


def test_a_merge_by_condition_id_gives_the_dollars_back(market, ask, root):
    ask("POST", f"{root}/split", {"market": market.slug, "size": 10})

    answer = ask("POST", f"{root}/merge", {"market": market.condition_id, "size": "4.5"})

    assert answer.status_code == 201
    assert (answer.json()["cash"], [leg["size"] for leg in answer.json()["legs"]]) == ("4.5", ["-4.5"] * 2)
    ledger = ask("GET", f"{root}/ledger?page_size=100").json()["entries"]
    assert {entry["kind"] for entry in ledger} == {"deposit", "split", "merge"}
    assert {entry["account"] for entry in ledger if entry["kind"] == "merge"} == {"trader", "sets"}


def test_a_conversion_of_an_event_that_the_venue_has_forgotten(race, ask, root, portfolio, empty_venue):
    split_position(
        portfolio_id=portfolio.pk, condition_id=race[0].condition_id, size_micros=10 * ONE, now_ms=wall_ms()
    )
    body = {"event": "who-wins", "token_ids": [race[0].token_1], "size": "10", "client_id": "c"}

    answer = ask("POST", f"{root}/convert", body)

    assert answer.status_code == 201, answer.json()
    shown = answer.json()
    assert (shown["kind"], shown["event"], shown["market"], shown["cash"]) == (
        "convert",
        "who-wins",
        None,
        "0",
    )
    assert [(leg["market"], leg["outcome"], leg["size"], leg["value"]) for leg in shown["legs"]] == [
        ("ann-wins", "No", "-10", "5"),
        ("bea-wins", "Yes", "10", "3"),
        ("cid-wins", "Yes", "10", "2"),
    ]
    assert ask("POST", f"{root}/convert", body).status_code == 200


def test_a_conversion_asks_the_venue_for_questions_that_we_miss(
    settings, ask, root, portfolio, transactional_db
):
    world = ManualWorld()
    questions = [("ann-wins", "Ann?"), ("bea-wins", "Bea?"), ("cid-wins", "Cid?")]
    listed = world.add_event(slug="who-wins", title="Who wins?", questions=questions, neg_risk=True)
    with serve(world) as venue:
        settings.EXCHANGE_URLS = venue.environment
        bought = ask("POST", f"{root}/split", {"market": "ann-wins", "size": "5"})
        assert bought.status_code == 201, bought.json()
        Market.objects.filter(slug="cid-wins").delete()

        answer = ask(
            "POST",
            f"{root}/convert",
            {"event": "who-wins", "token_ids": [listed[0].token_ids[1]], "size": "5"},
        )

    assert answer.status_code == 201, answer.json()
    assert [leg["market"] for leg in answer.json()["legs"]] == ["ann-wins", "bea-wins", "cid-wins"]


def test_a_venue_that_does_not_answer_stops_a_new_conversion(race, settings, ask, root, portfolio, hasty):  # noqa: F811
    settings.EXCHANGE_URLS = dict.fromkeys(
        ("GAMMA_URL", "CLOB_URL", "DATA_URL", "CLOB_WS_URL"), "http://127.0.0.1:9"
    )
    split_position(
        portfolio_id=portfolio.pk, condition_id=race[0].condition_id, size_micros=10 * ONE, now_ms=wall_ms()
    )

    answer = ask(
        "POST", f"{root}/convert", {"event": "who-wins", "token_ids": [race[0].token_1], "size": "1"}
    )

    assert (answer.status_code, answer.headers["Retry-After"].isdecimal()) == (503, True)
    assert SetChange.objects.count() == 1


def test_redeeming_pays_what_is_resolved(market, ask, root, portfolio):
    ask("POST", f"{root}/split", {"market": market.slug, "size": "10"})
    early = ask("POST", f"{root}/redeem", {"market": market.slug})
    assert (early.status_code, early.json()["error"]["code"]) == (422, "market_not_resolved")
    Market.objects.filter(pk=market.pk).update(status=Market.Status.RESOLVED, payout_0_micros=ONE)

    answer = ask("POST", f"{root}/redeem")

    shown = answer.json()
    assert (answer.status_code, shown["cash"]) == (200, "10")
    assert [
        (row["outcome"], row["size"], row["payout"], row["realised_pnl"]) for row in shown["redeemed"]
    ] == [
        ("Yes", "10", "1", "3.7"),
        ("No", "10", "0", "-3.7"),
    ]
    assert ask("POST", f"{root}/redeem", {"market": market.slug}).json() == {"redeemed": [], "cash": "0"}


BAD = [
    ("split", {"size": None}, "invalid_size", "size"),
    ("split", {"size": "0"}, "invalid_size", "size"),
    ("split", {"size": "NaN"}, "invalid_size", "size"),
    ("split", {"size": [1]}, "invalid_size", "size"),
    ("split", {"size": "10000.01"}, "insufficient_balance", "size"),
    ("merge", {}, "insufficient_shares", "size"),
    ("split", {"market": None}, "market_not_found", "market"),
    ("split", {"market": "no-such"}, "market_not_found", "market"),
    ("split", {"market": ["x"]}, "market_not_found", "market"),
    ("split", {"client_id": 7}, "invalid_order", "client_id"),
    ("split", {"client_id": "x" * 81}, "invalid_order", "client_id"),
    ("redeem", {"market": "no-such"}, "market_not_found", "market"),
    ("convert", {"event": "no-such", "token_ids": ["1"]}, "event_not_found", "event"),
    ("convert", {"event": 5, "token_ids": ["1"]}, "event_not_found", "event"),
    ("convert", {"event": "who-wins", "token_ids": []}, "invalid_tokens", "token_ids"),
    ("convert", {"event": "who-wins", "token_ids": "1"}, "invalid_tokens", "token_ids"),
    ("convert", {"event": "who-wins", "token_ids": [1]}, "invalid_tokens", "token_ids"),
    ("convert", {"event": "who-wins", "token_ids": ["1"] * 201}, "invalid_tokens", "token_ids"),
]


@pytest.mark.parametrize(("act", "fields", "code", "field"), BAD)
def test_what_cannot_be_is_refused_with_a_code(market, race, ask, root, act, fields, code, field):
    answer = ask("POST", f"{root}/{act}", {"market": market.slug, "size": "1", **fields})

    error = answer.json()["error"]
    assert (answer.status_code, error["code"], list(error["fields"])) == (422, code, [field])
    assert SetChange.objects.count() == 0


@pytest.mark.parametrize("act", ["split", "merge", "convert", "redeem"])
def test_a_portfolio_of_somebody_else_is_not_there(market, ask, act):
    other = open_portfolio(user_id=uuid4(), name="Other", now_ms=wall_ms())

    answer = ask("POST", f"/portfolios/{other.pk}/{act}", {"market": market.slug, "size": "1"})

    assert answer.status_code == 404


def test_a_body_that_is_no_object_is_refused(market, ask, root):
    answer = ask("POST", f"{root}/split", [1])

    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "invalid_order")


def test_a_change_counts_as_an_order_of_the_minute(market, ask, root, monkeypatch):
    verdict = Verdict(allowed=False, remaining=0, retry_after_s=3)
    monkeypatch.setattr("trading.api.sets.allow", lambda *_args, **_fields: verdict)

    answer = ask("POST", f"{root}/split", {"market": market.slug, "size": "1"})

    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "3")
