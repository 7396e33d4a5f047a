import pytest
from hypothesis import given
from hypothesis import strategies as st

from markets.core.categories import CATEGORIES, category_of, category_slug
from markets.core.times import EPOCH_MS_MAX, iso, read_moment
from markets.core.words import search_text, tag_word, words

TABLE = [
    ("Will Trump win?", ["will", "trump", "win"]),
    ("Zürich's 50 %", ["zurich", "s", "50"]),
    ("ŁÓDŹ – Świątek", ["lodz", "swiatek"]),
    ("Straße ÆØ œuvre", ["strasse", "aeo", "oeuvre"]),
    ("snake_case", ["snake", "case"]),
    ("日本 vs. 한국", ["日本", "vs", "한국"]),
    ("№ ½ ﬁn", ["no", "1", "2", "fin"]),
    ("?!", []),
]


@pytest.mark.parametrize(("text", "found"), TABLE)
def test_words_are_folded(text, found):
    assert words(text) == found


@given(st.text(), st.text())
def test_a_line_keeps_every_word_between_blanks(one, other):
    line = search_text((one, other))

    for word in words(one) + words(other):
        assert f" {word} " in line
    assert line == search_text((line,)) or not line.strip()


@given(st.text())
def test_folding_twice_changes_nothing(text):
    folded = " ".join(words(text))

    assert " ".join(words(folded)) == folded


def test_a_tag_is_one_word_that_no_text_has():
    assert tag_word("fed-rates") == "0tagfedrates"
    assert search_text(("Fed",), ("fed-rates", "fed-rates")) == " fed 0tagfedrates "


def test_the_most_telling_tag_is_the_category():
    assert category_of(["fed", "politics", "economy"]) == "economy"
    assert category_of(["politics", "nba", "sports"]) == "sports"
    assert category_of(["unheard-of"], "US-current-affairs") == "us-current-affairs"
    assert category_of([]) == ""
    assert all(category_slug(name.upper()) == name for name in CATEGORIES)


@given(st.integers(0, EPOCH_MS_MAX))
def test_a_time_reads_back_as_it_was_written(epoch_ms):
    assert read_moment(iso(epoch_ms)) == epoch_ms


MOMENTS = [
    ("1795498267", 1_795_498_267_000),
    ("1795498267418", 1_795_498_267_418),
    ("2026-11-24", 1_795_478_400_000),
    (" 2026-11-24T05:31:07.418Z ", 1_795_498_267_418),
    ("2026-11-24T05:31:07.418", 1_795_498_267_418),
    ("2026-11-24T06:31:07.418+01:00", 1_795_498_267_418),
]


@pytest.mark.parametrize(("text", "epoch_ms"), MOMENTS)
def test_every_form_of_a_moment_is_read(text, epoch_ms):
    assert read_moment(text) == epoch_ms


@pytest.mark.parametrize("text", ["", "now", "1e5", "-5", "9" * 15, "9" * 400, "1969-12-31", "٣"])
def test_any_other_moment_is_refused(text):
    with pytest.raises(ValueError, match=r"ISO 8601|range"):
        read_moment(text)
