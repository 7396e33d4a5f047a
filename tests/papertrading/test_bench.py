"""The benchmarks' own words: goals, tables, and lines for machines."""

import json

import pytest

from tests.bench import Figure
from tests.bench.__main__ import as_json, as_line, machine, modules

GOALS = [
    (10, None, False, True),
    (10, 10, False, True),
    (9, 10, False, False),
    (10, 10, True, True),
    (11, 10, True, False),
]


@pytest.mark.parametrize(("value", "goal", "at_most", "ok"), GOALS)
def test_goals_are_kept_from_above_or_below(value, goal, at_most, ok):
    assert Figure(figure="x", value=value, unit="s", goal=goal, at_most=at_most).ok is ok


def test_a_line_for_machines_has_the_agreed_fields():
    figure = Figure(figure="second start", value=4.2, unit="s", goal=5, at_most=True)

    assert json.loads(as_json(figure)) == {
        "figure": "second start",
        "value": 4.2,
        "unit": "s",
        "goal": 5,
        "ok": True,
    }
    assert "goal <= 5" in as_line("site", figure)
    assert "MISSED" in as_line("site", Figure(figure="x", value=1, unit="s", goal=2))


def test_the_runner_finds_its_modules_and_names_the_machine():
    assert "site" in modules()
    assert "Python" in machine()
