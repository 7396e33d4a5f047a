"""The REST door: what it answers, and what it refuses."""

import threading
from uuid import uuid4

import pytest
from django.test import Client

from accounts.limits import Verdict
from accounts.models import User
from livedata.pulse import wall_ms
from tests.doors.conftest import orders_path
from tests.trading.venue import make_market
from trading.models import Fill, Order, Portfolio
from trading.services.portfolios import open_portfolio

pytestmark = [pytest.mark.django_db(databases="__all__", transaction=True)]


def buy(on, /, **fields):
    return {"market": on.slug, "outcome": "Yes", "side": "buy", "amount": "100", **fields}


def test_an_order_answers_with_its_fills(market, portfolio, ask, running_matcher):
    answer = ask("POST", orders_path(portfolio.pk), buy(market, client_order_id="one", notes="why not"))

    order = answer.json()
    assert answer.status_code == 201
    shown = {
        name: order[name] for name in ("status", "matched_size", "average_price", "fee", "side", "notes")
    }
    assert shown == {
        "status": "matched",
        "matched_size": "156.25",
        "average_price": "0.64",
        "fee": "1.8",
        "side": "BUY",
        "notes": "why not",
    }
    assert [(fill["price"], fill["size"], fill["role"]) for fill in order["fills"]] == [
        ("0.64", "156.25", "taker")
    ]
    again = ask("POST", orders_path(portfolio.pk), buy(market, client_order_id="one", notes="why not"))
    assert (again.status_code, again.json()["id"], Order.objects.count()) == (200, order["id"], 1)
    other = ask("POST", orders_path(portfolio.pk), buy(market, client_order_id="one", amount="9"))
    assert (other.status_code, other.json()["error"]["code"]) == (409, "duplicate_client_order_id")


def test_what_was_done_can_be_read_back(market, portfolio, ask, running_matcher):
    ask("POST", orders_path(portfolio.pk), buy(market))
    sold = ask(
        "POST",
        f"/portfolios/{portfolio.pk}/trades",
        {"market_id": market.condition_id, "outcome": "Yes", "side": "sell", "quantity": 50},
    )
    assert sold.status_code == 201
    root = f"/portfolios/{portfolio.pk}"

    one, trades, positions, ledger = (
        ask("GET", f"{root}{path}").json() for path in ("", "/trades", "/positions", "/ledger?page_size=100")
    )

    assert one["cash_balance"] == "9928.6110" or one["cash_balance"] == "9928.611"  # -101.8 + 31 - 0.589
    assert [trade["side"] for trade in trades["trades"]] == ["sell", "buy"]
    assert (positions["total"], positions["positions"][0]["size"]) == (1, "106.25")
    assert positions["positions"][0]["mark"] == "0.62"
    assert {entry["kind"] for entry in ledger["entries"]} == {"deposit", "fill"}
    evidence = ask("GET", f"{root}/trades/{trades['trades'][1]['id']}").json()["evidence"]
    assert evidence["level"] == {
        "price": "0.64",
        "displayed": "640",
        "footprint": "0",
        "taken": "156.25",
        "left": "483.75",
    }
    order = ask("GET", f"{root}/orders/{trades['trades'][0]['order_id']}").json()
    assert (order["status"], order["type"]) == ("matched", "market")
    metrics = ask("GET", f"{root}/metrics").json()
    assert (metrics["trades"], metrics["markets"]) == (2, 1)
    export = ask("GET", f"{root}/export").content.decode().splitlines()
    assert len(export) == 3


def test_a_preview_writes_nothing_and_shows_the_walk_beyond_the_cash(market, portfolio, ask):
    answer = ask("POST", f"{orders_path(portfolio.pk)}/preview", buy(market, amount="1000000"))

    shown = answer.json()
    assert (answer.status_code, shown["status"], shown["affordable"]) == (200, "partial", False)
    assert [level["price"] for level in shown["levels"]] == ["0.64", "0.65", "0.66"]
    assert [problem["code"] for problem in shown["problems"]] == ["insufficient_balance"]
    assert Order.objects.count() == 0


