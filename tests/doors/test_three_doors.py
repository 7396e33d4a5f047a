"""The same tickets through form, REST and Python: the same ledger to the micro."""

from uuid import uuid4

import pytest
from django.test import Client

from accounts.models import User
from livedata.pulse import wall_ms
from markets.core.units import from_micros, to_micros
from tests.doors.conftest import orders_path
from tests.make import make_ticket
from trading.models import Portfolio, Position, Posting
from trading.services.audit import audit
from trading.services.placing import place_and_wait
from trading.services.portfolios import open_portfolio

pytestmark = [pytest.mark.django_db(databases="__all__", transaction=True), pytest.mark.portable]

# side, outcome, order type, quantity (USDC of a BUY at market, else shares), limit
TICKETS = [
    ("BUY", 0, "FAK", "2000", None),
    ("BUY", 0, "FOK", "64", "0.66"),
    ("SELL", 0, "FAK", "700", None),
    ("BUY", 1, "FAK", "50", "0.39"),
    ("SELL", 0, "FOK", "100", "0.5"),
    ("SELL", 0, "FOK", "2000", "0.5"),
    ("BUY", 0, "GTC", "5000", "0.66"),
]


def counted(side, limit):
    return "amount" if side == "BUY" and not limit else "size"


def by_python(portfolio, market, side, index, kind, quantity, limit, **_):
    place_and_wait(
        portfolio_id=portfolio.pk,
        ticket=make_ticket(
            side,
            kind,
            condition_id=market.condition_id,
            token_id=market.token_ids[index],
            outcome_index=index,
            price=limit,
            client_order_id=str(uuid4()),
            **{counted(side, limit): quantity},
        ),
    )


def by_rest(portfolio, market, side, index, kind, quantity, limit, *, client):
    body = {
        "market": market.slug,
        "outcome": ("yes", "No")[index],
        "side": side.lower(),
        "type": "limit" if limit else "market",
        "time_in_force": kind,
        counted(side, limit): quantity,
    }
    answer = client.post(
        orders_path(portfolio.pk), body | ({"price": limit} if limit else {}), content_type="application/json"
    )
    assert answer.status_code == 201, answer.content


def by_form(portfolio, market, side, index, kind, quantity, limit, *, client):
    fields = {
        "step": "place",
        "side": side,
        "outcome": str(index),
        counted(side, limit).replace("size", "shares"): quantity,
        "limit": from_micros(to_micros(limit) * 100) if limit else "",
        "type": "limit" if limit else "market",
        "tif_limit" if limit else "tif_market": kind,
        "portfolio": str(portfolio.pk),
        "key": str(uuid4()),
    }
    answer = client.post(f"/market/{market.slug}", fields)
    assert answer.status_code == 302, answer.content


def test_one_ledger_through_three_doors(market, feed, running_matcher, settings):
    settings.IMPACT_HALF_LIFE_S = "inf"
    ledgers = []
    for number, door in enumerate((by_python, by_rest, by_form)):
        user = User.objects.create_user(f"u{number}@example.org", "x")
        portfolio = open_portfolio(user_id=user.pk, name="One", now_ms=wall_ms())
        client = Client()
        client.force_login(user)
        for ticket in TICKETS:
            feed.beat()
            door(portfolio, market, *ticket, client=client)
        ledgers.append(ledger_of(portfolio))

    assert ledgers[0] == ledgers[1] == ledgers[2]
    # 2000 + 34.80448, then 64 of the 0.66 left, 700 sold, 50 on the other side, 100 sold: by hand in docs.
    assert ledgers[0]["fills"] > 6
    assert audit().clean


def ledger_of(portfolio):
    portfolio = Portfolio.objects.get(pk=portfolio.pk)
    postings = Posting.objects.filter(portfolio=portfolio, kind="fill").order_by("posted_ms", "id")
    by_transaction = {}
    for row in postings:
        by_transaction.setdefault(row.transaction_id, []).append((row.account, row.asset, row.amount_micros))
    return {
        "cash": from_micros(portfolio.cash_micros),
        "realised": from_micros(portfolio.realised_pnl_micros),
        "fees": from_micros(portfolio.fees_micros),
        "fills": len(by_transaction),
        "lines": sorted(map(tuple, by_transaction.values())),
        "positions": sorted(
            Position.objects.filter(portfolio=portfolio).values_list("token_id", "size_micros", "cost_micros")
        ),
    }
