"""What /health, /status and /metrics say, and when they say that something is wrong."""

import pytest
from django.db import DatabaseError, connections

from livedata.bus import bus
from livedata.core.steps import MarketRef
from livedata.errors import BusDown
from livedata.pulse import KEY, Heartbeat, Pulse, wall_ms, write_pulse
from livedata.subscriptions import LEASES, lease, release
from markets.models import SyncState
from papertrading import health

pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.fixture(autouse=True)
def nothing_known():
    """What other tests, and these, leave in the bus is gone."""
    _forget()
    yield
    _forget()


def _forget() -> None:
    health._newest.clear()
    for owner in bus().hgetall(LEASES):
        release(owner)
    for key in (KEY, "matcher:seen:0", "matcher:seen:2", "matcher:lag:0"):
        bus().delete(key)


def pulse(*, connections=(), age_ms=0, paused=False):
    now_ms = wall_ms() - age_ms
    beats = {number: Heartbeat(heard_ms=now_ms, passed_ms=now_ms) for number in connections}
    bus().put(KEY, write_pulse(Pulse(written_ms=now_ms, connections=beats, delay_ms=7, paused=paused)))


def all_well():
    pulse(connections=[1])
    bus().put("matcher:seen:0", b"1", ttl_ms=10_000)
    SyncState.objects.create(name="incremental", rows_count=5, started_ms=1, finished_ms=wall_ms())


@pytest.mark.portable
def test_a_site_in_order_is_healthy(client):
    all_well()

    answer = client.get("/health")

    assert answer.status_code == 200
    body = answer.json()
    assert (body["status"], body["exchange"]) == ("healthy", "simulator")
    assert {name for name, check in body["checks"].items() if check["ok"]} == {
        "database",
        "bus",
        "feed",
        "matcher",
        "catalogue",
    }
    assert client.get("/health/ready").json() == {"ready": True, "unmigrated": []}


def test_a_new_site_is_degraded_and_says_why(client):
    body = client.get("/health").json()

    assert body["status"] == "degraded"
    assert body["checks"]["feed"]["detail"] == "has not started"
    assert body["checks"]["matcher"]["ok"] is False
    assert body["checks"]["catalogue"]["detail"] == "has not been synced"
    assert client.get("/health/ready").status_code == 200


FEEDS = [
    ({"connections": [1]}, True, "1 market, 1 connection"),
    ({"connections": []}, False, "no live connection to the venue"),
    ({"connections": [1], "paused": True}, False, "paused by an admin"),
    ({"connections": [1], "age_ms": 60_000}, False, "silent for 60 s"),
]


@pytest.mark.parametrize(("said", "ok", "detail"), FEEDS)
def test_the_feed_is_judged_by_its_pulse(said, ok, detail):
    lease("test", [MarketRef("0xc", "1", "2")], seconds=60)
    pulse(**said)

    check = health.look().by_name["feed"]

    assert (check.ok, check.detail) == (ok, detail)


def test_a_missing_shard_is_noticed():
    bus().put("matcher:seen:0", b"1", ttl_ms=10_000)
    assert health.look().by_name["matcher"].ok

    bus().put("matcher:seen:2", b"1", ttl_ms=10_000)

    assert not health.look().by_name["matcher"].ok


SYNCS = [
    ({"started_ms": 1}, True, "first sync is running"),
    ({"started_ms": 1, "last_error": "HTTP 500"}, False, "the first sync is failing"),
    ({"started_ms": 1, "finished_ms": 2}, False, "synced "),
    ({"finished_ms": "now", "last_error": "HTTP 500"}, False, "the last full sync failed"),
]


@pytest.mark.parametrize(("state", "ok", "detail"), SYNCS)
def test_the_catalogue_is_judged_by_its_syncs(state, ok, detail):
    SyncState.objects.create(name="full", **{k: wall_ms() if v == "now" else v for k, v in state.items()})

    check = health.look().by_name["catalogue"]

    assert check.ok is ok
    assert detail in check.detail


def test_without_its_bus_the_site_is_unhealthy(client, monkeypatch):
    def gone(_key):
        raise BusDown("no Redis")

    monkeypatch.setattr(bus(), "get", gone)

    answer = client.get("/health")

    assert answer.status_code == 503
    assert answer.json()["status"] == "unhealthy"
    assert client.get("/health/ready").status_code == 503


def test_without_a_database_the_site_is_unhealthy_and_still_answers(client, monkeypatch):
    def gone():
        raise DatabaseError("disk on fire")

    monkeypatch.setattr(connections["markets_db"], "ensure_connection", gone)

    answer = client.get("/health")

    assert answer.status_code == 503
    assert answer.json()["checks"]["database"]["detail"] == "no answer from markets_db"
    assert "disk on fire" not in answer.content.decode()


def test_a_flood_of_questions_costs_one_look(client, monkeypatch):
    looks = []
    look = health.look
    monkeypatch.setattr(health, "look", lambda: looks.append(1) or look())

    for _ in range(20):
        client.get("/health")

    assert len(looks) == 1


@pytest.mark.portable
def test_the_status_page_shows_syncs_and_troubles(client):
    all_well()
    SyncState.objects.create(name="full", rows_count=2345, bad_count=1, last_bad="<b>odd</b>", finished_ms=5)

    page = client.get("/status").content.decode()

    assert "2,345" in page
    assert "&lt;b&gt;odd&lt;/b&gt;" in page


def test_metrics_carry_our_gauges(client):
    all_well()

    text = client.get("/metrics").content.decode()

    assert 'papertrading_check_ok{check="feed"} 1.0' in text
    assert "papertrading_feed_connections 1.0" in text
    assert "papertrading_feed_delay_ms 7.0" in text
    assert 'papertrading_sync_rows{sync="incremental"} 5.0' in text
    assert "django_http_requests_total" in text


def test_the_api_is_described_and_shown_without_foreign_scripts(client):
    page = client.get("/docs")

    assert page.status_code == 200
    html, policy = page.content.decode(), page["Content-Security-Policy"]
    assert 'src="/static/drf_spectacular_sidecar/' in html
    assert "http://" not in html
    assert "https://" not in html
    script_policy = next(part for part in policy.split(";") if part.strip().startswith("script-src "))
    assert "unsafe-inline" not in script_policy
    assert "/auth/token" in client.get("/api/schema").content.decode()


def test_a_matcher_far_behind_the_feed_is_not_well(client):
    all_well()
    bus().put("matcher:lag:0", b"7000", ttl_ms=10_000)

    matcher = client.get("/health").json()["checks"]["matcher"]

    assert (matcher["ok"], matcher["behind_ms"]) == (False, 7_000)
    assert matcher["detail"] == "1 running, 7000 ms behind the feed"
