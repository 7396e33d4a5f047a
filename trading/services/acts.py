"""What the executor does to orders, one act each; a commit is a sequence of them."""

from dataclasses import dataclass
from uuid import UUID

from livedata.books import BookView
from trading.core.queue import MarketQueue
from trading.core.resting import MakerFill, Resting
from trading.core.tickets import MarketRules
from trading.models import Fill, Order
from trading.services.ending import OPEN

ON_THEIR_WAY = (Order.Status.ACCEPTED, Order.Status.DELAYED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """An order whose time has come, and the market as it stood then."""

    order_id: UUID
    view: BookView
    rules: MarketRules
    now_ms: int  # the venue's clock when the executor acts
    queue: MarketQueue  # the orders at rest then: it meets its own world's in their turn
    cancel: tuple[str, str] | None = None  # (code, words): end it without matching


@dataclass(frozen=True, slots=True, kw_only=True)
class Stepped:
    """What one step filled of a market's resting orders, under every model."""

    condition_id: str
    fills: tuple[MakerFill, ...]
    world_orders: tuple[Resting, ...]  # all resting orders of the worlds filled: one volume, spent once
    stamp_ms: int
    seq: int
    received_ms: int  # when the feed had it, on our clock
    tick_micros: int


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """A live order ends: a cancel takes effect, its time is over, its market closed."""

    order_id: UUID
    code: str
    words: str
    now_ms: int  # the venue's clock


Act = Due | Stepped | End


@dataclass(frozen=True, slots=True)
class Executed:
    """An order after an act, and the fills that it brought.

    `rests`: it has come to rest just now. `swapped`: an own taker met it, and this is left in the queue.
    """

    order: Order
    fills: tuple[Fill, ...]
    user_id: UUID
    rests: Resting | None = None
    swapped: Resting | None = None

    @property
    def ended(self) -> bool:
        return self.order.status not in OPEN
