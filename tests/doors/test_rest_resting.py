"""The REST door for orders that rest: where they stand, what fills them, and how they end."""

import threading
import time
from datetime import UTC, datetime

import pytest

from accounts.models import User
from livedata.pulse import wall_ms
from tests.doors.conftest import orders_path
from trading.models import Fill, Order
from trading.models import Resting as RestingRow
from trading.services.portfolios import open_portfolio

pytestmark = [pytest.mark.django_db(databases="__all__", transaction=True)]

ASKS = "0.64x640 0.65x1215 0.66x3420"


def limit(on, /, **fields):
    """Buy 200 at 0.62, where 400 stand."""
    given = {
        "market": on.slug,
        "outcome": "Yes",
        "side": "BUY",
        "type": "limit",
        "price": "0.62",
        "size": "200",
    }
    return given | fields


def until(read, wanted, seconds=5):
    """What `read()` gives once `wanted` holds of it."""
    end = time.monotonic() + seconds
    while not wanted(found := read()):
        assert time.monotonic() < end, found
        time.sleep(0.02)
    return found


def test_a_limit_order_rests_fills_in_part_and_is_cancelled(market, portfolio, ask, feed, running_matcher):
    made = ask("POST", orders_path(portfolio.pk), limit(market))
    order = made.json()
    path = f"{orders_path(portfolio.pk)}/{order['id']}"

    assert made.status_code == 201
    shown = {name: order[name] for name in ("status", "type", "time_in_force", "open_size", "queue_ahead")}
    assert shown == {
        "status": "live",
        "type": "limit",
        "time_in_force": "GTC",
        "open_size": "200",
        "queue_ahead": "400",
    }
    assert (order["queue_ahead_likely"], order["uncertain_ms"], order["fills"]) == ("400", 0, [])
    assert ask("GET", f"/portfolios/{portfolio.pk}").json()["open_orders_backing"] == "124"

    feed.show(market, "0.62x150 0.61x600", ASKS, prints="SELL 0.62x250", stamp_ms=wall_ms() + 10)
    moved = until(lambda: ask("GET", path).json(), lambda now: now["queue_ahead"] != "400")
    assert (moved["queue_ahead"], moved["matched_size"]) == ("150", "0")

    feed.show(market, "0.61x600", ASKS, prints="SELL 0.62x170", stamp_ms=wall_ms() + 10)
    partly = until(lambda: ask("GET", path).json(), lambda now: now["matched_size"] != "0")
    assert (partly["status"], partly["matched_size"], partly["open_size"]) == ("live", "20", "180")
    (fill,) = partly["fills"]
    assert (fill["role"], fill["grade"], fill["price"], fill["fee"]) == ("maker", "B", "0.62", "0")
    evidence = ask("GET", f"/portfolios/{portfolio.pk}/trades/{fill['id']}").json()["evidence"]
    assert evidence["queue"] == {"at_entry": "400", "before": "150", "printed": "400", "uncertain_ms": 0}

    ended = ask("DELETE", path)
    assert ended.status_code == 200
    assert {name: ended.json()[name] for name in ("status", "matched_size", "open_size", "killed_size")} == {
        "status": "cancelled",
        "matched_size": "20",
        "open_size": "0",
        "killed_size": "180",
    }
    assert (ended.json()["reason"], ended.json()["queue_ahead"]) == ("cancelled by its trader", None)
    assert not RestingRow.objects.exists()


def test_a_cancel_that_came_too_late_answers_with_the_trade_that_was_earlier(
    market, alice, ask, feed, running_matcher
):
    slow = open_portfolio(user_id=alice.pk, name="Slow", now_ms=wall_ms(), latency_ms=600)
    order = ask("POST", orders_path(slow.pk), limit(market)).json()

    def trade_just_before():
        asked = until(lambda: Order.objects.get(pk=order["id"]).cancel_ms, lambda at_ms: at_ms is not None)
        feed.show(market, "0.61x600", ASKS, prints="SELL 0.62x600", stamp_ms=asked - 25)

    trader = threading.Thread(target=trade_just_before)
    trader.start()
    answer = ask("DELETE", f"{orders_path(slow.pk)}/{order['id']}")
    trader.join()

    late = answer.json()
    assert (answer.status_code, late["status"], late["matched_size"]) == (200, "matched", "200")
    assert late["reason"] == "the cancel came 25 ms too late"


