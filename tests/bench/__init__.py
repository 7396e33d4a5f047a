"""Benchmarks: `make bench` runs every module here that has `figures()`, and prints what it yields.

A module measures one thing on its own small set-up, asserts that the work was done right, and is
bounded in time (about a minute). Django is set up, with a DATA_DIR of its own and migrated databases.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measured number. With `at_most` a goal is kept from below (times, memory), else from above."""

    figure: str  # "book messages applied, one core"
    value: float
    unit: str  # "messages/s", "ms", "MB"
    goal: float | None = None
    at_most: bool = False

    @property
    def ok(self) -> bool:
        if self.goal is None:
            return True
        return self.value <= self.goal if self.at_most else self.value >= self.goal
