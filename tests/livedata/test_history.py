from urllib.parse import parse_qs, urlsplit

import pytest

from livedata.errors import VenueDown
from livedata.history import BadHistory, history, price_history
from livedata.pulse import wall_ms
from markets.models import Market
from tests.livedata.recorded_venue import RecordedVenue, told

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.usefixtures("hasty")]
DAY = 86_400
CLOSED_S = 1_790_000_000
TOKEN = "7" * 60


class HistoryVenue(RecordedVenue):
    """Answers /prices-history with one point every `step` seconds between `first` and `last`."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.last = 0, 1 << 40
        self.price = "0.25"

    @property
    def spans(self) -> list[tuple[int, int]]:
        queries = (parse_qs(urlsplit(question).query) for question in self.asked)
        return [(int(query["startTs"][0]), int(query["endTs"][0])) for query in queries if "startTs" in query]

    def answer(self, path, query):
        assert path == "/prices-history"
        assert query["market"] == [TOKEN]
        step = 60 * int(query["fidelity"][0])
        start, end = (
            (int(query[name][0]) for name in ("startTs", "endTs")) if "startTs" in query else (0, self.last)
        )
        if end - start > 15 * DAY and "startTs" in query:
            return told({"error": "invalid filters: 'startTs' and 'endTs' interval is too long"}, 400)
        start, end = max(start, self.first), min(end, self.last)
        points = [{"t": t, "p": float(self.price)} for t in range(-(-start // step) * step, end + 1, step)]
        return told({"history": points})


@pytest.fixture
def venue(recorded_venue, monkeypatch) -> HistoryVenue:
    monkeypatch.setattr("tests.livedata.conftest.RecordedVenue", HistoryVenue)
    return recorded_venue()


def market(*, closed_s: int | None = CLOSED_S) -> Market:
    return Market.objects.create(
        id="1", slug="m", question="?", token_0=TOKEN, token_1="8", closed_ms=closed_s and closed_s * 1000
    )


@pytest.mark.portable
def test_a_history_is_asked_for_once_and_mirrored_for_the_other_outcome(venue):
    points = price_history(market(), interval="1d", fidelity=60)
    mirrored = price_history(Market.objects.get(), 1, interval="1d", fidelity=60)

    assert len(points) == 24
    assert {price for _, price in points} == {250_000}
    assert [t for t, _ in mirrored] == [t for t, _ in points]
    assert {price for _, price in mirrored} == {750_000}
    assert len(venue.asked) == 1


@pytest.mark.portable
def test_only_the_gaps_are_asked_for(venue):
    one = market()
    price_history(one, start_ts=CLOSED_S - 10 * DAY, end_ts=CLOSED_S - 8 * DAY, fidelity=60)
    price_history(one, start_ts=CLOSED_S - 6 * DAY, end_ts=CLOSED_S - 5 * DAY, fidelity=60)

    points = price_history(one, start_ts=CLOSED_S - 12 * DAY, end_ts=CLOSED_S - 4 * DAY, fidelity=60)

    assert len(points) == 8 * 24
    assert sorted(venue.spans[2:]) == [
        (CLOSED_S - 12 * DAY, CLOSED_S - 10 * DAY - 1),
        (CLOSED_S - 8 * DAY + 1, CLOSED_S - 6 * DAY - 1),
        (CLOSED_S - 5 * DAY + 1, CLOSED_S - 4 * DAY),
    ]


def test_a_long_stretch_is_asked_for_in_fifteen_day_windows(venue):
    points = price_history(market(), interval="1m", fidelity=60)

    assert len(points) == 30 * 24
    assert len(venue.spans) == 3
    assert all(end - start < 15 * DAY for start, end in venue.spans)


@pytest.mark.portable
def test_no_history_is_an_answer_and_remembered(venue):
    venue.last = 0

    assert price_history(market(), interval="1w") == []
    assert price_history(Market.objects.get(), interval="1w") == []
    assert len(venue.asked) == 1


def test_an_open_market_is_asked_again_once_a_point_is_due(venue):
    one = market(closed_s=None)
    first = history(one, interval="1h", fidelity=1)
    history(one, interval="1h", fidelity=1)

    assert len(venue.asked) == 1
    assert len(first.points) in (60, 61)
    assert abs(first.asked_ms - wall_ms()) < 60_000


def test_the_whole_life_is_one_question(venue):
    venue.first, venue.last = CLOSED_S - 20 * DAY, CLOSED_S

    points = price_history(market(), interval="max")

    assert len(points) == 40
    assert len(venue.asked) == 1
    assert price_history(Market.objects.get(), interval="max") == points
    assert len(venue.asked) == 1


def test_without_the_venue_what_is_kept_is_shown(venue):
    one = market()
    kept = price_history(one, interval="1d", fidelity=60)
    venue.trouble = lambda _count, _path: told({}, 500)

    assert price_history(one, interval="1w", fidelity=60) == kept
    with pytest.raises(VenueDown):
        price_history(one, interval="1h")


BAD = [
    ({"interval": "2d"}, "interval"),
    ({"interval": "1d", "start_ts": 1}, "interval"),
    ({"end_ts": 5}, "start_ts"),
    ({"start_ts": 6, "end_ts": 5}, "end_ts"),
    ({"interval": "1w", "fidelity": 4}, "fidelity"),
    ({"interval": "1m", "fidelity": 9}, "fidelity"),
    ({"interval": "1d", "fidelity": 0}, "fidelity"),
    ({"interval": "1d", "fidelity": 100_000}, "fidelity"),
    ({"start_ts": 0, "fidelity": 10}, "fidelity"),
]


@pytest.mark.parametrize(("asked", "field"), BAD)
def test_what_the_venue_does_not_have_is_refused(venue, asked, field):
    with pytest.raises(BadHistory) as caught:
        price_history(market(), **asked)

    assert caught.value.field == field
    assert venue.asked == []
