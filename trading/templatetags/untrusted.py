"""Words that came from the venue: shown exactly, never as markup, never able to turn a line around."""

import re
import unicodedata

import nh3
from django import template
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

register = template.Library()

# Bidirectional overrides and isolates, marks, zero-width blanks: a title with them can hide or reverse
# what stands beside it. The zero-width joiner stays: emoji are made of it.
_STEERING = re.compile("[\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff]")
_LINK = re.compile(r"https?://[^\s<>\"'`]+[^\s<>\"'`.,;:!?)\]}]")
_IMAGES = ("https://polymarket-upload.s3.us-east-2.amazonaws.com/", "/static/")
_PARAGRAPHS_MAX = 200


def plain(text: str | None) -> str:
    """Without control and steering characters; line breaks and tabs stay."""
    kept = _STEERING.sub("", text or "")
    return "".join(
        letter
        for letter in kept
        if letter in "\n\t" or unicodedata.category(letter) not in ("Cc", "Cs", "Co")
    )


@register.filter
def one_line(text: str | None) -> str:
    """A title or a label on one line. The template escapes it."""
    return " ".join(plain(text).split())


@register.filter
def untrusted_text(text: str | None) -> SafeString:
    """Paragraphs of plain text with its http(s) addresses as links."""
    blocks = [block.strip() for block in re.split(r"\n\s*\n", plain(text)) if block.strip()]
    html = "".join(f"<p>{_linked(block)}</p>" for block in blocks[:_PARAGRAPHS_MAX])
    # Everything is escaped above; nh3 is the second lock, and writes the links' rel.
    return mark_safe(
        nh3.clean(
            html,
            tags={"p", "a", "br"},
            attributes={"a": {"href"}},
            url_schemes={"http", "https"},
            link_rel="noopener noreferrer nofollow ugc",
        )
    )


def _linked(block: str) -> str:
    parts, end = [], 0
    for found in _LINK.finditer(block):
        parts.append(escape(block[end : found.start()]))
        address = escape(found.group())
        parts.append(f'<a href="{address}">{address}</a>')
        end = found.end()
    parts.append(escape(block[end:]))
    return "".join(parts).replace("\n", "<br>")


@register.filter
def untrusted_link(text: str | None) -> SafeString:
    """An address as a link when it is one, else as text."""
    line = one_line(text)
    whole = _LINK.fullmatch(line)
    return untrusted_text(line) if not whole else mark_safe(_inside(untrusted_text(line)))


def _inside(paragraph: str) -> str:
    return paragraph.removeprefix("<p>").removesuffix("</p>")


@register.filter
def known_image(address: str | None) -> bool:
    """Whether a picture lies where the venue keeps them: no other host learns who reads a page."""
    return bool(address) and str(address).startswith(_IMAGES)
