import itertools

from hypothesis import given
from hypothesis import strategies as st

from livedata.core.spans import Span, gaps, merged, windows

spans = st.tuples(st.integers(0, 60), st.integers(0, 20)).map(lambda pair: (pair[0], pair[0] + pair[1]))


def seconds(parts: list[Span]) -> set[int]:
    return {second for first, last in parts for second in range(first, last + 1)}


@given(st.lists(spans, max_size=8), spans)
def test_spans_and_gaps_divide_what_is_wanted(added, wanted):
    known: list[Span] = []
    for span in added:
        known = merged(known, span)

    assert seconds(known) == seconds(added)
    assert all(later[0] > earlier[1] + 1 for earlier, later in itertools.pairwise(known))
    missing = gaps(known, wanted)
    assert seconds(missing) == seconds([wanted]) - seconds(known)
    assert missing == sorted(missing)


@given(spans, st.integers(1, 15))
def test_windows_cover_a_span_without_overlap(span, longest):
    pieces = windows(span, longest)

    assert sum(last - first + 1 for first, last in pieces) == span[1] - span[0] + 1
    assert seconds(pieces) == seconds([span])
    assert all(last - first < longest for first, last in pieces)
