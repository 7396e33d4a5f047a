import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from livedata import sync
from livedata.errors import VenueBadPayload, VenueDown
from markets.core.errors import Conflict
from markets.models import Event, Market, SyncState
from markets.selectors import Filters, browse
from tests.livedata.recorded_venue import RecordedVenue, btc_markets, nba_events, open_markets, told
from tests.make import gamma_event, gamma_market

pytestmark = pytest.mark.django_db(databases="__all__")


def catalogue() -> list[dict]:
    """Everything that the catalogue says, but when it was written."""
    rows = [*Event.objects.order_by("pk").values(), *Market.objects.order_by("pk").values()]
    return [{name: value for name, value in row.items() if name != "synced_ms"} for row in rows]


def clear() -> None:
    for model in (Market, Event, SyncState):
        model.objects.all().delete()


def some_rows(count: int = 600) -> list[dict]:
    """Open markets of a hundred events, some closed, one in fifty unreadable."""
    rows = []
    for number in range(1, count + 1):
        event = {
            "id": str(9000 + number % 100),
            "slug": f"event-{number % 100}",
            "title": f"Event {number % 100}",
        }
        ended = {"closed": True, "umaResolutionStatus": "resolved", "outcomePrices": '["1", "0"]'}
        bad = {"orderPriceMinTickSize": 0.03} if number % 50 == 0 else {}
        rows.append(gamma_market(number, events=[event], **(ended if number % 7 == 0 else {}), **bad))
    return rows


@pytest.mark.portable
def test_a_full_sync_brings_every_open_market_and_its_event(recorded_venue):
    recorded_venue(markets=[gamma_market(n) for n in range(1, 4)], events=[gamma_event(1, [gamma_market(9)])])

    state = sync.sync_full()

    assert sorted(Market.objects.values_list("pk", flat=True)) == ["1", "2", "3", "9"]
    assert (state.phase, state.rows_count, state.bad_count, state.last_error) == ("", 8, 0, "")
    assert state.finished_ms >= state.started_ms


@pytest.mark.portable
def test_syncing_again_writes_nothing_but_what_moved(recorded_venue):
    venue = recorded_venue(markets=[gamma_market(n) for n in range(1, 4)])
    sync.sync_full()
    before = catalogue()

    assert sync.sync_full().written_count == 0
    assert catalogue() == before

    venue.markets[1]["volume24hr"] = 99.5
    assert sync.sync_full().written_count == 1
    assert Market.objects.get(pk="2").volume_24h_micros == 99_500_000


@pytest.mark.portable
def test_a_bad_row_is_counted_and_shown_and_stops_nothing(recorded_venue):
    recorded_venue(markets=[gamma_market(1), gamma_market(2, orderPriceMinTickSize=0.03), gamma_market(3)])

    state = sync.sync_full()

    assert sorted(Market.objects.values_list("pk", flat=True)) == ["1", "3"]
    assert state.bad_count == 2  # once in each phase
    assert "no such tick: 0.03" in SyncState.objects.get(pk="full").last_bad


@pytest.mark.portable
def test_what_has_closed_in_between_is_asked_for_by_name(recorded_venue):
    venue = recorded_venue(markets=[gamma_market(n) for n in range(1, 4)])
    sync.sync_full()
    venue.markets[0] |= {"closed": True, "umaResolutionStatus": "resolved", "outcomePrices": '["0", "1"]'}

    sync.sync_full()

    market = Market.objects.get(pk="1")
    assert (market.status, market.payout_0_micros) == (Market.Status.RESOLVED, 0)
    for closed, found in ((True, ["1"]), (False, [])):
        page = browse(Filters(search="number 1", closed=closed))
        assert [market.pk for market in page.items] == found


def test_an_incremental_sync_reads_back_to_the_last_one(recorded_venue):
    old, new = "2020-01-01T00:00:00Z", "2099-01-01T00:00:00Z"
    rows = [gamma_market(n, updatedAt=new if n <= 3 else old) for n in range(1, 251)]
    venue = recorded_venue(markets=rows)
    sync.sync_incremental()
    asked = len(venue.asked)

    state = sync.sync_incremental()

    pages = [question for question in venue.asked[asked:] if "closed=false" in question]
    assert len(pages) == 3  # a batch; two more of the same list hold nothing new
    assert state.since_ms is not None and state.since_ms > 1_600_000_000_000


