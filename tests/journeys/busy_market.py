"""Markets that never rest, and traders on them, as a process: `python -m tests.journeys.busy_market`.

Stands for feed and web while somebody else kills the executor. Says "ready", trades until its input
closes, cancels what is open, and prints what it saw as JSON.
"""

import json
import os
import random
import sys
import threading
import time
from collections import defaultdict
from typing import Any
from uuid import UUID, uuid4

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "papertrading.settings")

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connections  # noqa: E402

from livedata.bus import bus  # noqa: E402
from livedata.errors import StaleBook  # noqa: E402
from livedata.pulse import wall_ms  # noqa: E402
from markets.core.errors import Conflict, Rejected  # noqa: E402
from markets.core.units import ONE  # noqa: E402
from tests.make import make_ticket  # noqa: E402
from tests.trading.venue import Feed, make_market  # noqa: E402
from trading.models import Fill, Order  # noqa: E402
from trading.services.audit import audit  # noqa: E402
from trading.services.cancels import cancel_order, cancel_orders  # noqa: E402
from trading.services.ending import OPEN  # noqa: E402
from trading.services.orders import submit_order  # noqa: E402
from trading.services.portfolios import open_portfolio  # noqa: E402
from trading.services.results import wait  # noqa: E402

MARKETS, PORTFOLIOS = 3, 4
STEP_S = 0.02


class Busy:
    def __init__(self) -> None:
        for alias in connections:
            call_command("migrate", database=alias, verbosity=0)
        self.feed = Feed()
        self.markets = [make_market(f"busy-{number}") for number in range(MARKETS)]
        self.portfolios = [
            open_portfolio(user_id=uuid4(), name=str(n), now_ms=wall_ms(), initial_balance_micros=9_000 * ONE)
            for n in range(PORTFOLIOS)
        ]
        self.stop, self.quiet = threading.Event(), threading.Event()
        self.ended: dict[str, str] = {}  # order id -> the status that we were told
        self.asked: set[str] = set()
        self.printed: dict[str, int] = {}  # transaction hash -> size
        self.slowest_s = 0.0

    def move(self) -> None:
        """Books that wander, and takers that print."""
        draw, stamps, numbers = random.Random(1), defaultdict(int), defaultdict(lambda: 1)
        for market in self.markets:
            self.feed.show(market, "0.49x40 0.48x100", "0.51x40 0.52x100")
        while not self.quiet.wait(STEP_S):
            market = draw.choice(self.markets)
            bid, size = draw.randint(46, 52), draw.randint(5, 60)
            taker = draw.choice(["", "SELL", "BUY"])
            at, traded = (bid + 1 if taker == "SELL" else bid), draw.randint(5, 80)
            stamps[market.pk] = max(stamps[market.pk] + 1, wall_ms())
            numbers[market.pk] += 1
            self.feed.show(
                market,
                f"0.{bid}x{size} 0.{bid - 1}x100",
                f"0.{bid + 1}x{size} 0.{bid + 2}x100",
                stamp_ms=stamps[market.pk],
                prints=f"{taker} 0.{at}x{traded}" if taker else "",
            )
            self.feed.beat(passed_ms=wall_ms())
            if taker:
                self.printed[f"{market.condition_id}:0x{numbers[market.pk]}0"] = traded * ONE

    def trade(self, seed: int) -> None:
        draw = random.Random(seed)
        portfolio = self.portfolios[seed % PORTFOLIOS]
        while not self.stop.is_set():
            market = draw.choice(self.markets)
            index = draw.randint(0, 1)
            ticket = make_ticket(
                "BUY",
                draw.choice(["GTC", "GTC", "GTC", "FAK"]),
                condition_id=market.condition_id,
                token_id=market.token_ids[index],
                outcome_index=index,
                price=f"0.{draw.randint(45, 53)}",
                size=str(draw.randint(5, 40)),
                client_order_id=uuid4().hex,
            )
            began = time.monotonic()
            try:
                order = submit_order(portfolio_id=portfolio.pk, ticket=ticket, now_ms=wall_ms())
                self.asked.add(str(order.pk))
                order = wait(order)
                if order.status == "live" and draw.random() < 0.5:
                    time.sleep(draw.random() * 0.2)
                    order = wait(cancel_order(portfolio_id=portfolio.pk, order_id=order.pk, now_ms=wall_ms()))
            except (Rejected, StaleBook, Conflict):
                continue
            self.slowest_s = max(self.slowest_s, time.monotonic() - began)
            if order.status not in OPEN:
                self.ended[str(order.pk)] = order.status

    def run(self) -> dict[str, Any]:
        moving = threading.Thread(target=self.move)
        traders = [threading.Thread(target=self.trade, args=(seed,)) for seed in range(2 * PORTFOLIOS)]
        for thread in [moving, *traders]:
            thread.start()
        print("ready", flush=True)
        sys.stdin.read()
        self.stop.set()
        for thread in traders:
            thread.join()
        open_left = self._cancel_all()
        self.quiet.set()
        moving.join()
        return {
            "orders": len(self.asked),
            "fills": Fill.objects.count(),
            "makers": Fill.objects.filter(role="maker").count(),
            "lost": sorted(self.asked - {str(pk) for pk in Order.objects.values_list("pk", flat=True)}),
            "differ": [
                pk for pk, status in self.ended.items() if Order.objects.get(pk=UUID(pk)).status != status
            ],
            "open": open_left,
            "overspent": self._overspent(),
            "drifts": [repr(drift) for drift in audit().drifts],
            "slowest_s": self.slowest_s,
        }

    def _cancel_all(self) -> int:
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and Order.objects.filter(status__in=OPEN).exists():
            for portfolio in self.portfolios:
                cancel_orders(portfolio_id=portfolio.pk, now_ms=wall_ms())
            time.sleep(0.2)
        return Order.objects.filter(status__in=OPEN).count()

    def _overspent(self) -> list[str]:
        """Prints that filled one portfolio by more than was printed."""
        taken: dict[tuple[UUID, str], int] = defaultdict(int)
        for fill in Fill.objects.filter(role="maker", self_match__in=[False]):
            for trade in fill.evidence["prints"]:
                name = f"{fill.condition_id}:{trade['transaction_hash']}"
                taken[fill.portfolio_id, name] += fill.size_micros
        return [name for (_, name), size in taken.items() if size > self.printed.get(name, 0)]


if __name__ == "__main__":
    assert bus() is not None
    print(json.dumps(Busy().run()), flush=True)
