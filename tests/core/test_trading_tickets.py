"""The rules a ticket must meet, and which one is reported first."""

import pytest

from markets.core.errors import Rejected
from tests.make import make_rules, make_ticket
from trading.core.rejections import Code
from trading.core.tickets import check

NOW_MS = 1_795_500_000_000

REFUSED = [
    ({"size": None}, {}, Code.INVALID_ORDER),
    ({"size": "10", "amount": "10"}, {}, Code.INVALID_ORDER),
    ({"side": "SELL", "size": None, "amount": "10"}, {}, Code.INVALID_ORDER),
    ({"order_type": "GTC", "size": "10", "price": None}, {}, Code.INVALID_ORDER),
    ({"order_type": "GTC", "size": None, "amount": "10", "price": "0.5"}, {}, Code.INVALID_ORDER),
    ({"price": "0"}, {}, Code.INVALID_PRICE),
    ({"price": "-0.5"}, {}, Code.INVALID_PRICE),
    ({"price": "1"}, {}, Code.INVALID_PRICE),
    ({"size": "0"}, {}, Code.INVALID_SIZE),
    ({"size": "-3"}, {}, Code.INVALID_SIZE),
    ({}, {"accepting_orders": False}, Code.MARKET_CLOSED),
    ({"price": "0.515"}, {}, Code.PRICE_OFF_TICK),
    ({"price": "0.501"}, {"tick": "0.0025"}, Code.PRICE_OFF_TICK),
    ({"price": "0.001"}, {"tick": "0.0025"}, Code.PRICE_OFF_TICK),
    ({"order_type": "GTC", "price": "0.5", "size": "4.99"}, {}, Code.SIZE_BELOW_MINIMUM),
    ({"size": None, "amount": "0.99"}, {}, Code.AMOUNT_BELOW_MINIMUM),
    ({"price": "0.5", "size": "1.9"}, {}, Code.AMOUNT_BELOW_MINIMUM),
    ({"order_type": "GTD", "price": "0.5"}, {}, Code.INVALID_EXPIRATION),
    ({"expires_ms": NOW_MS + 600_000}, {}, Code.INVALID_EXPIRATION),
    ({"order_type": "GTD", "price": "0.5", "expires_ms": NOW_MS + 179_999}, {}, Code.INVALID_EXPIRATION),
    ({"post_only": True}, {}, Code.POST_ONLY_ORDER_TYPE),
]


@pytest.mark.parametrize(("fields", "rules", "code"), REFUSED)
def test_a_broken_rule_is_named(fields, rules, code):
    ticket = make_ticket(**{"size": "10", **fields})

    with pytest.raises(Rejected) as refusal:
        check(ticket, make_rules(**rules), now_ms=NOW_MS)

    assert refusal.value.code == code


ALLOWED = [
    ({"size": "0.01", "side": "SELL"}, {}),
    ({"size": None, "amount": "1"}, {}),
    ({"price": "0.0025", "size": "400"}, {"tick": "0.0025"}),
    ({"price": "0.9975"}, {"tick": "0.0025"}),
    ({"order_type": "GTC", "price": "0.5", "size": "5"}, {}),
    ({"order_type": "GTD", "price": "0.5", "expires_ms": NOW_MS + 180_000}, {}),
]


@pytest.mark.parametrize(("fields", "rules"), ALLOWED)
def test_a_ticket_at_the_edge_of_a_rule_is_taken(fields, rules):
    check(make_ticket(**{"size": "10", **fields}), make_rules(**rules), now_ms=NOW_MS)


def test_of_several_faults_the_first_in_precedence_is_reported():
    broken = make_ticket(price="0.515", size="0.5", post_only=True)
    faults = []
    for rules in (
        make_rules(accepting_orders=False),
        make_rules(),
        make_rules(tick="0.005"),
    ):
        with pytest.raises(Rejected) as refusal:
            check(broken, rules, now_ms=NOW_MS)
        faults.append(refusal.value.code)

    assert faults == [Code.MARKET_CLOSED, Code.PRICE_OFF_TICK, Code.AMOUNT_BELOW_MINIMUM]
    order = list(Code)
    assert [order.index(code) for code in faults] == sorted(order.index(code) for code in faults)
