"""A limit order from the ticket to its end, wide and on a phone, with script and without."""

import re
import time

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser
MARKET = "/market/rain-in-ashkelton"


def fill_limit(page, price, shares, *, phone=False):
    if phone:
        page.locator(".buybar .yes").click()
    page.get_by_text("Limit", exact=True).click()
    page.locator("#limit").fill(price)
    page.locator("#shares").fill(shares)


def shows(page, selector, words, *, script, seconds=15):
    """Wait for these words: a script brings them, without one the page is read again."""
    if script:
        expect(page.locator(selector)).to_contain_text(words, timeout=1_000 * seconds)
        return
    until = time.monotonic() + seconds
    while not re.search(words, (text := page.locator(selector).inner_text())):
        assert time.monotonic() < until, text
        page.reload()


@pytest.mark.parametrize("script", [True, False])
@pytest.mark.parametrize("width", [1440, 390])
def test_a_limit_order_rests_moves_up_fills_in_part_and_is_cancelled(visit, still, venue, width, script):
    visitor = visit(width=width, script=script)
    visitor.sign_up()
    visitor.open(MARKET)
    page, rain = visitor.page, venue.rain.condition_id

    fill_limit(page, "62", "200", phone=width == 390)
    if not script:
        page.locator("[data-review]").click()
    expect(page.locator("[data-p=join]")).to_have_text("Joins 62¢ behind 400 shares")
    expect(page.locator("tr.joining")).to_contain_text("You would buy 200")
    page.get_by_role("button", name="Buy 200 Yes at 62¢ · Main").click()
    expect(page.locator("#placed")).to_contain_text("200 Yes rest at 62¢, Main, behind the 400")

    visitor.open(MARKET)
    row, own = "[data-open-orders] tbody tr", "[data-own='bid:0.62']"
    expect(page.locator(row)).to_contain_text("400 ahead")
    expect(page.locator(own)).to_contain_text("You buy 200")
    venue.world.trade(rain, "SELL", "150", limit="0.62")
    shows(page, row, re.compile("250 ahead"), script=script)
    shows(page, own, re.compile("250 ahead of you"), script=script)
    venue.world.trade(rain, "SELL", "250", limit="0.62")
    venue.world.set_level(rain, "BUY", "0.62", "50")  # newcomers, who stand behind
    venue.world.trade(rain, "SELL", "50", limit="0.62")
    shows(page, row, re.compile(r"150\s*of 200"), script=script)
    shows(page, own, re.compile("You buy 150.*first in line", re.S), script=script)
    expect(page.locator("tr.ghost[data-px='0.62']")).to_have_count(1)

    visitor.open(MARKET)
    page.get_by_role("link", name="Why buy 50 Yes at 62¢").click()
    expect(page.locator(".verdict")).to_contain_text("You bought 50 Yes at 62¢ as a maker.")
    expect(page.locator(".verdict")).to_contain_text("400 traded in")
    expect(page.locator(".verdict")).to_contain_text("then somebody sold 50 at your price: 50 to you.")
    expect(page.locator("main")).to_contain_text("Grade B")

    visitor.open("/portfolio")
    page.get_by_role("button", name="Cancel buy 200 Yes at 62¢").click()
    expect(page.locator("h1")).to_have_text("Give up this place in the queue?")
    page.get_by_role("button", name="Cancel it all the same").click()
    expect(page.locator(".note.ok")).to_have_text("Cancelled: buy 200 at 62¢. 50 had traded before.")
    expect(page.locator("[data-open-orders]")).to_contain_text("No open orders")


def test_a_cancel_can_be_undone_at_the_back_of_the_queue(visit, still, venue):
    visitor = visit()
    visitor.sign_up()
    visitor.open(MARKET)
    page = visitor.page
    fill_limit(page, "60", "25")
    page.get_by_role("button", name="Buy 25 Yes at 60¢ · Main").click()
    rows = page.locator("[data-open-orders] tbody tr")
    expect(rows).to_contain_text("5,000 ahead")

    page.get_by_role("button", name="Cancel buy 25 Yes at 60¢").click()
    expect(rows).to_contain_text("cancelled")
    expect(page.locator("[data-own='bid:0.6']")).to_have_count(0)
    page.get_by_role("button", name="Undo").click()

    expect(page.locator("#toasts")).to_contain_text("Placed again, at the back of the queue.")
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text("5,000 ahead")
    expect(page.locator("[data-own='bid:0.6']")).to_contain_text("You buy 25")


def test_the_script_draws_own_orders_as_the_server_does(visit, still, venue):
    visitor = visit()
    visitor.sign_up()
    page = visitor.page
    for query in (
        "limit=0.62&shares=200",
        "limit=0.59&shares=10",
        "limit=0.63&shares=10",
        "outcome=1&limit=0.34&shares=30",
    ):
        visitor.open(f"{MARKET}?type=limit&{query}")
        page.locator("[data-place]:not([disabled])").click()
        expect(page.locator("#placed")).to_contain_text("rest at")
    own = page.context.browser.new_context(
        storage_state=page.context.storage_state(), java_script_enabled=False
    )

    for book in ("0", "1"):
        still_page = own.new_page()
        still_page.goto(f"{visitor.url}{MARKET}?book={book}")
        visitor.open(f"{MARKET}?book={book}")
        page.evaluate("document.querySelectorAll('tr.mine, tr.ghost').forEach((row) => row.remove())")
        expect(page.locator("tr.mine")).to_have_count(4)  # drawn anew
        assert drawn(page) == drawn(still_page)
    own.close()


def drawn(page):
    rows = page.locator("[data-ladder] tbody tr:not(.gone)")
    return [re.sub(r"\s+", " ", text).strip() for text in rows.all_inner_texts()]
