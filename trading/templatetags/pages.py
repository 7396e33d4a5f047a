"""What every page's frame asks for, and the small choices that templates may not compute themselves."""

import zlib
from typing import Any

from django import template
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import staticfiles_storage
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from livedata.bus import bus
from livedata.clock import venue_now_ms
from livedata.pulse import newest_pulse, wall_ms
from markets.core.units import ONE
from markets.templatetags.units import age, average_cents, decimal, percent, shares
from trading.core.resting import QueueModel
from trading.selectors.lenses import MODEL_WORDS, LensOrder
from trading.selectors.market_page import letters
from trading.selectors.portfolios import PortfolioSummary, portfolio_summaries, portfolios_of
from trading.selectors.ticket_panel import TicketOutcome, TicketPanel

register = template.Library()

_CENT = ONE // 100
_CHARTS = "vendor/lightweight-charts.js"
_RANGES = {"1h": "1H", "6h": "6H", "1d": "1D", "1w": "1W", "1m": "1M", "max": "Max"}
_WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_FATES = {"accepted": "on its way", "killed": "nothing traded", "live": "resting"}
_LENS_NOTES = {
    QueueModel.RISK_AVERSE: "nobody ahead leaves unless that is certain",
    QueueModel.PROPORTIONAL: "a cancel came from ahead, unless one who came later had just that size",
    QueueModel.TOUCH: "whole, as soon as its price trades: too good to be true",
}
_TILE_PX = {"lg": 56, "sm": 24}


@register.simple_tag(takes_context=True)
def current(context: dict[str, Any], *paths: str) -> SafeString:
    """` aria-current="page"` when the page lies at one of the paths; "/" means the front page alone."""
    here = context["request"].path if "request" in context else ""
    found = any(here == path or (path != "/" and here.startswith(path)) for path in paths)
    return mark_safe(' aria-current="page"' if found else "")


@register.simple_tag(takes_context=True)
def purse(context: dict[str, Any]) -> PortfolioSummary | None:
    """What the top bar shows: the reader's first open portfolio; None for strangers and newcomers."""
    user = context.get("user")
    if user is None or not user.is_authenticated:
        return None
    mine = portfolios_of(user.pk, with_closed=False)[:1]
    return portfolio_summaries(mine)[0] if mine else None


@register.simple_tag
def feed_state() -> dict[str, Any]:
    """Whether the feed lives, and how long ago it last heard the venue."""
    now_ms = wall_ms()
    heard = [beat.heard_ms for beat in newest_pulse(bus()).connections.values()]
    return {"down": not heard, "age_ms": max(0, now_ms - max(heard, default=now_ms))}


@register.simple_tag(takes_context=True)
def with_query(context: dict[str, Any], **changes: Any) -> str:
    """The page's own query string with some parameters changed; None drops one."""
    query = context["request"].GET.copy()
    for name, value in changes.items():
        query.pop(name, None)
        if value is not None:
            query[name] = str(value)
    return f"?{query.urlencode()}"


@register.simple_tag
def chart_library() -> SafeString:
    """The chart script's tag where npm has brought it; without it the server's drawings stay."""
    if finders.find(_CHARTS) is None and not staticfiles_storage.exists(_CHARTS):
        return mark_safe("")
    return format_html('<script src="{}" defer></script>', static(_CHARTS))


@register.filter
def initials(user: Any) -> str:
    """Two letters for the avatar: of the display name's words, else of the e-mail address."""
    name = user.display_name or user.email.partition("@")[0]
    words = name.replace(".", " ").replace("_", " ").split()
    letters = "".join(word[0] for word in words[:2]) if len(words) > 1 else name[:2]
    return letters.upper()


@register.filter
def tone(micros: int | None) -> str:
    """The class of a gain or a loss in USDC: up, dn, or eq for what shows as $0.00."""
    return _tone(micros, _CENT)