BAD = [
    ({"market": "no-such-market"}, 422, "market_not_found"),
    ({"market": None}, 422, "market_not_found"),
    ({"market": 7}, 422, "market_not_found"),
    ({"outcome": "Maybe"}, 422, "invalid_order"),
    ({"side": "hold"}, 422, "invalid_side"),
    ({"side": ["buy"]}, 422, "invalid_side"),
    ({"amount": "NaN"}, 422, "invalid_size"),
    ({"amount": "-5"}, 422, "invalid_size"),
    ({"amount": "1e30"}, 422, "invalid_size"),
    ({"amount": 10**30}, 422, "invalid_size"),
    ({"amount": True}, 422, "invalid_size"),
    ({"amount": {"a": 1}}, 422, "invalid_size"),
    ({"amount": "0.0000001"}, 422, "invalid_size"),
    ({"amount": "0"}, 422, "invalid_size"),
    ({"amount": None}, 422, "invalid_order"),
    ({"size": "5"}, 422, "invalid_order"),
    ({"amount": "0.5"}, 422, "amount_below_minimum"),
    ({"amount": "10001"}, 422, "insufficient_balance"),
    ({"amount": None, "size": "10", "side": "sell"}, 422, "insufficient_shares"),
    ({"type": "limit"}, 422, "invalid_order"),
    (
        {"type": "limit", "price": "0.515", "amount": None, "size": "10", "time_in_force": "fak"},
        422,
        "price_off_tick",
    ),
    ({"type": "limit", "price": "1.5", "time_in_force": "FAK"}, 422, "invalid_price"),
    ({"type": "limit", "price": "Infinity", "time_in_force": "FAK"}, 422, "invalid_price"),
    ({"type": "stop"}, 422, "invalid_order"),
    ({"time_in_force": "IOC"}, 422, "invalid_order"),
    ({"client_order_id": "x" * 81}, 422, "invalid_order"),
    ({"notes": "\x00"}, 422, "invalid_order"),
    ({"token_id": "12345", "market": None, "outcome": None}, 422, "market_not_found"),
    ({"token_id": "abc", "market": None, "outcome": None}, 422, "market_not_found"),
]


def test_bad_orders_are_refused_in_words_and_write_nothing(market, portfolio, ask, empty_venue):
    answers = [ask("POST", orders_path(portfolio.pk), buy(market, **fields)) for fields, _, _ in BAD]

    came = [(answer.status_code, answer.json()["error"]["code"]) for answer in answers]
    assert came == [(status, code) for _, status, code in BAD]
    assert all(answer.json()["error"]["message"] for answer in answers)
    assert (Order.objects.count(), Fill.objects.count()) == (0, 0)


def test_a_body_that_is_no_json_object_is_refused(portfolio, ask):
    path = orders_path(portfolio.pk)
    answers = [ask("POST", path, body) for body in ("{", "[]", '"x"', "null", b"\xff\xfe", "")]

    assert [answer.status_code for answer in answers] == [400, 422, 422, 422, 400, 422]


def test_a_body_of_a_megabyte_is_too_large(market, portfolio, ask):
    answer = ask("POST", orders_path(portfolio.pk), buy(market, notes="x" * 1_000_000))

    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_large")


def test_what_belongs_to_others_does_not_exist(market, portfolio, ask):
    bob = User.objects.create_user("bob@example.org", "x")
    his = open_portfolio(user_id=bob.pk, name="Bob", now_ms=wall_ms())
    root = f"/portfolios/{his.pk}"
    paths = ["", "/orders", "/trades", "/positions", "/ledger", "/equity", "/metrics", "/export"]

    answers = [ask("GET", root + path).status_code for path in paths]
    written = ask("POST", f"{root}/orders", buy(market)).status_code
    answers += [ask("PATCH", root, {"name": "x"}).status_code, ask("POST", f"{root}/reset", {}).status_code]

    assert ({*answers}, written, Order.objects.count()) == ({404}, 404, 0)


def test_strangers_and_missing_csrf_are_refused(market, portfolio, alice):
    stranger, careless = Client(), Client(enforce_csrf_checks=True)
    careless.force_login(alice)

    answers = [
        client.post(orders_path(portfolio.pk), buy(market), content_type="application/json").status_code
        for client in (stranger, careless)
    ]

    assert (answers, Order.objects.count()) == ([401, 403], 0)


