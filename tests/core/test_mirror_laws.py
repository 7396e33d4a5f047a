"""Laws of the mirror, on random histories of a venue that shares no code with it."""

from dataclasses import dataclass, field
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from livedata.core.mirror import Mirror
from livedata.core.outcomes import Doubt, Dropped
from livedata.core.steps import MarketRef, Print, Step
from livedata.core.wire import Reader
from markets.core.book import OrderBook, Side
from markets.core.units import to_micros
from tests.core.reference_venue import CONDITION, TOKENS, Change, ReferenceVenue

REF = MarketRef(CONDITION, *TOKENS)
laws = settings(max_examples=150, deadline=None)

prices = st.integers(1, 99).map(lambda cents: f"{Decimal(cents) / 100}")
sizes = st.sampled_from(["0", "5", "10", "12.34", "100", "100000.01"])
orders = st.lists(st.tuples(st.sampled_from(["BUY", "SELL"]), prices, sizes), min_size=1, max_size=6)


@dataclass
class Moment:
    """One step of the venue, and the truth after it."""

    frames: list[bytes]
    truth: OrderBook = field(default_factory=OrderBook)


def uncrossing(venue: ReferenceVenue, wanted: list[Change]) -> list[Change]:
    """The changes, each followed by the removal of what it would trade with."""
    levels = {side: dict(sizes) for side, sizes in venue.sides.items()}
    made: list[Change] = []
    for side, price, size in wanted:
        made.append((side, price, size))
        levels[side][Decimal(price)] = Decimal(size)
        other = "SELL" if side == "BUY" else "BUY"
        for met in [p for p, standing in levels[other].items() if standing and Decimal(size)]:
            if (met <= Decimal(price)) if side == "BUY" else (met >= Decimal(price)):
                made.append((other, f"{met}", "0"))
                levels[other][met] = Decimal(0)
    return made


@st.composite
def histories(draw: st.DrawFn) -> tuple[bytes, list[Moment]]:
    """A snapshot and the moments after it: batches, trades, whole books, both orders of the tokens."""
    venue = ReferenceVenue(tick=draw(st.sampled_from(["0.01", "0.001"])), neg_risk=draw(st.booleans()))
    venue.step(uncrossing(venue, draw(orders)))
    snapshot = venue.snapshot(draw(st.sampled_from([(0, 1), (1, 0), (0,), (1,)])))
    moments = []
    for number in range(draw(st.integers(1, 6))):
        frames = venue.step(
            uncrossing(venue, draw(orders)),
            frames=draw(st.integers(1, 3)),
            swap=draw(st.booleans()),
            ms=draw(st.integers(1, 30)),
        )
        if draw(st.booleans()):
            frames += [venue.book_after_trade(token) for token in draw(st.sampled_from([(0, 1), (1,)]))]
        if draw(st.integers(0, 3)) == 0:
            side, token = draw(st.sampled_from(["BUY", "SELL"])), draw(st.sampled_from([0, 1]))
            frames.append(venue.trade(side, draw(prices), "5", token=token, transaction=f"0x{number}"))
        moments.append(Moment(frames, truth_of(venue)))
    return snapshot, moments


def truth_of(venue: ReferenceVenue) -> OrderBook:
    def read(side: str) -> dict[int, int]:
        return {to_micros(f"{p}"): to_micros(f"{size}") for p, size in venue.sides[side].items()}

    return OrderBook.of(read("BUY"), read("SELL"))


class Player:
    """Plays frames into a mirror on a clock of its own, and keeps all that it says."""

    def __init__(self, snapshot: bytes, *, check_every_ms: int = 0) -> None:
        self.mirror = Mirror(REF)
        self.mirror.check_every_ms = check_every_ms
        self.mirror.await_snapshot(1)
        self.now_ms = 1_000
        self.said: list[object] = []
        self.play(snapshot)

    def play(self, *frames: bytes) -> None:
        for frame in frames:
            self.now_ms += 1
            for event in Reader().read(frame):
                self.said += self.mirror.apply(event, now_ms=self.now_ms)

    def rest(self) -> None:
        """Let the timer run out."""
        self.now_ms += 25
        self.said += self.mirror.tick(self.now_ms)


@laws
@given(history=histories(), check_every_ms=st.sampled_from([0, 1_000, 10**9]))
def test_the_mirror_shows_the_venues_book_after_every_step(history, check_every_ms):
    snapshot, moments = history
    player = Player(snapshot, check_every_ms=check_every_ms)

    for moment in moments:
        player.play(*moment.frames)
        player.rest()
        assert player.mirror.book == moment.truth
        assert not player.mirror.open

    assert not [said for said in player.said if isinstance(said, Dropped | Doubt)]
    assert player.mirror.refuted_count == 0


