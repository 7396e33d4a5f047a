"""Stretches of time that we have asked for, and the gaps between them.

A span is (first second, last second), both included. A list of spans is in order and disjoint.
"""

from collections.abc import Sequence

Span = tuple[int, int]


def merged(spans: Sequence[Span], added: Span) -> list[Span]:
    """The spans with one more; those that touch or overlap become one."""
    first, last = added
    kept: list[Span] = []
    for span in spans:
        if span[1] + 1 < first or last + 1 < span[0]:
            kept.append(span)
        else:
            first, last = min(first, span[0]), max(last, span[1])
    return sorted([*kept, (first, last)])


def gaps(spans: Sequence[Span], wanted: Span) -> list[Span]:
    """What of a wanted stretch is in none of the spans."""
    found: list[Span] = []
    start, end = wanted
    for first, last in spans:
        if last < start:
            continue
        if first > end:
            break
        if first > start:
            found.append((start, first - 1))
        start = last + 1
    if start <= end:
        found.append((start, end))
    return found


def windows(span: Span, longest: int) -> list[Span]:
    """The span in pieces of at most `longest` seconds."""
    start, end = span
    return [(first, min(first + longest - 1, end)) for first in range(start, end + 1, longest)]
