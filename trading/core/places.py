"""How an order's place in its queue moves, under each model: by prints, a shrinking level, a newcomer."""

from livedata.core.steps import Change
from trading.core.behind import left_from_ahead, left_from_behind
from trading.core.resting import Cause, Place, QueueModel, Resting
from trading.core.unexplained import Shrunk

_TOUCH, _RISK_AVERSE = QueueModel.TOUCH, QueueModel.RISK_AVERSE


def served(place: Place, at: int, through: int, *, stands: bool) -> list[tuple[Cause, int]]:
    """Move a queue by the volume printed at its price and beyond; what is left of it fills the order."""
    if place.model is _TOUCH:
        size = place.open_micros if at + through else 0
        place.open_micros -= size
        return [(Cause.PRINT, size)] if size else []
    if stands:
        # Prices beyond a level that still stands are not to be trusted: all of it was printed here.
        at, through = at + through, 0
    passed = min(place.ahead_micros, at)
    by_print = min(place.open_micros, at - passed)
    by_through = min(place.open_micros - by_print, through)
    place.ahead_micros = place.ahead_micros - passed if stands else 0
    place.open_micros -= by_print + by_through
    return [(cause, size) for cause, size in ((Cause.PRINT, by_print), (Cause.THROUGH, by_through)) if size]


def bound(resting: Resting, entry: Shrunk, *, middle_micros: int, after_micros: int) -> None:
    """A level shrank, by `entry.left_micros` without a print: nobody more than it shows is ahead.

    By its size a cancel may be of somebody who came later. When nothing is known of who did, the likely
    model has them ahead and behind alike.
    """
    cancelled = entry.left_micros
    known, certain = resting.behind is not None, bool(cancelled) and left_from_ahead(resting, cancelled)
    later = bool(cancelled) and left_from_behind(resting, cancelled)
    for place in resting.places:
        ahead = bounded = place.ahead_micros
        if cancelled and place.model is _RISK_AVERSE:
            bounded -= min(ahead, cancelled) if certain else 0
        elif cancelled and known:
            bounded -= 0 if later else min(ahead, cancelled)
        elif cancelled:
            bounded -= ahead * cancelled // middle_micros
        bounded = min(bounded, after_micros)
        if bounded != ahead:
            place.ahead_micros = bounded
            if cancelled:
                entry.advanced[place] = ahead - bounded


def newcomer(place: Place, change: Change, *, shown_micros: int) -> int:
    """How much a level on the other side, at or through our price, fills: what of it is new to us."""
    level, after = change.price_micros, change.after_micros
    if not after:
        place.stood.pop(level, None)
        return 0
    stood = place.stood.get(level, 0)
    if after < stood:
        place.stood[level] = after  # whoever comes to it from here on is new
        return 0
    growth = after - stood
    if growth <= 0 or not place.open_micros:
        return 0
    # Whoever stood ahead is gone, or the book would be crossed.
    place.ahead_micros = min(place.ahead_micros, shown_micros)
    size = place.open_micros
    if place.model is not _TOUCH:
        size = max(0, min(size, growth - place.ahead_micros))
    place.open_micros -= size
    return size
