"""Every page, wide and narrow, light and dark: usable by everybody, still, light, quiet in the console."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from markets.templatetags import units
from tests.journeys.trader import until
from trading.templatetags.pages import slippage

pytestmark = pytest.mark.browser
KILOBYTES_MAX = 150  # of a first load, besides the chart library
PUBLIC = (
    "/",
    "/?density=compact&q=cup",
    "/event/cup-winner",
    "/market/rain-in-ashkelton",
    "/how-fills-work",
    "/status",
    "/login",
    "/register",
)
OWN = ("/portfolio", "/account")


def pages_of(visitor, venue):
    """Every page there is, with trades of both kinds and an open order to show."""
    visitor.sign_up()
    waited = maker_evidence(visitor, venue)
    visitor.open("/market/rain-in-ashkelton")
    visitor.page.get_by_label("Amount").fill("20")
    visitor.page.locator("[data-place]:not([disabled])").click()
    evidence = visitor.page.get_by_role("link", name="Why this price?").get_attribute("href")
    sets = visitor.page.get_by_role("link", name="More about sets", include_hidden=True).get_attribute("href")
    return [*PUBLIC, *OWN, f"{LIMIT}#ticket", evidence, waited, sets]


LIMIT = "/market/rain-in-ashkelton?type=limit&limit=0.59&shares=20"


def maker_evidence(visitor, venue):
    """Where the evidence of a resting order's fill is; half of the order is still at rest."""
    page = visitor.page
    visitor.open("/market/rain-in-ashkelton?type=limit&limit=0.63&shares=20")
    page.locator("[data-place]:not([disabled])").click()
    expect(page.locator("#placed")).to_contain_text("20 Yes rest at 63¢")
    venue.world.trade(venue.rain.condition_id, "SELL", "10")
    why = page.get_by_role("link", name="Why buy 10 Yes at 63¢")

    def shown() -> int:
        visitor.open("/portfolio")  # no notice is waited for: the fill may be earlier than the page's socket
        return why.count()

    until("the fill is shown", shown)
    return why.get_attribute("href")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(visit, still, venue, theme):
    visitor = visit(theme=theme)
    visitor.page.emulate_media(reduced_motion="reduce")  # a colour on its way to another is neither
    found = []
    for path in pages_of(visitor, venue):
        for width in (1440, 390):
            visitor.page.set_viewport_size({"width": width, "height": 900})
            visitor.open(path)
            expect(visitor.page.locator("h1").first).to_be_attached()
            for violation in Axe().run(visitor.page).response["violations"]:
                found.append((path, width, violation["id"], violation["nodes"][0]["html"][:120]))
    assert found == []


def test_no_page_scrolls_sideways(visit, still, venue):
    visitor = visit(width=390)
    wide = []
    for path in pages_of(visitor, venue):
        for width in (320, 390, 768, 1100):
            visitor.page.set_viewport_size({"width": width, "height": 900})
            visitor.open(path)
            reach = visitor.page.evaluate("document.documentElement.scrollWidth")
            if reach > width:
                wide.append((path, width, reach))
    assert wide == []


SHIFT = """new Promise((done) => {
  let sum = 0;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) sum += entry.value;
  }).observe({ type: "layout-shift", buffered: true });
  setTimeout(() => done(sum), 1500);
})"""
WEIGHT = """[...performance.getEntriesByType("resource"), ...performance.getEntriesByType("navigation")]
  .filter((entry) => !entry.name.includes("lightweight-charts"))
  .reduce((sum, entry) => sum + (entry.transferSize || 0), 0)"""


@pytest.mark.parametrize("path", ["/", "/event/cup-winner", "/market/rain-in-ashkelton", "/status"])
def test_a_first_load_is_light_and_nothing_shifts(visit, site, still, path):
    # The first visitor of a market finds a note that its book is on its way: here somebody was before us.
    site.get("/markets/by-slug/rain-in-ashkelton/book")
    visitor = visit()
    visitor.open(path)

    assert visitor.page.evaluate(SHIFT) < 0.001
    weight = visitor.page.evaluate(WEIGHT)
    assert weight / 1024 <= KILOBYTES_MAX, f"{path} weighs {weight / 1024:.0f} KB"


AMOUNTS = (
    0,
    1,
    4_999,
    5_000,
    10_000,
    630_000,
    982_000,
    999_999,
    1_132_430_000,
    2_034_800_000,
    -3_550_000,
    10**12,
)
FIGURES = {
    "cents": units.cents,
    "averageCents": units.average_cents,
    "usdc": units.usdc,
    "usdcChange": units.usdc_change,
    "usdcWhole": units.usdc_whole,
}


def test_the_script_writes_numbers_as_the_templates_do(visit):
    visitor = visit()
    visitor.open("/status")

    ours = {name: [write(amount) for amount in AMOUNTS] for name, write in FIGURES.items()}
    theirs = visitor.page.evaluate(
        """async ([names, amounts]) => {
          const figures = await import("/static/js/figures.js");
          const written = (name) => amounts.map((amount) => figures[name](amount));
          return Object.fromEntries(names.map((name) => [name, written(name)]));
        }""",
        [list(FIGURES), list(AMOUNTS)],
    )
    assert theirs == ours
    assert slippage(16_900) == "+1.69¢"


def test_a_lost_socket_is_said_and_heals(visit, still, venue):
    visitor = visit()
    page = visitor.page
    page.goto(f"{visitor.url}/market/rain-in-ashkelton")
    expect(page.locator("[data-live=age]")).to_contain_text("s old")

    page.context.set_offline(True)
    expect(page.locator("[data-live=age]")).to_contain_text("offline", timeout=20_000)
    page.context.set_offline(False)
    expect(page.locator("[data-live=age]")).to_contain_text("s old", timeout=20_000)
    visitor.complaints.clear()  # the browser itself tells of the lost connection
