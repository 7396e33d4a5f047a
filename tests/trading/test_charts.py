"""The server's pictures: whole numbers on a canvas, round labels, nothing outside."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from markets.core.units import ONE
from tests.make import levels
from trading.charts import CANVAS, bar_percent, depth_chart, price_chart, spark

prices = st.integers(1_000, 999_000)


def places(path):
    return [tuple(map(int, pair.split())) for pair in re.findall(r"-?\d+ -?\d+", path)]


def test_one_point_makes_no_chart():
    assert price_chart([[(0, 500_000)]]) is None
    assert spark([(0, 500_000)]) == ""


def test_a_price_chart_runs_from_edge_to_edge():
    chart = price_chart([[(0, 400_000), (50, 600_000), (100, 500_000)]])

    line = places(chart.lines[0])
    assert [x for x, _ in line] == [0, 500, 1000]
    assert line[1][1] < line[2][1] < line[0][1], "dearer is higher"
    assert chart.areas[0].endswith(f"L1000 {CANVAS}L0 {CANVAS}Z")


@given(st.lists(prices, min_size=2, max_size=40))
def test_a_price_chart_stays_on_its_canvas_with_round_labels(walk):
    chart = price_chart([list(enumerate(walk))])

    assert all(0 <= x <= CANVAS and 0 <= y <= CANVAS for x, y in places(chart.lines[0]))
    assert 1 <= len(chart.prices) <= 7
    assert all(0 <= mark.at <= 100 and 0 <= mark.value <= ONE for mark in chart.prices)
    assert len({mark.value for mark in chart.prices}) == len(chart.prices)


def test_lines_share_one_scale_and_an_empty_one_stays_empty():
    chart = price_chart([[(0, 100_000), (10, 100_000)], [], [(0, 900_000), (10, 900_000)]])

    low, none, high = (places(line) for line in chart.lines)
    assert none == []
    assert low[0][1] > high[0][1]


@pytest.mark.parametrize(
    ("size", "largest", "length"), [(100, 100, 100), (0, 100, 2), (50, 100, 64), (1, 10**9, 2), (5, 0, 2)]
)
def test_a_bar_is_shorter_than_its_share_but_never_gone(size, largest, length):
    assert bar_percent(size, largest) == length


@given(st.integers(1, 10**15), st.integers(1, 10**15))
def test_a_longer_bar_is_never_a_smaller_level(one, other):
    largest = max(one, other)
    assert (bar_percent(one, largest) <= bar_percent(other, largest)) or one > other


def test_depth_is_a_staircase_on_both_sides_of_the_midpoint():
    picture = depth_chart(levels("0.49x50 0.48x100"), levels("0.51x30 0.52x70"), tick_micros=10_000)

    assert (picture.bid_micros, picture.ask_micros) == (150 * ONE, 100 * ONE)
    assert (picture.low_micros, picture.high_micros) == (460_000, 540_000)
    assert max(x for x, _ in places(picture.bids_line)) < min(x for x, _ in places(picture.asks_line))
    assert [mark.value for mark in picture.sizes] == [50 * ONE, 100 * ONE]


def test_an_empty_side_has_no_depth():
    assert depth_chart(levels("0.49x50"), (), tick_micros=10_000) is None
