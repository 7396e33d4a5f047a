"""The market socket and the faults, over a real loopback server."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from livedata.simulator.listings import Listing
from livedata.simulator.manual import ManualWorld
from livedata.simulator.server import Running, app, serve
from tests.livedata.simulator.make import START_MS, small_world
from tests.livedata.simulator.oracle import Oracle

SOON_S = 5


@pytest.fixture
def venue() -> Iterator[Running]:
    # A clock that stands: of 250 steps the venue tells one twice, and which one hangs on its stamp.
    world = ManualWorld(clock=lambda: START_MS)
    listing = world.add_market(slug="rain")
    world.set_book(listing.condition_id, bids=[("0.48", "100")], asks=[("0.52", "70")])
    with serve(world) as running:
        yield running


@pytest.fixture
def listing(venue: Running) -> Listing:
    return venue.venue.market(slug="rain")


@pytest.fixture
def subscribed(venue: Running) -> Iterator[Callable[..., ClientConnection]]:
    """Open a socket and send its first message."""
    with ExitStack() as sockets:

        def subscribe(*token_ids: str, **facts) -> ClientConnection:
            socket = sockets.enter_context(connect(f"{venue.environment['CLOB_WS_URL']}/ws/market"))
            asked = {"type": "market", "assets_ids": token_ids, "custom_feature_enabled": True} | facts
            socket.send(json.dumps(asked))
            return socket

        yield subscribe


def heard(socket: ClientConnection, count: int) -> list[dict]:
    return [json.loads(socket.recv(timeout=SOON_S)) for _ in range(count)]


def silent(socket: ClientConnection) -> bool:
    """Nothing came before the answer to a PING did, so nothing was sent."""
    socket.send("PING")
    return socket.recv(timeout=SOON_S) == "PONG"


def test_the_first_message_brings_the_books_of_both_tokens(venue, listing, subscribed):
    socket = subscribed(*listing.token_ids)

    text = socket.recv(timeout=SOON_S)

    assert text.endswith("]\n")
    assert [book["asset_id"] for book in json.loads(text)] == list(listing.token_ids)
    oracle = Oracle(neg_risk={listing.condition_id: False})
    oracle.read(text)
    assert oracle.counts["book hash ok"] == 2


def test_changes_reach_the_watchers_of_either_token(venue, listing, subscribed):
    one, two = subscribed(listing.token_ids[0]), subscribed(listing.token_ids[1])
    heard(one, 1), heard(two, 1)

    venue.venue.set_level(listing.condition_id, "BUY", "0.47", "5")

    for socket in (one, two):
        (change,) = heard(socket, 1)
        assert {entry["asset_id"] for entry in change["price_changes"]} == set(listing.token_ids)


def test_custom_events_only_for_those_who_ask(venue, listing, subscribed):
    plain = subscribed(*listing.token_ids, custom_feature_enabled=False)
    rich = subscribed(*listing.token_ids)
    heard(plain, 1), heard(rich, 1)

    venue.venue.set_level(listing.condition_id, "BUY", "0.49", "5")
    assert [event["event_type"] for event in heard(rich, 3)] == [
        "best_bid_ask",
        "best_bid_ask",
        "price_change",
    ]
    assert [event["event_type"] for event in heard(plain, 1)] == ["price_change"]

    venue.venue.resolve(listing.condition_id, (1, 0))
    (resolved,) = heard(rich, 1)
    assert resolved["event_type"] == "market_resolved" and resolved["winning_outcome"] == "Yes"
    assert silent(plain)


def test_a_trade_is_printed_and_its_books_follow(venue, listing, subscribed):
    socket = subscribed(*listing.token_ids)
    heard(socket, 1)

    (made,) = venue.venue.trade(listing.condition_id, "BUY", "3.581817", outcome_index=1)

    events = heard(socket, 4)
    assert [e["event_type"] for e in events] == ["last_trade_price", "price_change", "book", "book"]
    assert events[0]["asset_id"] == listing.token_ids[1]
    assert (events[0]["price"], events[0]["size"], events[0]["side"]) == ("0.52", "3.581817", "BUY")
    assert events[0]["transaction_hash"] == made.transaction_hash
    assert len({event["timestamp"] for event in events}) == 1
    rows = httpx.get(f"{venue.url}/data/trades", params={"market": listing.condition_id}).json()
    assert [row["transactionHash"] for row in rows] == [made.transaction_hash]


def test_subscribing_more_brings_only_the_new_books(venue, listing, subscribed):
    other = venue.venue.add_market(slug="snow")
    socket = subscribed(listing.token_ids[0])
    heard(socket, 1)

    socket.send(
        json.dumps({"operation": "subscribe", "assets_ids": [listing.token_ids[0], other.token_ids[0]]})
    )
    (books,) = heard(socket, 1)
    assert [book["asset_id"] for book in books] == [other.token_ids[0]]

    socket.send(json.dumps({"operation": "unsubscribe", "assets_ids": [listing.token_ids[0]]}))
    assert silent(socket)
    venue.venue.set_level(listing.condition_id, "BUY", "0.47", "5")
    assert silent(socket)


def test_unknown_tokens_and_bad_frames_do_not_end_the_socket(venue, listing, subscribed):
    socket = subscribed("123")
    assert heard(socket, 1) == [[]]

    for bad in ("not json", "[]", '{"operation":"dance"}'):
        socket.send(bad)
        assert socket.recv(timeout=SOON_S) == "INVALID OPERATION"
    assert silent(socket)


def test_another_path_is_closed(venue):
    with pytest.raises(InvalidStatus), connect(f"{venue.environment['CLOB_WS_URL']}/ws/other"):
        pass


def test_a_client_that_leaves_is_forgotten(venue, listing, subscribed):
    socket = subscribed(*listing.token_ids)
    heard(socket, 1)
    assert venue.venue.watched(listing)

    left = threading.Event()
    unwatch = venue.venue.unwatch
    venue.venue.unwatch = lambda m: (unwatch(m), left.set() if not venue.venue.watched(m) else None)
    socket.close()

    assert left.wait(SOON_S)
    assert not venue.venue.watched(listing)


def test_the_living_world_over_a_real_socket():
    """A clock that runs fast: a second of ours is a minute there."""
    ticks = iter(range(START_MS, START_MS + 10**9, 500))
    with serve(small_world(), clock=lambda: next(ticks)) as venue:
        rows = httpx.get(
            f"{venue.url}/gamma/markets", params={"order": "volume24hr", "ascending": "false"}
        ).json()
        row = next(row for row in rows if row.get("acceptingOrders") and not row["closed"])
        oracle = Oracle(neg_risk={row["conditionId"]: row["negRisk"]})
        with connect(f"{venue.environment['CLOB_WS_URL']}/ws/market", max_size=None) as socket:
            asked = {"type": "market", "assets_ids": json.loads(row["clobTokenIds"])}
            socket.send(json.dumps(asked))
            for _ in range(40):
                oracle.read(socket.recv(timeout=30))
    assert oracle.complaints == []
    assert oracle.counts["change hash ok"] > 10


# -- faults -------------------------------------------------------------------------------------------


def command(venue: Running, **facts) -> httpx.Response:
    return httpx.post(f"{venue.url}/_faults", json=facts)


def test_dropped_frames_do_not_come(venue, listing, subscribed):
    socket = subscribed(*listing.token_ids)
    heard(socket, 1)
    command(venue, name="drop", count=1)

    venue.venue.set_level(listing.condition_id, "BUY", "0.47", "5")
    venue.venue.set_level(listing.condition_id, "BUY", "0.46", "6")

    (change,) = heard(socket, 1)
    assert {entry["size"] for entry in change["price_changes"]} == {"6"}


@pytest.fixture
def watching(venue, listing, subscribed) -> ClientConnection:
    """A socket that has its books: what comes next was changed by the test."""
    socket = subscribed(*listing.token_ids)
    heard(socket, 1)
    return socket


def test_a_duplicated_frame_comes_twice(venue, listing, watching):
    command(venue, name="duplicate", count=1)

    venue.venue.set_level(listing.condition_id, "BUY", "0.47", "5")

    assert watching.recv(timeout=SOON_S) == watching.recv(timeout=SOON_S)
    assert silent(watching)


def test_a_garbled_frame_cannot_be_read(venue, listing, watching):
    command(venue, name="garble", count=1)

    venue.venue.set_level(listing.condition_id, "BUY", "0.46", "5")

    assert not _parses(watching.recv(timeout=SOON_S))


@pytest.mark.parametrize("fault", [{"name": "reorder"}, {"name": "delay", "amount": 0.01}])
def test_a_reordered_or_delayed_frame_comes_after_the_next(venue, listing, watching, fault):
    command(venue, count=1, **fault)

    def both() -> None:
        venue.venue.set_level(listing.condition_id, "BUY", "0.43", "3")
        venue.venue.set_level(listing.condition_id, "BUY", "0.42", "4")

    # At once, in the server's own loop: no delay may end between the two.
    venue.application.socket.loop.call_soon_threadsafe(both)

    assert [event["price_changes"][0]["size"] for event in heard(watching, 2)] == ["4", "3"]


def test_silence_keeps_the_socket_open_and_mute(venue, listing, subscribed):
    socket = subscribed(*listing.token_ids)
    heard(socket, 1)
    command(venue, name="silence")

    venue.venue.set_level(listing.condition_id, "BUY", "0.47", "5")
    socket.send("PING")
    with pytest.raises(TimeoutError):
        socket.recv(timeout=0.2)

    httpx.delete(f"{venue.url}/_faults")
    assert silent(socket)


def test_disconnect_cuts_every_socket(venue, listing, subscribed):
    socket = subscribed(*listing.token_ids)
    heard(socket, 1)

    command(venue, name="disconnect")

    with pytest.raises(ConnectionClosed):
        socket.recv(timeout=SOON_S)


HTTP_FAULTS = [
    ("throttle", {"amount": 7}, lambda r: r.status_code == 429 and r.headers["retry-after"] == "7"),
    ("too_early", {}, lambda r: r.status_code == 425),
    ("error", {}, lambda r: r.status_code == 500 and "error" in r.json()),
    ("html", {}, lambda r: r.text.startswith("<!DOCTYPE html>")),
    ("truncate", {}, lambda r: not _parses(r.text)),
    ("empty_page", {}, lambda r: r.json() == []),
    ("huge_page", {}, lambda r: len(r.content) > 50_000_000),
]


def _parses(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize(("name", "facts", "shows"), HTTP_FAULTS, ids=[fault[0] for fault in HTTP_FAULTS])
def test_http_faults_strike_as_often_as_told_and_then_heal(venue, name, facts, shows):
    command(venue, name=name, count=1, path="/gamma/markets", **facts)

    assert httpx.get(f"{venue.url}/gamma/events").status_code == 200
    assert shows(httpx.get(f"{venue.url}/gamma/markets"))
    healed = httpx.get(f"{venue.url}/gamma/markets")
    assert healed.status_code == 200 and len(healed.json()) == 1


def test_a_cursor_can_be_made_to_loop(venue):
    for number in range(5):
        venue.venue.add_market(slug=f"more-{number}")
    command(venue, name="cursor_loop", path="/gamma/markets/keyset")
    first = httpx.get(f"{venue.url}/gamma/markets/keyset", params={"limit": 2}).json()

    second = httpx.get(
        f"{venue.url}/gamma/markets/keyset", params={"limit": 2, "after_cursor": first["next_cursor"]}
    ).json()

    assert second["next_cursor"] == first["next_cursor"]


def test_the_clock_can_be_skewed(venue):
    command(venue, name="skew", amount=120)
    told = httpx.get(f"{venue.url}/clob/time").json()
    now_ms = httpx.get(f"{venue.url}/_clock").json()["venue_ms"]
    assert told - now_ms // 1000 in (119, 120, 121)


def test_faults_are_listed_and_ended_by_name(venue):
    command(venue, name="drop", rate=0.5)
    command(venue, name="garble")
    assert [fault["name"] for fault in httpx.get(f"{venue.url}/_faults").json()["faults"]] == [
        "drop",
        "garble",
    ]

    left = httpx.delete(f"{venue.url}/_faults", params={"name": "drop"}).json()["faults"]

    assert [fault["name"] for fault in left] == ["garble"]


@pytest.mark.parametrize("facts", [{"name": "earthquake"}, {"name": "drop", "colour": 1}, {}])
def test_an_unknown_fault_is_refused(venue, facts):
    assert command(venue, **facts).status_code == 400


async def test_faults_take_commands_from_loopback_only():
    transport = httpx.ASGITransport(app=app(ManualWorld()), client=("10.1.2.3", 4))
    async with httpx.AsyncClient(transport=transport, base_url="http://venue") as client:
        answer = await client.post("/_faults", json={"name": "error"})
        assert answer.status_code == 404
        assert (await client.get("/clob/ok")).status_code == 200