def test_an_incremental_sync_stops_at_what_has_not_changed(recorded_venue, settings):
    settings.SYNC_BATCH_SIZE = 100
    rows = [gamma_market(n, updatedAt="2020-01-01T00:00:00Z") for n in range(1, 501)]
    venue = recorded_venue(markets=rows)

    sync.sync_incremental()

    assert len([question for question in venue.asked if "closed=false" in question]) == 1


@pytest.mark.portable
def test_closed_markets_follow_in_sittings(recorded_venue, settings):
    settings.SYNC_BATCH_SIZE = 100
    rows = [gamma_market(n, closed=True) for n in range(1, 251)]
    recorded_venue(markets=rows)

    counts = []
    while sync.never_finished("closed"):
        sync.sync_closed(seconds=0)
        counts.append(Market.objects.count())

    assert counts == [100, 200, 250]
    assert not sync.under_way("closed")


def test_twenty_failures_at_random_points_change_nothing(recorded_venue, settings, hasty):
    settings.SYNC_BATCH_SIZE = 100
    venue = recorded_venue(markets=some_rows())
    sync.sync_full()
    sync.sync_closed()
    undisturbed, questions = catalogue(), len(venue.asked)
    dice = random.Random(20261124)

    for _ in range(20):
        clear()
        venue.asked.clear()
        point = dice.randint(1, questions)
        venue.trouble = lambda count, _path, point=point: (
            told({}, 500) if point <= count < point + 5 else None
        )
        failures = 0
        while sync.never_finished("closed"):
            try:
                sync.sync_full() if sync.never_finished("full") else sync.sync_closed()
            except VenueDown:
                failures += 1
        assert failures == 1
        assert catalogue() == undisturbed, f"killed at question {point}"


class Killed(BaseException):
    """Not an error that anybody handles."""


def test_dying_between_any_two_writes_changes_nothing(recorded_venue, hasty, settings, monkeypatch):
    settings.SYNC_BATCH_SIZE = 200
    recorded_venue(markets=some_rows(300))
    sync.sync_full()
    undisturbed = catalogue()
    writes = {"left": 0}

    def dying(function):
        def write(*args, **kwargs):
            writes["left"] -= 1
            if writes["left"] == 0:
                raise Killed
            return function(*args, **kwargs)

        return write

    for name in ("upsert", "patch", "index"):
        original = getattr(sys.modules["markets.services"], name)
        monkeypatch.setattr(f"markets.services.{name}", dying(original))
    for point in range(1, 25):
        clear()
        writes["left"] = point
        try:
            sync.sync_full()
        except Killed:
            sync.sync_full()
        assert catalogue() == undisturbed, f"killed at write {point}"


def test_another_run_that_takes_over_stops_this_one(recorded_venue, settings):
    settings.SYNC_BATCH_SIZE = 100
    recorded_venue(markets=[gamma_market(n) for n in range(1, 301)])
    counts = []

    def take_over(state: SyncState) -> None:
        counts.append(state.rows_count)
        if len(counts) == 2:
            sync.sync_full()

    with pytest.raises(Conflict):
        sync.sync_full(progress=take_over)

    assert SyncState.objects.get(pk="full").phase == ""
    assert Market.objects.count() == 300


@pytest.mark.parametrize("cursors", [["A", "A"], ["A", "B", "A"], ["A", "B", "C", "B"]])
def test_cursors_that_lead_in_a_circle_end_the_run_and_its_place(recorded_venue, settings, cursors):
    settings.SYNC_BATCH_SIZE = 100
    venue = recorded_venue()
    row = gamma_market(1)
    pages = iter([told({"markets": [row], "next_cursor": cursor}) for cursor in [*cursors, *cursors]])
    venue.trouble = lambda _count, _path: next(pages)

    with pytest.raises(VenueBadPayload):
        sync.sync_full()

    state = SyncState.objects.get(pk="full")
    assert (state.phase, state.cursor) == ("busiest", "")
    assert "cursor" in state.last_error


