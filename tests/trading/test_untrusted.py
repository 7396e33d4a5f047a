"""The venue's words: exactly as they are, never as markup, never able to steer what stands beside them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.templatetags.untrusted import known_image, one_line, plain, untrusted_link, untrusted_text

TABLE = [
    ("Two lines\nof one.\n\nAnother.", "<p>Two lines<br>of one.</p><p>Another.</p>"),
    (
        "<script>alert(1)</script> & <b>bold</b>",
        "<p>&lt;script&gt;alert(1)&lt;/script&gt; &amp; &lt;b&gt;bold&lt;/b&gt;</p>",
    ),
    (
        "See https://example.org/a?b=1&c=2.",
        '<p>See <a href="https://example.org/a?b=1&amp;c=2" rel="noopener noreferrer nofollow ugc">'
        "https://example.org/a?b=1&amp;c=2</a>.</p>",
    ),
    ("javascript:alert(1) data:text/html,x", "<p>javascript:alert(1) data:text/html,x</p>"),
    ("", ""),
    (None, ""),
]


@pytest.mark.parametrize(("text", "html"), TABLE)
def test_text_becomes_paragraphs_and_links(text, html):
    assert untrusted_text(text) == html


def test_an_address_cannot_leave_its_attribute():
    html = untrusted_text('https://e.org/"onmouseover="alert(1)')

    assert html.startswith('<p><a href="https://e.org/" rel=')
    assert html.count("<") == 4, "a paragraph, one link, and nothing else"


@pytest.mark.parametrize(
    ("given_text", "shown"),
    [
        ("evil\u202etxt.exe", "eviltxt.exe"),
        ("a\u2066b\u2069c\u200bd\ufeff", "abcd"),
        ("nul\x00 bell\x07 esc\x1b[31m", "nul bell esc[31m"),
        ("Ünïcödé 🇺🇸 👩‍👩‍👧", "Ünïcödé 🇺🇸 👩‍👩‍👧"),
        ("  two\n lines\t ", "two lines"),
    ],
)
def test_a_title_is_one_line_without_steering_characters(given_text, shown):
    assert one_line(given_text) == shown


@given(st.text(max_size=200))
def test_no_text_makes_markup_of_its_own(text):
    html = untrusted_text(text)

    bare = html.replace("<p>", "").replace("</p>", "").replace("<br>", "").replace("</a>", "")
    assert all(part.startswith('a href="http') for part in bare.split("<")[1:])
    assert plain(plain(text)) == plain(text)


def test_a_source_is_a_link_when_it_is_an_address():
    assert untrusted_link("https://example.org/x").startswith('<a href="https://example.org/x"')
    assert untrusted_link("A committee") == "<p>A committee</p>"


@pytest.mark.parametrize(
    ("address", "known"),
    [
        ("https://polymarket-upload.s3.us-east-2.amazonaws.com/a.png", True),
        ("https://polymarket-upload.s3.us-east-2.amazonaws.com.evil.org/a.png", False),
        ("http://tracker.example/a.png", False),
        ("", False),
        (None, False),
    ],
)
def test_pictures_come_from_the_venue_alone(address, known):
    assert known_image(address) is known
