"""/ws/live on a real server, fed by a real feed on a simulated venue."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import Queue
from typing import Any

import orjson
import pytest
import uvicorn
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from accounts.models import User
from accounts.services import issue_tokens, set_limit
from livedata import fanout
from livedata.pulse import wall_ms
from livedata.simulator.manual import ManualWorld
from livedata.simulator.server import serve
from livedata.subscriptions import wanted
from markets.models import Market
from papertrading.asgi import application
from tests.livedata.feeding import feeding, quoted_market, until
from tests.people import make_user

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")
SECONDS = 10.0
Claim = Callable[[dict[str, Any]], object]


class Announcing(uvicorn.Server):
    def __init__(self, ports: "Queue[int]") -> None:
        config = uvicorn.Config(
            application, port=0, lifespan="off", log_level="warning", ws="websockets-sansio", log_config=None
        )
        super().__init__(config)
        self._ports = ports

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        self._ports.put(self.servers[0].sockets[0].getsockname()[1])


@contextmanager
def serving() -> Iterator[int]:
    ports: Queue[int] = Queue()
    server = Announcing(ports)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield ports.get(timeout=SECONDS)
    finally:
        server.should_exit = True
        thread.join(SECONDS)


class Page:
    """A client that remembers all it was told."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self.told: list[dict[str, Any]] = []

    def say(self, **message: Any) -> None:
        self._socket.send(json.dumps(message))

    def raw(self, text: str | bytes) -> None:
        self._socket.send(text)

    def await_told(
        self, claim: Callable[[dict[str, Any]], object], seconds: float = SECONDS
    ) -> dict[str, Any]:
        """The first message, of all so far and to come, for which the claim holds."""
        deadline = time.monotonic() + seconds
        for message in self.told:
            if claim(message):
                return message
        while True:
            message = json.loads(self._socket.recv(timeout=max(0.01, deadline - time.monotonic())))
            self.told.append(message)
            if claim(message):
                return message

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [message for message in self.told if message["type"] == kind]


@pytest.fixture
def world():
    return ManualWorld()


@pytest.fixture
def port(world, memory_bus, settings) -> Iterator[int]:
    with serve(world) as venue, feeding(memory_bus, venue), serving() as port:
        settings.EXCHANGE_URLS = venue.environment
        yield port


@contextmanager
def page(port: int, path: str = "/ws/live", **options: Any) -> Iterator[Page]:
    with connect(f"ws://127.0.0.1:{port}{path}", **options) as socket:
        yield Page(socket)


def known(listing) -> Market:
    """The listing as a row of our catalogue."""
    token_0, token_1 = listing.token_ids
    return Market.objects.create(
        id=str(listing.number),
        condition_id=listing.condition_id,
        slug=listing.slug,
        question=listing.question,
        token_0=token_0,
        token_1=token_1,
    )


def is_book(token_id: str) -> Claim:
    return lambda message: message["type"] == "book" and message["token_id"] == token_id and message["fresh"]


def test_a_watched_token_gets_its_book_then_every_change_and_trade(world, port):
    listing = quoted_market(world)
    known(listing)
    yes, no = listing.token_ids
    with page(port) as browser:
        browser.say(op="subscribe", token_ids=[yes, no])

        book = browser.await_told(is_book(yes))
        assert book["bids"] == [["0.49", "50"], ["0.48", "100"]]
        assert book["asks"] == [["0.51", "30"], ["0.52", "70"]]
        assert (book["midpoint"], book["spread"], book["tick_size"]) == ("0.5", "0.02", "0.01")
        assert book["timestamp"] == world.live(listing).stamp_ms
        other = browser.await_told(is_book(no))
        assert other["bids"] == [["0.49", "30"], ["0.48", "70"]]
        assert other["asks"] == [["0.51", "50"], ["0.52", "100"]]

        world.trade(listing.condition_id, "BUY", "10")
        trade = browser.await_told(lambda m: m["type"] == "trade" and m["token_id"] == no)
        assert (trade["price"], trade["size"], trade["side"]) == ("0.49", "10", "SELL")
        changed = browser.await_told(lambda m: is_book(yes)(m) and m["asks"][0] == ["0.51", "20"])
        assert changed["seq"] > book["seq"]