def test_empty_pages_are_walked_through_but_not_for_ever(recorded_venue):
    venue = recorded_venue(markets=[gamma_market(1)])
    empty = {"markets": [], "next_cursor": "MA=="}
    venue.trouble = lambda count, _path: told(empty) if count == 1 else None

    assert sync.sync_full().rows_count == 2

    venue.trouble = lambda count, _path: told({"markets": [], "next_cursor": str(count)})
    with pytest.raises(VenueBadPayload, match="empty pages"):
        sync.sync_full()


def test_the_command_reports_in_one_line_and_resumes_later(recorded_venue, hasty, capsys):
    venue = recorded_venue(markets=[*(gamma_market(n) for n in range(1, 4)), gamma_market(4, closed=True)])
    call_command("sync_markets", verbosity=0)
    assert capsys.readouterr().out.startswith(
        "full: 6 rows read, 3 written, 3 unchanged, 0 bad; closed: 1 rows"
    )

    call_command("sync_markets", "--limit", "2", "--full", verbosity=0)
    assert "closed" not in capsys.readouterr().out

    venue.trouble = lambda _count, _path: told({}, 500)
    with pytest.raises(CommandError, match="stopped"):
        call_command("sync_markets", "--incremental", verbosity=0)


@pytest.mark.slow
def test_a_killed_process_leaves_a_catalogue_that_can_be_completed(tmp_path: Path, settings, recorded_venue):
    venue = recorded_venue(markets=some_rows(2000))
    settings.SYNC_BATCH_SIZE = 100
    environment = {
        **os.environ,
        "DATA_DIR": str(tmp_path),
        "SYNC_BATCH_SIZE": "100",
        **{name: url for name, url in settings.EXCHANGE_URLS.items() if url},
    }
    manage = [sys.executable, "manage.py"]
    subprocess.run(
        [*manage, "migrate", "--database", "markets_db", "--verbosity", "0"], env=environment, check=True
    )
    dice = random.Random(7)

    killed = 0
    for _ in range(20):
        venue.asked.clear()
        running = subprocess.Popen(
            [*manage, "sync_markets", "--full"], env=environment, stderr=subprocess.DEVNULL
        )
        point, deadline = dice.randint(1, 40), time.monotonic() + 60
        while len(venue.asked) < point and running.poll() is None and time.monotonic() < deadline:
            time.sleep(0.002)
        running.send_signal(signal.SIGKILL)
        killed += running.wait() == -signal.SIGKILL
    subprocess.run([*manage, "sync_markets", "--full"], env=environment, check=True)
    dump = [*manage, "dumpdata", "markets.event", "markets.market", "--database", "markets_db"]
    resumed = json.loads(subprocess.run(dump, env=environment, check=True, capture_output=True).stdout)

    sync.sync_full()
    sync.sync_closed()
    undisturbed = {row["id"]: row for row in catalogue()}
    assert killed >= 10
    assert len(resumed) == len(undisturbed)
    for row in resumed:
        wanted_row = undisturbed[row["pk"]]
        assert row["fields"]["content_hash"] == wanted_row["content_hash"]
        assert row["fields"]["status"] == wanted_row["status"]


def test_all_recorded_markets_come_through_without_a_lost_row(recorded_venue, hasty, recordings: Path):
    """12,000 open markets of one day, fifty games with 738 markets, 200 settled crypto markets."""
    opened, games, settled = open_markets(recordings), nba_events(recordings), btc_markets(recordings)
    venue: RecordedVenue = recorded_venue(markets=[*opened, *settled], events=games)

    state = sync.sync_full()
    closed = sync.sync_closed()

    assert (state.bad_count, closed.bad_count) == (0, 0)
    every = {row["id"] for row in venue.markets}
    assert set(Market.objects.values_list("pk", flat=True)) == every
    assert len(every) == 12_000 + 738 + 200
    assert Market.objects.filter(status=Market.Status.RESOLVED).count() == 200 + 218
    assert Event.objects.count() == len({event["id"] for row in opened for event in row["events"]})
    assert sync.sync_full().written_count <= 40  # events' own numbers differ from copy to copy
