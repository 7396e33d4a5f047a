"""What people type into the ticket, read exactly or refused where it can be mended."""

import pytest

from markets.core.book import Side
from markets.core.errors import Rejected
from tests.make import CONDITION, TOKENS
from trading.core.rejections import Code
from trading.core.tickets import OrderType
from trading.forms import TicketForm

PORTFOLIO = "a11ce000-0000-4000-8000-000000000001"


class Rain:
    condition_id = CONDITION
    token_ids = TOKENS


def form(**fields):
    given = {
        "side": "BUY",
        "outcome": "0",
        "tif": "FAK",
        "amount": "25",
        "portfolio": PORTFOLIO,
        "key": "k" * 32,
    }
    return TicketForm(given | fields)


@pytest.mark.parametrize(
    ("typed", "micros"),
    [
        ("25", 25_000_000),
        ("25.50", 25_500_000),
        ("$2,000", 2_000_000_000),
        (" 1,234,567.89 ", 1_234_567_890_000),
        (".5", 500_000),
    ],
)
def test_an_amount_is_read_exactly(typed, micros):
    read = form(amount=typed)

    assert read.is_valid(), read.errors
    assert read.ticket(Rain).amount_micros == micros


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "0",
        "-5",
        "1,5",
        "12,34",
        "1e999",
        "NaN",
        "Infinity",
        "10 dollars",
        "0x10",
        "٣",
        "1" * 40,
        "0.0000001",
    ],
)
def test_what_is_no_plain_amount_is_refused_at_its_field(typed):
    read = form(amount=typed)

    assert not read.is_valid()
    assert list(read.errors) == ["amount"]


def test_a_sale_counts_shares_and_forgets_the_amount():
    ticket = _valid(form(side="SELL", outcome="1", shares="1,250.5", amount="7"))

    assert (ticket.side, ticket.outcome_index, ticket.token_id) == (Side.SELL, 1, TOKENS[1])
    assert (ticket.size_micros, ticket.amount_micros) == (1_250_500_000, None)


@pytest.mark.parametrize(
    ("typed", "micros"), [("63", 630_000), ("63.5¢", 635_000), ("0.25", 2_500), ("", None)]
)
def test_a_limit_is_typed_in_cents(typed, micros):
    ticket = _valid(form(limit=typed, tif="FOK"))

    assert (ticket.price_micros, ticket.order_type) == (micros, OrderType.FOK)


@pytest.mark.parametrize(
    "fields", [{"side": "HOLD"}, {"outcome": "2"}, {"tif": "GTC"}, {"portfolio": "mine"}, {"key": "<script>"}]
)
def test_what_no_page_of_ours_sends_is_refused(fields):
    assert not form(**fields).is_valid()


def test_a_rejection_stands_at_the_field_that_mends_it():
    read = form(limit="63.5")
    read.is_valid()

    note = read.refuse(Rejected(Code.PRICE_OFF_TICK, "price 0.635 is off the tick", field="price"))

    assert note == "Please look at the marked field."
    assert read.errors["limit"] == ["Price 0.635 is off the tick."]


def _valid(read):
    assert read.is_valid(), read.errors
    return read.ticket(Rain)