@register.filter
def change_tone(micros: int | None) -> str:
    """The same of points, cents and percents, which show one decimal: eq for what shows as 0."""
    return _tone(micros, _CENT // 10)


def _tone(micros: int | None, shown: int) -> str:
    """`shown` is one of the last digit shown: less than half of it rounds to zero and has no colour."""
    if micros is None or 2 * abs(micros) < shown:
        return "eq"
    return "up" if micros > 0 else "dn"


@register.filter
def outcome_class(outcome_index: int) -> str:
    """The first outcome has a filled dot, the second a ring."""
    return "no" if outcome_index else "yes"


@register.filter
def thousands(count: int) -> str:
    return f"{count:,}"


@register.filter
def sentence(text: str) -> str:
    """Our own messages begin small, as programs like them; a page wants a sentence."""
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith(('.', '!', '?')) else '.'}" if text else ""


@register.filter
def ms_left(epoch_ms: int) -> int:
    """Milliseconds of the venue's clock until then; 0 when it has passed."""
    return max(0, epoch_ms - venue_now_ms())


register.filter("letters", letters)


@register.filter
def tile_key(name: str) -> int:
    """One of six colours for a category's tile, the same every time."""
    return zlib.crc32(name.encode()) % 6 + 1


@register.filter
def tile_px(size: str | None) -> int:
    return _TILE_PX.get(size or "", 32)


@register.filter
def range_label(name: str) -> str:
    return _RANGES[name]


@register.filter
def last_price(points: Any) -> int:
    """The price of the newest point of a chart."""
    price: int = points[-1][1]
    return price


@register.filter
def picks(form: Any, outcome_index: int) -> bool:
    """Whether the ticket's form has this outcome chosen."""
    return str(form["outcome"].value()) == str(outcome_index)


@register.filter
def chosen_outcome(ticket: TicketPanel, form: Any) -> TicketOutcome:
    return ticket.outcomes[1 if picks(form, 1) else 0]


@register.filter
def part_percent(level: Any) -> int:
    """How much of a level a ticket takes, in percent."""
    share: int = level.size_micros * 100 // level.displayed_micros if level.displayed_micros else 100
    return max(1, share)


@register.filter
def slippage(micros: int | None) -> str:
    """Cents of average price against the midpoint: "+1.69¢" is worse than the midpoint by that much."""
    if micros is None:
        return average_cents(None)
    return f"+{average_cents(micros)}" if micros > 0 else average_cents(micros)


@register.filter
def profit(review: Any) -> int:
    """What a BUY wins when all of it fills and its outcome comes true."""
    won: int = review.whole_size_micros - review.whole_total_micros
    return won


@register.filter
def fee_formula(market: Any) -> str:
    """The market's taker fee in words: "5% × p(1 − p)"."""
    if not market.fee_rate_micros:
        return "none"
    rate = percent(market.fee_rate_micros, 2).rstrip("%").rstrip("0").rstrip(".")
    power = market.fee_exponent_micros
    if power == ONE:
        return f"{rate}% × p(1 − p)"
    return f"{rate}% × (p(1 − p))^{decimal(power)}"


@register.filter
def fee_sum(level: Any, page: Any) -> str:
    """One level's fee as the sum that it is: "0.05 × 180 × 0.57 × 0.43"."""
    if not page.rate_micros:
        return "no fee"
    price, rate = level.price_micros, decimal(page.rate_micros)
    size, odds = shares(level.taken_micros), f"{decimal(price)} × {decimal(ONE - price)}"
    if page.exponent_micros == ONE:
        return f"{rate} × {size} × {odds}"
    return f"{rate} × {size} × ({odds})^{decimal(page.exponent_micros)}"


@register.filter
def model_words(model: str) -> str:
    """What people call a queue model: "fewest fills"."""
    return MODEL_WORDS[QueueModel(model)]


@register.filter
def lens_note(model: QueueModel) -> str:
    """What a queue model takes for true."""
    return _LENS_NOTES[model]


@register.filter
def lens_cells(order: LensOrder) -> list[tuple[int, int]]:
    """(shares, gain) of an order under each model."""
    return list(zip(order.sizes, order.gains, strict=True))


@register.filter
def count_word(count: int) -> str:
    """Small numbers as words."""
    return _WORDS[count] if 0 <= count < len(_WORDS) else str(count)


@register.filter
def fate(order: Any) -> str:
    """What became of an order, in a word or two."""
    if order.status == "matched":
        return "partly filled" if order.killed_micros else "filled"
    return _FATES.get(order.status, order.status)


@register.filter
def seconds_age(seconds: int) -> str:
    return age(1000 * seconds)