@pytest.mark.portable
def test_the_whole_way_holds_on_either_bus(world, own_bus):
    listing = quoted_market(world)
    known(listing)
    token_id, owner = listing.token_ids[0], person("owner")
    with (
        serve(world) as venue,
        feeding(own_bus, venue),
        serving() as port,
        page(port, f"/ws/live?token={access(owner)}") as browser,
    ):
        browser.say(op="subscribe", token_ids=[token_id])
        browser.await_told(is_book(token_id))
        world.set_level(listing.condition_id, "BUY", "0.47", "9")
        browser.await_told(lambda m: is_book(token_id)(m) and ["0.47", "9"] in m["bids"])
        own_bus.publish(f"user:{owner.pk}", b'{"type":"order","order":{}}')
        browser.await_told(lambda m: m["type"] == "order")


def test_a_socket_is_never_silent_for_two_seconds(world, port):
    with page(port) as browser:
        browser.await_told(lambda message: message["type"] == "heartbeat")
        started = time.monotonic()
        browser.told.clear()
        beat = browser.await_told(lambda message: message["type"] == "heartbeat")
        assert time.monotonic() - started < 2.0
        assert abs(beat["timestamp"] - time.time() * 1000) < 1_000


def test_watching_leases_the_market_and_leaving_gives_it_up(world, port):
    listing = quoted_market(world)
    known(listing)
    with page(port) as browser:
        browser.say(op="subscribe", token_ids=[listing.token_ids[0]])
        until(lambda: listing.condition_id in wanted())
    until(lambda: wanted() == {})


def test_unsubscribing_ends_the_updates_of_that_token_alone(world, port):
    one, two = quoted_market(world), quoted_market(world)
    known(one), known(two)
    with page(port) as browser:
        tokens = [one.token_ids[0], two.token_ids[0]]
        browser.say(op="subscribe", token_ids=tokens)
        for token_id in tokens:
            browser.await_told(is_book(token_id))
        browser.say(op="unsubscribe", token_ids=[tokens[0]])
        browser.say(op="subscribe", token_ids=[])  # answered by a status: the unsubscription is through
        browser.told.clear()
        browser.await_told(lambda message: message["type"] == "status")

        world.set_level(one.condition_id, "BUY", "0.47", "9")
        world.set_level(two.condition_id, "BUY", "0.47", "9")
        browser.await_told(lambda m: is_book(tokens[1])(m) and ["0.47", "9"] in m["bids"])
        time.sleep(2 * fanout.PERIOD_S)
        world.set_level(two.condition_id, "BUY", "0.47", "8")
        browser.await_told(lambda m: is_book(tokens[1])(m) and ["0.47", "8"] in m["bids"])
        assert [book for book in browser.of("book") if book["token_id"] == tokens[0]] == []


def test_a_busy_book_is_sent_at_most_ten_times_a_second_and_ends_in_the_newest(world, port):
    listing = quoted_market(world)
    known(listing)
    token_id = listing.token_ids[0]
    with page(port) as browser:
        browser.say(op="subscribe", token_ids=[token_id])
        browser.await_told(is_book(token_id))
        browser.told.clear()
        started = time.monotonic()
        for size in range(1, 151):
            world.set_level(listing.condition_id, "BUY", "0.47", str(size))
            time.sleep(0.003)
        browser.await_told(lambda m: is_book(token_id)(m) and ["0.47", "150"] in m["bids"])
        lasted = time.monotonic() - started

    assert len(browser.of("book")) <= 10 * lasted + 2
    seqs = [book["seq"] for book in browser.of("book")]
    assert seqs == sorted(set(seqs))


def test_a_feed_that_dies_is_told_as_stale(world, memory_bus):
    listing = quoted_market(world)
    known(listing)
    token_id = listing.token_ids[0]
    with serve(world) as venue, serving() as port, page(port) as browser:
        with feeding(memory_bus, venue):
            browser.say(op="subscribe", token_ids=[token_id])
            browser.await_told(is_book(token_id))
            browser.await_told(lambda m: m["type"] == "status" and m["fresh"])
            browser.told.clear()

        book = browser.await_told(lambda m: m["type"] == "book" and not m["fresh"])
        status = browser.await_told(lambda m: m["type"] == "status" and not m["fresh"])
        assert book["bids"]  # what it was stays readable
        assert status["exchange"] == "simulator"