def test_cancelling_all_names_the_market_or_means_everything(market, portfolio, ask, running_matcher):
    ids = [
        ask("POST", orders_path(portfolio.pk), limit(market, price=price)).json()["id"]
        for price in ("0.62", "0.61", "0.60")
    ]
    path = orders_path(portfolio.pk)

    assert ask("DELETE", f"{path}?market=elsewhere").json() == {"cancelled": [], "not_cancelled": {}}
    done = ask("DELETE", f"{path}?market={market.slug}").json()

    assert (sorted(done["cancelled"]), done["not_cancelled"]) == (sorted(ids), {})
    live = ask("GET", f"{path}?status=accepted,delayed,live").json()
    cancelled = ask("GET", f"{path}?status=cancelled").json()
    assert (live["total"], cancelled["total"]) == (0, 3)


def test_an_order_of_somebody_else_does_not_exist(market, portfolio, ask, browser, running_matcher):
    bob = User.objects.create_user("bob@example.org", "a long word 1")
    his = open_portfolio(user_id=bob.pk, name="Bob", now_ms=wall_ms())
    browser.force_login(bob)
    order = ask("POST", orders_path(his.pk), limit(market)).json()
    browser.force_login(User.objects.get(email="alice@example.org"))

    answers = [
        ask(method, f"{orders_path(owner.pk)}/{order['id']}").status_code
        for method in ("GET", "DELETE")
        for owner in (his, portfolio)
    ]
    answers.append(ask("DELETE", orders_path(his.pk)).status_code)

    assert {*answers} == {404}
    assert Order.objects.get(pk=order["id"]).cancel_ms is None


