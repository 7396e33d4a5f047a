"""What people type into the ticket, read exactly or refused where it can be mended."""

from datetime import datetime

import pytest

from markets.core.book import Side
from markets.core.errors import Rejected
from tests.make import CONDITION, TOKENS
from trading.core.rejections import Code
from trading.core.tickets import OrderType
from trading.forms import TicketForm

NOW_MS = 1_795_600_000_123  # 2026-11-25T09:46:40Z
PORTFOLIO = "a11ce000-0000-4000-8000-000000000001"


class Rain:
    condition_id = CONDITION
    token_ids = TOKENS
    end_ms = 1_800_000_000_000


def form(**fields):
    given = {
        "side": "BUY",
        "outcome": "0",
        "type": "market",
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
    assert read.ticket(Rain, now_ms=NOW_MS).amount_micros == micros


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


def limited(**fields):
    return form(**{"type": "limit", "limit": "63", "shares": "400", "tif_limit": "GTC"} | fields)


@pytest.mark.parametrize(("typed", "micros"), [("63", 630_000), ("63.5¢", 635_000), ("0.25", 2_500)])
def test_a_limit_is_typed_in_cents(typed, micros):
    ticket = _valid(limited(limit=typed, tif_limit="FOK"))

    assert (ticket.price_micros, ticket.order_type) == (micros, OrderType.FOK)


def test_a_limit_order_counts_shares_on_both_sides():
    for side in Side:
        ticket = _valid(limited(side=side, amount="7", tif_market="FOK"))
        assert (ticket.size_micros, ticket.amount_micros) == (400_000_000, None)
        assert (ticket.order_type, ticket.expires_ms) == (OrderType.GTC, None)


def test_a_market_order_forgets_what_the_limit_half_says():
    ticket = _valid(
        form(limit="NaN", shares="x", tif_limit="IOC", until="never", expires="soon", post_only="on")
    )

    assert (ticket.price_micros, ticket.order_type, ticket.post_only) == (None, OrderType.FAK, False)


EXPIRATIONS = [
    ({"until": "hour"}, "2026-11-25T10:47:00"),  # up to the whole minute
    ({"until": "day"}, "2026-11-26T00:00:00"),
    ({"until": "close"}, "2027-01-15T08:00:00"),
    ({"until": "at", "expires": "2026-12-08T18:00"}, "2026-12-08T18:00:00"),
    ({"until": "at", "expires": "2026-12-08 18:00:30"}, "2026-12-08T18:00:30"),
    ({"until": "at", "expires": "2026-12-08T18:00+02:00"}, "2026-12-08T16:00:00"),
    ({}, "2026-11-25T10:47:00"),
]


@pytest.mark.parametrize(("fields", "moment"), EXPIRATIONS)
def test_an_expiration_is_a_preset_or_a_time_of_utc(fields, moment):
    ticket = _valid(limited(tif_limit="GTD", **fields))

    assert ticket.expires_ms == datetime.fromisoformat(f"{moment}Z").timestamp() * 1000


@pytest.mark.parametrize("typed", ["", "soon", "2026-13-01T00:00", "1e9", "25:00"])
def test_a_time_that_is_none_is_refused_at_its_field(typed):
    read = limited(tif_limit="GTD", until="at", expires=typed)

    assert not read.is_valid()
    assert list(read.errors) == ["expires"]


def test_a_market_without_an_end_gives_no_order_its_end():
    class Endless(Rain):
        end_ms = None

    read = limited(tif_limit="GTD", until="close")
    assert read.is_valid()
    with pytest.raises(Rejected) as refusal:
        read.ticket(Endless, now_ms=NOW_MS)
    assert read.refuse(refusal.value) == "Please look at the marked field."
    assert list(read.errors) == ["expires"]


@pytest.mark.parametrize(
    ("life", "post_only"), [("GTC", True), ("GTD", True), ("FAK", False), ("FOK", False)]
)
def test_post_only_is_asked_of_what_may_rest(life, post_only):
    assert _valid(limited(tif_limit=life, post_only="on")).post_only is post_only


@pytest.mark.parametrize(
    ("fields", "name"),
    [({"limit": ""}, "limit"), ({"shares": ""}, "shares"), ({"tif_limit": "IOC"}, "tif_limit")],
)
def test_what_a_limit_order_lacks_is_marked(fields, name):
    read = limited(**fields)

    assert not read.is_valid()
    assert list(read.errors) == [name]


@pytest.mark.parametrize(
    "fields",
    [
        {"side": "HOLD"},
        {"outcome": "2"},
        {"type": "stop"},
        {"type": ""},
        {"tif_market": "GTC"},
        {"portfolio": "mine"},
        {"key": "<script>"},
    ],
)
def test_what_no_page_of_ours_sends_is_refused(fields):
    assert not form(**fields).is_valid()


def test_a_rejection_stands_at_the_field_that_mends_it():
    read = limited(limit="63.5")
    read.is_valid()

    note = read.refuse(Rejected(Code.PRICE_OFF_TICK, "price 0.635 is off the tick", field="price"))

    assert note == "Please look at the marked field."
    assert read.errors["limit"] == ["Price 0.635 is off the tick."]


def _valid(read):
    assert read.is_valid(), read.errors
    return read.ticket(Rain, now_ms=NOW_MS)
