"""The real site on a venue whose books stand still until a test moves them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

from livedata.simulator.listings import Listing
from livedata.simulator.manual import ManualWorld
from livedata.simulator.server import serve
from tests.site import Site, running_site

PASSWORD = "Only-for-the-browser-1"
_names = count(1)


@dataclass
class Venue:
    """What the site trades on: one market alone, one event with three outcomes."""

    world: ManualWorld
    rain: Listing
    teams: list[Listing]


@dataclass
class Visitor:
    """A browser window, and everything it complained about."""

    page: Page
    url: str
    complaints: list[str] = field(default_factory=list)

    def open(self, path: str) -> None:
        self.page.goto(f"{self.url}{path}")

    def sign_up(self) -> None:
        self.open("/register")
        self.page.fill("[name=email]", f"visitor-{next(_names)}@example.org")
        self.page.fill("[name=password]", PASSWORD)
        self.page.fill("[name=password_confirm]", PASSWORD)
        self.page.click("main form button.primary")
        self.page.wait_for_url(lambda address: "/register" not in address)


@pytest.fixture(scope="package")
def venue() -> Iterator[Venue]:
    world = ManualWorld()
    rain = world.add_market(slug="rain-in-ashkelton", question="Will it rain in Ashkelton tomorrow?")
    names = ("Wexcombe", "Östersund", "Maravelle")
    questions = [(f"{name.lower()}-wins-the-cup", f"Will {name} win the cup?") for name in names]
    teams = world.add_event(slug="cup-winner", title="Cup winner", questions=questions, neg_risk=True)
    world.set_book(rain.condition_id, bids=STILL["bids"], asks=STILL["asks"])
    for number, team in enumerate(teams, start=1):
        bid = f"0.{number}0"
        world.set_book(team.condition_id, bids=[(bid, "900")], asks=[(f"0.{number}2", "700")])
    yield Venue(world, rain, teams)


STILL = {
    "bids": [("0.62", "400"), ("0.61", "600"), ("0.60", "5000")],
    "asks": [("0.64", "640"), ("0.65", "1215"), ("0.66", "3420")],
}


@pytest.fixture(scope="package")
def site(venue: Venue, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with (
        serve(venue.world) as running,
        running_site(tmp_path_factory.mktemp("site"), EXCHANGE="auto", **running.environment) as site,
    ):
        yield site


@pytest.fixture
def still(venue: Venue) -> None:
    """The rain market's book as every test finds it."""
    venue.world.set_book(venue.rain.condition_id, **STILL)


@pytest.fixture
def visit(browser: Browser, site: Site) -> Iterator[object]:
    """visit(width=390, theme="dark", script=False): a window of its own; fails when its console complains."""
    contexts: list[BrowserContext] = []
    visitors: list[Visitor] = []

    def enter(*, width: int = 1440, theme: str = "light", script: bool = True) -> Visitor:
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=theme, java_script_enabled=script
        )
        visitor = Visitor(context.new_page(), site.url)

        def note(message: ConsoleMessage) -> None:
            if message.type in ("error", "warning"):
                visitor.complaints.append(f"{message.text} {message.location['url']}")

        visitor.page.on("console", note)
        visitor.page.on("pageerror", lambda error: visitor.complaints.append(str(error)))
        visitor.page.set_default_timeout(10_000)
        contexts.append(context)
        visitors.append(visitor)
        return visitor

    yield enter
    for context in contexts:
        context.close()
    assert [complaint for visitor in visitors for complaint in visitor.complaints] == []