@laws
@given(history=histories())
def test_the_steps_alone_rebuild_the_book(history):
    snapshot, moments = history
    player = Player(snapshot)
    for moment in moments:
        player.play(*moment.frames)
    player.rest()

    book = OrderBook()
    seqs = []
    for step in (said for said in player.said if isinstance(said, Step)):
        seqs.append(step.seq)
        for change in step.changes:
            assert book.sizes(change.side).get(change.price_micros, 0) == change.before_micros
            book.set_level(change.side, change.price_micros, change.after_micros)

    assert book == moments[-1].truth
    assert seqs == list(range(1, len(seqs) + 1))


@laws
@given(history=histories())
def test_the_view_of_either_token_is_the_same_book(history):
    """Fed by frames that name one token only, a mirror knows what the other token's mirror knows."""
    snapshot, moments = history
    whole, one_sided = Player(snapshot), Player(snapshot)
    for moment in moments:
        whole.play(*moment.frames)
        one_sided.play(*(_only(token=1, frame=frame) for frame in moment.frames))
    whole.rest()
    one_sided.rest()

    assert one_sided.mirror.book == whole.mirror.book == moments[-1].truth
    for side in Side:
        assert whole.mirror.book.levels(side, 1) == one_sided.mirror.book.levels(side, 1)


def _only(*, token: int, frame: bytes) -> bytes:
    (event,) = Reader().read(frame)
    if not hasattr(event, "price_changes"):
        return frame
    import json

    raw = json.loads(frame)
    raw["price_changes"] = [e for e in raw["price_changes"] if e["asset_id"] == TOKENS[token]]
    return json.dumps(raw).encode()


@laws
@given(history=histories(), data=st.data())
def test_replaying_any_frame_changes_nothing(history, data):
    """Each frame twice in a row, and after every step any frames of the past."""
    snapshot, moments = history
    once, again = Player(snapshot), Player(snapshot)
    played = [snapshot]
    for moment in moments:
        for frame in moment.frames:
            once.play(frame)
            again.play(frame, frame)
            played.append(frame)
        again.play(*data.draw(st.lists(st.sampled_from(played), max_size=3)))
        once.now_ms = again.now_ms
        assert again.mirror.book == once.mirror.book == moment.truth
    once.rest()
    again.rest()

    assert printed(again.said) == printed(once.said)
    assert not [said for said in again.said if isinstance(said, Doubt | Dropped)]


def printed(said: list[object]) -> list[Print]:
    return [trade for trade in said if isinstance(trade, Print)]


@laws
@given(history=histories(), data=st.data(), check_every_ms=st.sampled_from([0, 10**9]))
def test_a_replay_in_the_middle_of_a_step_never_leaves_a_wrong_book_that_is_trusted(
    history, data, check_every_ms
):
    snapshot, moments = history
    player = Player(snapshot, check_every_ms=check_every_ms)
    played = [snapshot]
    for moment in moments:
        for frame in moment.frames:
            player.play(frame)
            played.append(frame)
            player.play(*data.draw(st.lists(st.sampled_from(played), max_size=2)))
        player.rest()
        mirror = player.mirror
        assert mirror.book == moment.truth or mirror.doubted or not mirror.live


@laws
@given(history=histories(), data=st.data())
def test_a_lost_frame_never_stays_unnoticed(history, data):
    """Whatever frame is lost, at the end the book is the venue's, or is doubted, or was dropped."""
    snapshot, moments = history
    frames = [(frame, moment) for moment in moments for frame in moment.frames]
    lost = data.draw(st.integers(0, len(frames) - 1))
    player = Player(snapshot)
    for number, (frame, _) in enumerate(frames):
        if number != lost:
            player.play(frame)
    player.rest()

    if all(b"last_trade_price" in frame for frame, _ in frames[lost + 1 :]):
        return  # nothing after it could have told
    told = any(isinstance(said, Dropped | Doubt) for said in player.said)
    assert told or player.mirror.book in [moment.truth for moment in moments]


@laws
@given(history=histories(), shuffle=st.randoms(use_true_random=False))
def test_frames_in_any_order_never_leave_a_wrong_book_that_is_trusted(history, shuffle):
    snapshot, moments = history
    frames = [frame for moment in moments for frame in moment.frames]
    shuffle.shuffle(frames)
    player = Player(snapshot)
    begun = player.mirror.book.copy()

    player.play(*frames)
    player.rest()

    mirror = player.mirror
    trusted = mirror.live and not mirror.doubted
    assert not trusted or mirror.book in [begun, *(moment.truth for moment in moments)]
