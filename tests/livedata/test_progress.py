from livedata.clock import VenueClock
from livedata.progress import Progress


def following(*lates_ms: int, speed: float = 1.0) -> Progress:
    """A feed on connection 1 whose frames came so late."""
    progress = Progress()
    progress.clock = VenueClock(wall_ms=0, venue_ms=0, speed=speed)
    progress.opened(1)
    for number, late_ms in enumerate(lates_ms, start=1):
        progress.saw(1, 1_000 * number, 1_000 * number + late_ms)
    progress.second()
    return progress


def test_the_delay_is_the_worst_of_the_last_ten_seconds():
    progress = following(30, 80, 40)
    assert progress.delay_ms == 80

    for number in range(10):
        progress.saw(1, 10_000 + number, 10_000 + number + 25)
        progress.second()
    assert progress.delay_ms == 25


def test_the_delay_has_bounds_and_a_first_guess():
    assert Progress().delay_ms == 250
    assert following(3).delay_ms == 20
    assert following(60_000).delay_ms == 2_000
    assert following(-5).delay_ms == 20  # their clock may be ahead of ours


def test_a_repeat_of_something_old_says_nothing_about_the_delay():
    progress = following(30)
    progress.saw(1, 500, 900_000)
    progress.second()

    assert progress.delay_ms == 30


def test_an_event_tells_that_all_earlier_ones_are_here():
    progress = following(30)

    assert progress.passed_ms(1, now_ms=1_000, oldest_open_ms=None) == 999
    assert progress.passed_ms(1, now_ms=5_000, oldest_open_ms=None) == 4_970  # quiet: the delay tells


def test_a_step_under_way_has_not_passed():
    progress = following(30)

    assert progress.passed_ms(1, now_ms=5_000, oldest_open_ms=1_000) == 999
    assert progress.passed_ms(1, now_ms=5_000, oldest_open_ms=None) == 4_970
    assert progress.passed_ms(1, now_ms=5_001, oldest_open_ms=2_000) == 4_970  # it never goes back


def test_ten_venue_milliseconds_in_one_of_ours():
    progress = Progress()
    progress.clock = VenueClock(wall_ms=1_000, venue_ms=50_000, speed=10.0)
    progress.opened(1)
    progress.saw(1, 50_000, 1_030)
    progress.second()

    assert progress.delay_ms == 300
    assert progress.passed_ms(1, now_ms=1_100, oldest_open_ms=None) == 50_700


def test_a_second_counts_its_frames():
    progress = Progress()
    progress.frames_count = 7
    assert progress.second() == 7
    assert progress.second() == 0
