import pytest
from rest_framework.test import APIClient

from accounts.services import set_limit
from livedata import feed
from livedata.publisher import STATUS
from livedata.pulse import KEY, Heartbeat, Pulse, wall_ms, write_pulse
from livedata.simulator.manual import ManualWorld
from livedata.simulator.server import serve
from livedata.subscriptions import wanted
from markets.core.units import ONE
from markets.models import Market
from tests.people import make_user

pytestmark = pytest.mark.django_db(databases="__all__")


def make_market(number: int, **fields: object) -> Market:
    return Market.objects.create(
        id=str(number),
        condition_id=f"0x{number}",
        slug=f"market-{number}",
        question="?",
        token_0=f"{number}1",
        token_1=f"{number}2",
        **fields,
    )


@pytest.fixture
def somebody(memory_bus) -> APIClient:
    client = APIClient()
    client.force_authenticate(make_user("ada@example.org"))
    return client


@pytest.fixture
def admin(memory_bus) -> APIClient:
    client = APIClient()
    client.force_authenticate(make_user("root@example.org", role="admin"))
    return client


def post(client: APIClient, what: str, **body: object):
    return client.post(f"/market-stream/{what}", body, format="json")


@pytest.mark.portable
def test_subscribing_leases_the_markets_of_tokens_and_slugs(somebody):
    make_market(1), make_market(2, tick_micros=1_000, neg_risk=True)

    answer = post(somebody, "subscribe", token_ids=["11"], slugs=["market-2"])

    assert answer.status_code == 200
    assert answer.json()["ws"] == "/ws/live"
    assert answer.json()["subscribed"] == ["11", "12", "21", "22"]
    assert answer.json()["unknown"] == []
    assert answer.json()["expires_at"].endswith("Z")
    assert wanted().keys() == {"0x1", "0x2"}
    assert (wanted()["0x2"].tick_micros, wanted()["0x2"].neg_risk) == (1_000, True)
    assert wanted()["0x1"].min_size_micros == 5 * ONE


def test_subscriptions_add_up_until_they_are_given_up(somebody):
    for number in (1, 2, 3):
        make_market(number)
    post(somebody, "subscribe", token_ids=["11"])
    assert post(somebody, "subscribe", token_ids=["22", "31"]).json()["subscribed"] == [
        "11", "12", "21", "22", "31", "32",
    ]  # fmt: skip

    assert post(somebody, "unsubscribe", token_ids=["21"]).json()["subscribed"] == ["11", "12", "31", "32"]
    assert wanted().keys() == {"0x1", "0x3"}

    left = post(somebody, "unsubscribe").json()
    assert (left["subscribed"], left["expires_at"]) == ([], None)
    assert wanted() == {}


def test_one_users_subscriptions_are_not_anothers(somebody, memory_bus):
    make_market(1)
    post(somebody, "subscribe", token_ids=["11"])
    other = APIClient()
    other.force_authenticate(make_user("bob@example.org"))

    assert post(other, "unsubscribe").json()["subscribed"] == []
    assert wanted().keys() == {"0x1"}


def test_a_market_we_do_not_know_is_asked_of_the_venue(somebody, settings):
    world = ManualWorld()
    listing = world.add_market(slug="rain")
    with serve(world) as venue:
        settings.EXCHANGE_URLS = venue.environment
        answer = post(somebody, "subscribe", slugs=["rain", "no-such"], token_ids=["77"])

    assert answer.json()["subscribed"] == list(listing.token_ids)
    assert answer.json()["unknown"] == ["77", "no-such"]


def test_a_market_that_is_over_cannot_be_watched(somebody):
    make_market(1, status=Market.Status.RESOLVED)

    answer = post(somebody, "subscribe", token_ids=["11"])

    assert (answer.json()["subscribed"], answer.json()["unknown"]) == ([], ["11"])
    assert wanted() == {}


def test_a_role_may_watch_so_many_tokens(somebody):
    make_market(1), make_market(2)
    set_limit(role="user", scope="subscriptions", limit=3)

    assert post(somebody, "subscribe", token_ids=["11"]).status_code == 200
    refused = post(somebody, "subscribe", token_ids=["21"])
    assert refused.status_code == 429
    assert wanted().keys() == {"0x1"}


@pytest.mark.parametrize(
    "body", [{"token_ids": "11"}, {"token_ids": [["11"]]}, {"slugs": [""]}, {"token_ids": ["1" * 99]}]
)
def test_a_body_that_makes_no_sense_is_refused(somebody, body):
    answer = post(somebody, "subscribe", **body)

    assert answer.status_code == 422
    assert answer.json()["error"]["fields"]


def test_strangers_may_not_subscribe(memory_bus):
    assert post(APIClient(), "subscribe", token_ids=["11"]).status_code == 401
    assert wanted() == {}


def test_the_status_says_how_the_feed_is(somebody, memory_bus):
    assert somebody.get("/market-stream/status").json()["state"] == "down"

    beat = Heartbeat(heard_ms=wall_ms() - 40, passed_ms=0)
    memory_bus.put(KEY, write_pulse(Pulse(written_ms=wall_ms(), connections={7: beat}, delay_ms=33)))
    memory_bus.hset(STATUS, "live", b"4")
    memory_bus.hset(STATUS, "drops_gap", b"2")
    status = somebody.get("/market-stream/status").json()

    assert (status["state"], status["connections"], status["live"], status["delay_ms"]) == (
        "running",
        1,
        4,
        33,
    )
    assert status["drops"] == {"gap": 2}
    assert 40 <= status["age_ms"] < 5_000


def test_only_an_admin_pauses_and_resumes(somebody, admin, memory_bus):
    for what in ("pause", "resume"):
        assert post(somebody, what).status_code == 403
    assert memory_bus.get(feed.PAUSED) is None

    with memory_bus.listen(feed.PAUSED) as notices:
        assert post(admin, "pause").json() == {"state": "paused"}
        assert notices.get(1) is not None
    assert memory_bus.get(feed.PAUSED) is not None
    assert post(admin, "resume").json() == {"state": "running"}
    assert memory_bus.get(feed.PAUSED) is None
