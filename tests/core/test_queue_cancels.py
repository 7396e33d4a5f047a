"""Whose cancel was it? A level that shrinks without a print, and what each model makes of it."""

import pytest

from markets.core.units import ONE
from tests.core.test_queue import RISK, Story, ahead


def test_a_cancel_of_the_size_of_one_who_came_later_leaves_us_where_we_were():
    story = Story()
    mine = story.rest("mine", "BUY", "20", "0.50")
    story.step("bid 0.50 140")
    story.step("bid 0.50 165")

    story.step("bid 0.50 125")

    assert ahead(mine) == (100, 100)


def test_a_cancel_that_nobody_behind_explains_came_from_ahead():
    """Orders are cancelled whole: with 40 behind us, 35 that go stood ahead."""
    story = Story()
    mine = story.rest("mine", "BUY", "20", "0.50")
    story.step("bid 0.50 140")

    story.step("bid 0.50 105")

    assert ahead(mine) == (65, 65)


def test_what_several_behind_may_explain_together_is_not_certain():
    story = Story()
    mine = story.rest("mine", "BUY", "20", "0.50")
    story.step("bid 0.50 110")
    story.step("bid 0.50 135")

    story.step("bid 0.50 100")  # 35: the 10 and the 25 behind us, or somebody ahead

    assert ahead(mine) == (100, 65)


def test_with_many_behind_only_the_level_bounds_who_must_be_certain():
    story = Story()
    mine = story.rest("mine", "BUY", "20", "0.50")
    for size in (110, 121, 133, 146, 160):
        story.step(f"bid 0.50 {size}")

    story.step("bid 0.50 153")

    assert ahead(mine) == (100, 93)


def test_trades_beyond_our_queue_take_from_those_behind():
    """Only where we are not filled ourselves: prints of a world without us."""
    story = Story()
    mine = story.rest("mine", "BUY", "20", "0.50")
    story.step("bid 0.50 140")

    story.step("sell 110 @ 0.50", "bid 0.50 30")

    assert mine.behind == [30 * ONE]


def test_after_a_gap_nothing_is_known_of_who_came_later():
    story = Story()
    mine = story.rest("mine", "BUY", "20", "0.50")
    story.step("bid 0.50 105", "ask 0.52 80", snapshot=True)
    assert mine.behind is None
    for place in mine.places:
        place.ahead_micros = 75 * ONE

    story.step("bid 0.50 60")

    assert ahead(mine) == (60, pytest.approx(75 * 60 / 105, abs=1e-5))


def test_cancels_bound_the_queue():
    story = Story()
    mine = story.rest("mine", "BUY", "20", "0.50")
    for size in (110, 121, 133, 146, 160):
        story.step(f"bid 0.50 {size}")

    story.step("bid 0.50 60")

    assert ahead(mine) == (60, 0)


def test_an_order_that_a_cancel_has_moved_is_kept_anew():
    story = Story()
    mine = story.rest("mine", "BUY", "20", "0.50")
    far = story.rest("far", "BUY", "20", "0.49")
    story.queue.touched.clear()

    story.step("bid 0.50 60")

    assert story.queue.touched == {mine}
    assert ahead(far) == (200, 200)
    assert mine.place(RISK).open_micros == 20 * ONE
