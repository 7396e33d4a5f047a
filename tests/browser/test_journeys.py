"""From the front page to the evidence, as a stranger goes, with script and without."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import STILL

pytestmark = pytest.mark.browser
MARKET = "/market/rain-in-ashkelton"
LISTEN = """() => new Promise((heard) => {
  const socket = new WebSocket(`ws://${location.host}/ws/live`);
  window.told = new Promise((told) => {
    socket.onmessage = ({ data }) => ({ heartbeat: heard, order: told })[JSON.parse(data).type]?.();
  });
})"""


def find_the_market(visitor):
    visitor.open("/")
    search = visitor.page.get_by_role("searchbox").last
    search.fill("ashkelton rain")
    search.press("Enter")
    visitor.page.get_by_role("link", name="Will it rain in Ashkelton tomorrow?").first.click()
    expect(visitor.page.locator("h1")).to_have_text("Will it rain in Ashkelton tomorrow?")


def test_a_stranger_signs_up_finds_a_market_buys_and_sees_why(visit, still):
    visitor = visit()
    visitor.sign_up()
    find_the_market(visitor)
    page = visitor.page

    page.get_by_label("Amount").fill("700")
    expect(page.locator("[data-p=used]")).to_have_text("2 levels used")
    expect(page.locator("[data-p=shares]")).to_have_text("1,086.77")
    expect(page.locator("tr.take")).to_have_count(2)
    page.get_by_role("button", name=re.compile(r"Buy Yes · \$712\.\d\d · Main")).click()

    expect(page.locator("#placed")).to_contain_text("Bought 1,086.77 Yes at 64.41¢, Main.")
    expect(page.locator("[aria-labelledby=pos-h]")).to_contain_text("1,086.77")
    page.get_by_role("link", name="Why this price?").click()
    expect(page.locator(".verdict")).to_contain_text("two price levels")
    expect(page.locator(".calc")).to_contain_text("0.05 × 640 × 0.64 × 0.36")


def test_the_same_without_script(visit, still):
    visitor = visit(script=False)
    visitor.sign_up()
    find_the_market(visitor)
    page = visitor.page

    page.get_by_label("Amount").fill("700")
    page.get_by_label("Amount").press("Enter")
    expect(page.locator("[data-p=shares]")).to_have_text("1,086.77")
    expect(page.locator("tr.take")).to_have_count(2)
    page.get_by_role("button", name=re.compile(r"Buy Yes · \$712\.\d\d · Main")).click()

    expect(page.locator("#placed")).to_contain_text("Bought 1,086.77 Yes at 64.41¢, Main.")
    page.get_by_role("link", name="Why this price?").click()
    expect(page.locator(".verdict")).to_contain_text("two price levels")


def test_enter_reviews_and_only_the_button_places(visit, still):
    visitor = visit()
    visitor.sign_up()
    visitor.open(MARKET)
    page = visitor.page

    page.keyboard.press("a")
    page.keyboard.type("64")
    page.keyboard.press("Enter")
    expect(page.locator("[data-place]")).to_be_focused()
    expect(page.locator("#placed")).to_have_count(0)
    page.keyboard.press("Enter")
    expect(page.locator("#placed")).to_contain_text("Bought 100 Yes at 64.00¢")


def test_a_price_of_the_ladder_fills_the_ticket(visit, still):
    visitor = visit()
    visitor.sign_up()
    visitor.open(MARKET)
    page = visitor.page

    page.get_by_role("link", name="65¢").click()
    expect(page.get_by_label("Limit price")).to_have_value("65")
    expect(page.locator("#shares")).to_be_focused()
    page.get_by_role("button", name="One tick down").click()
    expect(page.get_by_label("Limit price")).to_have_value("64")
    page.locator("#shares").fill("1000")
    expect(page.locator("[data-p=join]")).to_have_text("360 left: joins 64¢ as the first in line")
    page.get_by_label("Part, now").check()
    expect(page.locator("[data-trouble]")).to_contain_text("the rest would not trade")


def test_prices_move_where_they_stand(visit, still, venue):
    visitor = visit()
    visitor.open(MARKET)
    page = visitor.page
    best = page.locator("tr[data-s=ask][data-i='0']")
    expect(best).to_contain_text("64¢")
    expect(page.locator("[data-live=chance]")).to_have_text("63.0%")
    page.evaluate("window.untouched = document.querySelector(\"tr[data-s=ask][data-i='0']\")")

    venue.world.set_book(venue.rain.condition_id, bids=[("0.70", "55")], asks=[("0.72", "77")])

    expect(best).to_contain_text("72¢")
    expect(best).to_contain_text("77")
    expect(page.locator("[data-live=chance]")).to_have_text("71.0%")
    expect(page.locator(".outs .x small.when-buy")).to_have_text("30¢")
    assert page.evaluate("window.untouched === document.querySelector(\"tr[data-s=ask][data-i='0']\")")


def test_the_phones_sheet_opens_by_its_address(visit, still):
    for script in (True, False):
        visitor = visit(width=390, script=script)
        visitor.sign_up()
        visitor.open(MARKET)
        page = visitor.page
        expect(page.locator("#ticket")).not_to_be_in_viewport()

        page.locator(".buybar .no").click()
        expect(page.locator("#ticket")).to_be_in_viewport()
        expect(page.locator("input[name=outcome][value='1']")).to_be_checked()
        # A link brings the other outcome's book; a script only turns the ticket.
        expect(page.locator("[data-best]")).to_contain_text("64¢" if script else "36¢")
        page.get_by_role("link", name="Close the ticket").click()
        expect(page.locator("#ticket")).not_to_be_in_viewport()


def place_on_a_market_that_holds_orders(visit, venue, slug, seconds):
    held = venue.world.add_market(
        slug=slug,
        seconds_delay=seconds,
        sports_type="moneyline",
        start_ms=venue.world.now_ms + 3_600_000,
    )
    venue.world.set_book(held.condition_id, **STILL)
    visitor = visit()
    visitor.sign_up()
    visitor.open(f"/market/{slug}")
    visitor.page.get_by_label("Amount").fill("64")
    expect(visitor.page.locator("[data-p=shares]")).to_have_text("100")
    return visitor.page, visitor.page.get_by_role("button", name=re.compile("Buy Yes · "))


def test_an_order_that_the_market_holds_turns_into_its_result(visit, venue):
    page, place = place_on_a_market_that_holds_orders(visit, venue, "held-for-three", 3)

    place.click()

    expect(page.locator("#placed")).to_contain_text("This market holds orders for 3 s before they trade.")
    expect(page.locator("#placed")).to_contain_text("Bought 100 Yes at 64.00¢, Main.")
    page.get_by_role("link", name="Why this price?").click()
    expect(page.locator(".wf dt")).to_have_text(
        ["Set delay an honest round trip", "Delay of this market it holds orders", "Wait for the feed, match"]
    )
    expect(page.locator(".wf dd:not(.t)").nth(1)).to_have_text("3000 ms")


def test_a_result_that_came_before_the_pages_socket_is_shown_all_the_same(visit, venue):
    page, place = place_on_a_market_that_holds_orders(visit, venue, "held-for-one", 1)
    other = page.context.new_page()  # hears the result, so that we know when it has been told
    other.goto(page.url)
    other.evaluate(LISTEN)
    held, traded = [], []  # what opens the first page's socket, kept back until the order has traded
    page.route("**/js/live*.js", lambda route: route.continue_() if traded else held.append(route))

    place.click()

    note = page.locator("#placed")
    expect(note).to_contain_text("On its way.")
    other.evaluate("() => window.told")
    assert held
    traded.append(True)
    for script in held:
        script.continue_()
    expect(note).to_contain_text("Bought 100 Yes at 64.00¢, Main.")
