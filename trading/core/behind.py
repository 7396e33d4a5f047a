"""Who came after an order at its price, and so whose cancel a shrinking level may be.

The venue has no amend: an order is cancelled whole. Each growth of a level is therefore kept as one order
of that size, and a level that shrinks by just that much says that it left from behind. What was placed or
cancelled together in one step looks like one order. Source: docs.polymarket.com, "Orders" (2026-08).
"""

from trading.core.resting import Resting

TOLERANCE_MICROS = 10_000  # levels show two decimals of a share
KNOWN_MAX = 64  # beyond that nothing is known any more
_SUBSET_MAX = 4


def note(resting: Resting, *, printed_micros: int, net_micros: int, after_micros: int) -> None:
    """One step of its level: what takers took, and by how much it grew besides (negative: shrank)."""
    behind = resting.behind
    if behind is None:
        return
    if not after_micros:
        behind.clear()
        return
    over = printed_micros - resting.likely.ahead_micros
    while over > 0 and behind:
        part = min(over, behind[0])
        behind[0] -= part
        over -= part
        if not behind[0]:
            behind.pop(0)
    if net_micros > TOLERANCE_MICROS:
        behind.append(net_micros)
        if len(behind) > KNOWN_MAX:
            resting.behind = None


def left_from_behind(resting: Resting, size_micros: int) -> bool:
    """Whether a cancel of this size is one of those who came later, newest first; it is forgotten then."""
    behind = resting.behind or []
    for index in range(len(behind) - 1, -1, -1):
        if abs(behind[index] - size_micros) <= TOLERANCE_MICROS:
            del behind[index]
            return True
    return False


def left_from_ahead(resting: Resting, size_micros: int) -> bool:
    """Whether no few of those who came later, together, make up a cancel of this size: then it is certain."""
    if resting.behind is None or len(resting.behind) > _SUBSET_MAX:
        return False
    sums = {0}
    for size in resting.behind:
        sums |= {total + size for total in sums}
    return not any(abs(total - size_micros) <= TOLERANCE_MICROS for total in sums if total)