def test_a_stale_book_is_said_with_when_to_come_back(market, portfolio, ask, feed, monkeypatch):
    monkeypatch.setattr("trading.services.placing.BOOK_WAIT_S", 0.1)
    feed.beat(alive=False)

    answer = ask("POST", orders_path(portfolio.pk), buy(market))

    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "stale_book")
    assert answer["Retry-After"]
    assert Order.objects.count() == 0


def test_a_closed_market_is_refused(portfolio, ask):
    closed = make_market("over", status=3, accepting_orders=False, closed=True)

    answer = ask("POST", orders_path(portfolio.pk), buy(closed))

    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "market_closed")


def test_portfolios_are_opened_listed_changed_reset_and_closed(alice, ask):
    made = ask("POST", "/portfolios", {"name": "Second", "initial_balance": "250", "latency_ms": 0})
    path = f"/portfolios/{made.json()['id']}"

    assert (made.status_code, made.json()["cash_balance"], made.json()["latency_ms"]) == (201, "250", 0)
    assert ask("PATCH", path, {"name": "Renamed"}).json()["name"] == "Renamed"
    assert ask("POST", f"{path}/reset", {"initial_balance": "99"}).json()["equity"] == "99"
    assert [row["name"] for row in ask("GET", "/portfolios").json()["portfolios"]] == ["Renamed"]
    assert ask("DELETE", path).status_code == 204
    assert ask("GET", path).json()["is_active"] is False


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": ""},
        {"name": "x" * 81},
        {"name": "ok", "initial_balance": "0"},
        {"name": "ok", "initial_balance": "-1"},
        {"name": "ok", "initial_balance": "nan"},
        {"name": "ok", "initial_balance": 10**30},
        {"name": "ok", "latency_ms": -1},
        {"name": "ok", "queue_model": "lucky"},
    ],
)
def test_a_bad_portfolio_is_refused(alice, ask, body):
    answer = ask("POST", "/portfolios", body)

    assert (answer.status_code, Portfolio.objects.count()) == (422, 0), answer.content
    assert answer.json()["error"]["code"]


def test_an_order_that_is_over_cannot_be_cancelled(market, portfolio, ask, running_matcher):
    order = ask("POST", orders_path(portfolio.pk), buy(market)).json()

    late = ask("DELETE", f"{orders_path(portfolio.pk)}/{order['id']}")

    assert (late.status_code, late.json()["error"]["code"]) == (409, "order_not_open")
    assert ask("DELETE", f"{orders_path(portfolio.pk)}/{uuid4()}").status_code == 404
    assert ask("DELETE", orders_path(portfolio.pk)).json() == {"cancelled": [], "not_cancelled": {}}


def test_pages_of_trades_go_on_by_cursor(market, portfolio, ask, running_matcher):
    for _ in range(3):
        ask("POST", orders_path(portfolio.pk), buy(market, amount="5"))
    path = f"/portfolios/{portfolio.pk}/trades?page_size=2"

    first = ask("GET", path).json()
    second = ask("GET", f"{path}&cursor={first['next_cursor']}").json()

    ids = [trade["id"] for trade in first["trades"] + second["trades"]]
    assert (len(set(ids)), first["total"], second["has_next"]) == (3, 3, False)
    bad = [
        f"{path}&cursor=x",
        f"{path[:-1]}0",
        f"{path[:-1]}101",
        f"{path}&page=0",
        f"{path}&start_date=soon",
    ]
    assert {ask("GET", wrong).status_code for wrong in bad} == {422}


def test_a_request_that_waited_for_its_book_is_counted_once(market, portfolio, ask, feed, monkeypatch):
    counted = []
    monkeypatch.setattr(
        "papertrading.throttling.allow",
        lambda *_, **__: counted.append(1) or Verdict(allowed=True, retry_after_s=0, remaining=1),
    )
    feed.beat(alive=False)
    revived = threading.Timer(0.2, feed.beat)
    revived.start()

    answer = ask("POST", f"{orders_path(portfolio.pk)}/preview", buy(market))

    revived.join()
    assert (answer.status_code, len(counted)) == (200, 1)