def test_an_unknown_token_is_asked_of_the_venue_and_else_named(world, port):
    listing = quoted_market(world)
    with page(port) as browser:
        browser.say(op="subscribe", token_ids=[listing.token_ids[0], "12345"])

        browser.await_told(is_book(listing.token_ids[0]))
        refusal = browser.await_told(lambda message: message["type"] == "error")
        assert refusal["error"]["code"] == "unknown_tokens"
        assert refusal["error"]["token_ids"] == ["12345"]
    assert Market.objects.get(condition_id=listing.condition_id).token_0 == listing.token_ids[0]


@pytest.mark.parametrize(
    "message",
    [
        "",
        "{",
        "[]",
        '{"op":"subscribe","token_ids":"all"}',
        '{"op":"subscribe","token_ids":[1]}',
        '{"op":"dance"}',
        '{"op":"subscribe","more":1}',
        b"\xff\x00",
    ],
)
def test_a_message_that_makes_no_sense_is_said_to_and_the_socket_lives(port, message):
    with page(port) as browser:
        browser.raw(message)
        told = browser.await_told(lambda m: m["type"] == "error")
        assert told["error"]["code"] == "invalid_message"
        browser.await_told(lambda m: m["type"] == "heartbeat")


def test_a_role_may_watch_so_many_tokens_at_once(world, port):
    listings = [quoted_market(world) for _ in range(3)]
    for listing in listings:
        known(listing)
    set_limit(role="anonymous", scope="subscriptions", limit=4)
    tokens = [token_id for listing in listings for token_id in listing.token_ids]
    with page(port) as browser:
        browser.say(op="subscribe", token_ids=tokens[:4])
        browser.await_told(is_book(tokens[3]))
        browser.say(op="subscribe", token_ids=tokens[4:])
        told = browser.await_told(lambda m: m["type"] == "error")
        assert told["error"]["code"] == "too_many_subscriptions"
        browser.say(op="unsubscribe", token_ids=tokens[:2])
        browser.say(op="subscribe", token_ids=tokens[4:])
        browser.await_told(is_book(tokens[5]))


def person(name: str) -> User:
    return make_user(f"{name}@example.org")


def test_own_orders_and_fills_reach_their_owner_alone(port, memory_bus):
    owner, other = person("owner"), person("other")
    text = orjson.dumps({"type": "order", "order": {"id": "1"}})
    with (
        page(port, f"/ws/live?token={access(owner)}") as mine,
        page(port, f"/ws/live?token={access(other)}") as theirs,
        page(port) as nobodys,
    ):
        for browser in (mine, theirs, nobodys):
            browser.await_told(lambda m: m["type"] == "heartbeat")
        memory_bus.publish(f"user:{owner.pk}", text)
        memory_bus.publish(f"user:{other.pk}", b'{"type":"fill","trade":{"id":"2"}}')

        assert mine.await_told(lambda m: m["type"] == "order")["order"] == {"id": "1"}
        assert theirs.await_told(lambda m: m["type"] == "fill")["trade"] == {"id": "2"}
        for browser in (mine, theirs, nobodys):
            browser.told[:] = [m for m in browser.told if m["type"] != "heartbeat"]
            browser.await_told(lambda m: m["type"] == "heartbeat")
        assert not mine.of("fill") and not theirs.of("order")
        assert not nobodys.of("order") and not nobodys.of("fill")


def access(user: User) -> str:
    return issue_tokens(user=user, now_ms=wall_ms()).access


def test_a_first_message_may_say_who_asks(world, port, memory_bus):
    owner = person("owner")
    listing = quoted_market(world)
    known(listing)
    with page(port) as browser:
        browser.say(op="subscribe", token_ids=[listing.token_ids[0]])
        browser.say(op="auth", token="forged")
        assert browser.await_told(lambda m: m["type"] == "error")["error"]["code"] == "invalid_token"
        browser.say(op="auth", token=access(owner))
        browser.say(op="subscribe", token_ids=[])
        browser.told.clear()
        browser.await_told(is_book(listing.token_ids[0]))  # what it watched it watches still
        until(lambda: memory_bus._listeners.get(f"user:{owner.pk}"))
        memory_bus.publish(f"user:{owner.pk}", b'{"type":"order","order":{}}')
        browser.await_told(lambda m: m["type"] == "order")


def test_a_foreign_page_and_a_forged_token_get_nothing(port):
    for path, options in (
        ("/ws/live", {"origin": "https://evil.example"}),
        ("/ws/live?token=forged", {}),
    ):
        with page(port, path, **options) as browser, pytest.raises(ConnectionClosed):
            browser.await_told(bool)