def test_a_gtd_order_is_told_its_expiration_and_its_preview_the_earlier_end(
    market, portfolio, ask, running_matcher
):
    at_ms = (wall_ms() // 60_000 + 10) * 60_000
    at = datetime.fromtimestamp(at_ms / 1000, tz=UTC)
    body = limit(market, time_in_force="gtd", expires_at=at.isoformat(), post_only=True)

    shown = ask("POST", f"{orders_path(portfolio.pk)}/preview", body).json()
    order = ask("POST", orders_path(portfolio.pk), body).json()

    assert (shown["status"], shown["queue_ahead"], shown["resting_size"]) == ("rests", "400", "200")
    assert (shown["backing"], shown["total_if_all_fills"], shown["problems"]) == ("124", "124", [])
    ends = datetime.fromisoformat(shown["ends_at"])
    assert (at - ends).total_seconds() == 60
    assert (order["status"], order["post_only"]) == ("live", True)
    assert datetime.fromisoformat(order["expires_at"]) == at


def test_own_earlier_orders_are_ahead_of_later_ones(market, portfolio, ask, running_matcher):
    ask("POST", orders_path(portfolio.pk), limit(market))

    shown = ask("POST", f"{orders_path(portfolio.pk)}/preview", limit(market, size="10")).json()
    second = ask("POST", orders_path(portfolio.pk), limit(market, size="10")).json()

    assert (shown["queue_ahead"], shown["queue_own"]) == ("600", "200")
    assert second["queue_ahead"] == "600"


def test_the_metrics_show_the_result_under_each_model(market, portfolio, ask, feed, running_matcher):
    path = f"/portfolios/{portfolio.pk}/metrics"
    assert ask("GET", path).json()["lenses"] is None
    ask("POST", orders_path(portfolio.pk), limit(market))

    feed.show(market, "0.61x600", ASKS, prints="SELL 0.62x450", stamp_ms=wall_ms() + 10)
    until(lambda: Fill.objects.count(), bool)
    lenses = until(
        lambda: ask("GET", path).json()["lenses"], lambda now: now["models"]["touch"]["maker_orders"]
    )

    # 50 filled for sure, 200 at the touch; a share bought at 0.62 has 0.61 bid.
    assert lenses["models"]["risk_averse"] == {
        "own": True,
        "maker_orders": 1,
        "maker_size": "50",
        "result": "-0.5",
        "difference": "0",
    }
    assert lenses["models"]["touch"]["difference"] == "-1.5"
    assert lenses["grades"]["B"] == {"fills": 1, "size": "50", "result": "-0.5"}
    assert (lenses["everything_else"], lenses["differing_orders"]) == ("0", 1)
    assert lenses["orders"][0]["sizes"] == {"risk_averse": "50", "proportional": "50", "touch": "200"}


SOON, PAST, LATER = 120, -60, 3_600  # seconds from now


BAD = [
    ({"price": None}, "invalid_order"),
    ({"size": None}, "invalid_order"),
    ({"size": None, "amount": "50"}, "invalid_order"),
    ({"amount": "50"}, "invalid_order"),
    ({"price": "0.625"}, "price_off_tick"),
    ({"price": "1"}, "invalid_price"),
    ({"price": "0"}, "invalid_price"),
    ({"size": "4.99"}, "size_below_minimum"),
    ({"size": "0"}, "invalid_size"),
    ({"size": "-5"}, "invalid_size"),
    ({"size": "1e40"}, "invalid_size"),
    ({"size": "16130"}, "insufficient_balance"),
    ({"side": "SELL"}, "insufficient_shares"),
    ({"time_in_force": "GTD"}, "invalid_expiration"),
    ({"time_in_force": "GTD", "expires_at": "soon"}, "invalid_expiration"),
    ({"time_in_force": "GTD", "expires_at": "2026-12-01T00:00:00"}, "invalid_expiration"),
    ({"time_in_force": "GTD", "expires_in": PAST}, "invalid_expiration"),
    ({"time_in_force": "GTD", "expires_in": SOON}, "invalid_expiration"),
    ({"time_in_force": "GTC", "expires_in": LATER}, "invalid_expiration"),
    ({"time_in_force": "FAK", "expires_in": LATER}, "invalid_expiration"),
    ({"time_in_force": "FAK", "post_only": True}, "post_only_order_type"),
    ({"time_in_force": "FOK", "post_only": True}, "post_only_order_type"),
    ({"post_only": "perhaps"}, "invalid_order"),
    ({"post_only": True, "price": "0.64"}, "post_only_would_cross"),
    ({"post_only": True, "price": "0.64", "size": "16130"}, "post_only_would_cross"),
    ({"type": "market", "price": None, "time_in_force": "GTC"}, "invalid_order"),
]


def test_bad_resting_orders_are_refused_in_words_and_write_nothing(market, portfolio, ask):
    came = []
    for fields, _ in BAD:
        body = limit(market, **fields)
        if (seconds := body.pop("expires_in", None)) is not None:
            body["expires_at"] = wall_ms() // 1000 + seconds
        answer = ask("POST", orders_path(portfolio.pk), body)
        assert answer.json()["error"]["message"]
        came.append((answer.status_code, answer.json()["error"]["code"]))

    assert came == [(422, code) for _, code in BAD]
    assert Order.objects.count() == 0


def test_a_post_only_order_that_would_meet_an_own_one_is_refused(market, portfolio, ask, running_matcher):
    ask("POST", orders_path(portfolio.pk), limit(market, price="0.63"))
    across = limit(market, outcome="No", price="0.37", post_only=True)

    shown = ask("POST", f"{orders_path(portfolio.pk)}/preview", across).json()
    refused = ask("POST", orders_path(portfolio.pk), across)

    assert [problem["code"] for problem in shown["problems"]] == ["post_only_would_cross"]
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "post_only_would_cross")
    assert Order.objects.count() == 1
