"""The REST door read like a program reads it: filters, pages, files and the words of each route."""

import csv
import json

import pytest

from livedata.pulse import wall_ms
from tests.doors.conftest import orders_path
from trading.services.portfolios import open_portfolio

pytestmark = [pytest.mark.django_db(databases="__all__", transaction=True)]


@pytest.fixture
def root(portfolio):
    return f"/portfolios/{portfolio.pk}"


@pytest.fixture
def bought(market, portfolio, ask, running_matcher):
    """One order of 100 USDC, traded today."""
    body = {"market": market.slug, "outcome": "Yes", "side": "buy", "amount": "100"}
    return ask("POST", orders_path(portfolio.pk), body).json()


def test_an_export_is_the_file_that_was_asked_for(ask, root, bought):
    by_default, as_csv, as_json = (
        ask("GET", f"{root}/export{query}") for query in ("", "?format=csv", "?format=json")
    )

    assert [answer.status_code for answer in (by_default, as_csv, as_json)] == [200, 200, 200]
    assert by_default.content == as_csv.content
    rows = list(csv.DictReader(as_csv.content.decode().splitlines()))
    trades = json.loads(as_json.content)["trades"]
    assert [row["id"] for row in rows] == [trade["id"] for trade in trades] == [bought["fills"][0]["id"]]
    assert ask("GET", f"{root}/export?format=xml").status_code == 422


def test_the_trades_routes_write_small_sides(ask, root, market, bought):
    sold = ask(
        "POST", f"{root}/trades", {"market_id": market.slug, "outcome": 0, "side": "SELL", "quantity": "9"}
    ).json()

    listed = ask("GET", f"{root}/trades").json()["trades"]
    one = ask("GET", f"{root}/trades/{listed[0]['id']}").json()
    assert [sold["side"], sold["fills"][0]["side"], one["side"]] == ["sell", "sell", "sell"]
    assert [trade["side"] for trade in listed] == ["sell", "buy"]
    assert ask("GET", f"{root}/orders/{bought['id']}").json()["fills"][0]["side"] == "BUY"


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"quantity": "-3"}, "quantity"),
        ({"quantity": "3", "side": "sell"}, "quantity"),
        ({"market_id": "zz"}, "market_id"),
    ],
)
def test_a_refused_trade_names_the_field_that_was_sent(ask, root, market, empty_venue, fields, field):
    asked = {"market_id": market.slug, "outcome": "Yes", "side": "buy", "quantity": "5", **fields}

    answer = ask("POST", f"{root}/trades", asked)

    assert (answer.status_code, list(answer.json()["error"]["fields"])) == (422, [field])


def test_a_bare_date_is_a_whole_day(ask, root, bought):
    day = bought["created_at"][:10]

    def found(query):
        return ask("GET", f"{root}/trades?{query}").json()["total"]

    assert found(f"start_date={day}&end_date={day}") == 1
    assert found("start_date=2099-01-01") == found("end_date=2020-01-01") == 0
    assert ask("GET", f"{root}/trades?start_date=2026-13-41").status_code == 422
    naive = ask("GET", f"{root}/trades?start_date={day}T00:00:00")
    assert (naive.status_code, "zone" in naive.json()["error"]["message"]) == (422, True)


def test_a_status_that_no_order_has_is_refused(ask, root, bought):
    assert ask("GET", f"{root}/orders?status=matched,killed").json()["total"] == 1
    assert ask("GET", f"{root}/orders?status=accepted").json()["total"] == 0
    assert ask("GET", f"{root}/orders?status=filled").status_code == 422


@pytest.mark.parametrize("other", [{"market": "elsewhere"}, {"outcome": "No"}])
def test_a_ticket_that_names_its_token_twice_is_refused(ask, root, market, other):
    asked = {"token_id": market.token_ids[0], "side": "buy", "amount": "5", **other}

    answer = ask("POST", f"{root}/orders", asked)

    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "invalid_order")


def test_short_lists_have_pages_too(ask, alice, portfolio):
    for name in ("Second", "Third"):
        open_portfolio(user_id=alice.pk, name=name, now_ms=wall_ms())

    whole, first, second = (
        ask("GET", f"/portfolios{query}").json() for query in ("", "?page_size=2", "?page_size=2&page=2")
    )

    assert (whole["total"], whole["page_size"], whole["has_next"]) == (3, 3, False)
    assert [len(page["portfolios"]) for page in (whole, first, second)] == [3, 2, 1]
    assert [(page["has_prev"], page["has_next"]) for page in (first, second)] == [
        (False, True),
        (True, False),
    ]
    nothing = ask("GET", f"/portfolios/{portfolio.pk}/positions").json()
    assert (nothing["positions"], nothing["page_size"]) == ([], 1)


@pytest.mark.parametrize(
    "change", [{"latency_ms": 0}, {"queue_model": "proportional"}, {"initial_balance": "5"}]
)
def test_what_is_set_at_opening_stays_and_says_so(ask, root, change):
    answer = ask("PATCH", root, {"name": "Renamed", **change})

    assert (answer.status_code, list(answer.json()["error"]["fields"])) == (422, list(change))
    assert ask("GET", root).json()["name"] == "Alice"


def test_a_portfolio_too_many_says_when_to_ask_again(ask, portfolio, monkeypatch):
    monkeypatch.setattr("trading.api.portfolios.limit_of", lambda *_: 1)

    answer = ask("POST", "/portfolios", {"name": "Second"})

    assert (answer.status_code, int(answer["Retry-After"]) > 0) == (429, True)
    assert answer.json()["error"]["message"] == "Your role may keep 1 open portfolios: close one first."


def test_a_balance_out_of_range_is_no_ticket_of_an_order(ask, portfolio):
    for fields in ({"initial_balance": "1e30"}, {"initial_balance": "-1"}, {"latency_ms": -5}):
        error = ask("POST", "/portfolios", {"name": "ok", **fields}).json()["error"]
        assert (error["code"], list(error["fields"])) == ("invalid_portfolio", list(fields))
