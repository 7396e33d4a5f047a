"""Whole sets: a share of each outcome is one USDC, so sets are made, taken apart and converted, free of fees.

Every move says what comes and what goes, and at what value each is booked. What comes costs its value,
what goes is sold at its value, and the values of what goes less those of what comes are the cash: no move
makes or loses money. How a dollar is laid on the outcomes: docs/decisions/0011.
Source: api of 2026, "Split / merge / convert"; the neg-risk adapter's convertPositions.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markets.core.errors import Rejected
from markets.core.units import ONE, from_micros
from trading.core.ledger import SETS, TRADER, USDC, Line, checked
from trading.core.positions import Holding, after_giving, after_receiving, cost_of
from trading.core.rejections import Code


@dataclass(frozen=True, slots=True)
class Leg:
    """`size_micros` shares of a token come (negative: go), booked at `value_micros` USDC, never negative."""

    token_id: str
    size_micros: int
    value_micros: int


@dataclass(frozen=True, slots=True)
class SetMove:
    """What one split, merge or conversion moves. `cash_micros` comes (negative: goes)."""

    legs: tuple[Leg, ...]
    cash_micros: int

    def __post_init__(self) -> None:
        given = sum(leg.value_micros if leg.size_micros < 0 else -leg.value_micros for leg in self.legs)
        assert given == self.cash_micros, f"a set move makes or loses money: {self}"


def split(tokens: tuple[str, str], *, size_micros: int, midpoint_micros: int | None) -> SetMove:
    """`size` USDC become `size` shares of each outcome; the midpoint is outcome 0's."""
    values = laid(size_micros, _outcome_weights(midpoint_micros))
    legs = tuple(Leg(token, size_micros, value) for token, value in zip(tokens, values, strict=True))
    return SetMove(legs, -size_micros)


def merge(tokens: tuple[str, str], *, size_micros: int, midpoint_micros: int | None) -> SetMove:
    """`size` shares of each outcome become `size` USDC; the midpoint is outcome 0's."""
    values = laid(size_micros, _outcome_weights(midpoint_micros))
    legs = tuple(Leg(token, -size_micros, value) for token, value in zip(tokens, values, strict=True))
    return SetMove(legs, size_micros)


def convert(given: Mapping[str, Holding], others: Mapping[str, int | None], *, size_micros: int) -> SetMove:
    """NO shares of some questions become YES shares of all others, and a USDC for each question but one.

    `given`: what is held of the NO tokens that go. `others`: the YES tokens of the event's other
    questions, and their midpoints. What the NO shares cost is paid back by the cash first; what is left
    of it the YES shares cost, and cash beyond it is a result.
    """
    costs = [cost_of(holding, size_micros=size_micros) for holding in given.values()]
    cash = (len(given) - 1) * size_micros
    carried = max(0, sum(costs) - cash) if others else 0
    proceeds = laid(cash + carried, costs)
    midpoints = list(others.values())
    weights = [1] * len(midpoints) if None in midpoints else [micros or 0 for micros in midpoints]
    legs = [Leg(token, -size_micros, value) for token, value in zip(given, proceeds, strict=True)]
    legs += [
        Leg(token, size_micros, value) for token, value in zip(others, laid(carried, weights), strict=True)
    ]
    return SetMove(tuple(legs), cash)


def check_covered(move: SetMove, *, cash_micros: int, held: Mapping[str, Holding]) -> None:
    """Raise Rejected unless cash and shares cover what goes: neither ever falls below zero."""
    if cash_micros + move.cash_micros < 0:
        raise Rejected(
            Code.INSUFFICIENT_BALANCE,
            f"not enough cash: {from_micros(-move.cash_micros)} USDC needed, "
            f"{from_micros(cash_micros)} there",
            field="size",
        )
    for leg in move.legs:
        there = held.get(leg.token_id, Holding()).size_micros
        if there + leg.size_micros < 0:
            raise Rejected(
                Code.INSUFFICIENT_SHARES,
                f"not enough shares: {from_micros(-leg.size_micros)} needed, {from_micros(there)} held",
                field="size",
            )


def after_leg(before: Holding, leg: Leg) -> Holding:
    """The holding of the leg's token after it."""
    if leg.size_micros < 0:
        return after_giving(before, size_micros=-leg.size_micros, earned_micros=leg.value_micros)
    return after_receiving(before, size_micros=leg.size_micros, cost_micros=leg.value_micros)


def set_lines(move: SetMove) -> tuple[Line, ...]:
    """Ledger lines of a move: the account `sets` is the contract that makes sets and takes them back."""
    moved = [(USDC, move.cash_micros), *((leg.token_id, leg.size_micros) for leg in move.legs)]
    return checked(
        *(
            line
            for asset, amount in moved
            for line in (Line(TRADER, asset, amount), Line(SETS, asset, -amount))
        )
    )


def laid(total_micros: int, weights: Sequence[int]) -> list[int]:
    """`total` in whole micros by weight, equal when no weight says anything; the parts sum to it exactly."""
    weights = list(weights) if any(weights) else [1] * len(weights)
    whole, parts, weighed, given = sum(weights), [], 0, 0
    for weight in weights:
        weighed += weight
        upto = total_micros * weighed // whole
        parts.append(upto - given)
        given = upto
    return parts


def _outcome_weights(midpoint_micros: int | None) -> tuple[int, int]:
    return (1, 1) if midpoint_micros is None else (midpoint_micros, ONE - midpoint_micros)
