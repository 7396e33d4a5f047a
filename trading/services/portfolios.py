"""Portfolios: opening, changing, resetting. Every cent in one comes from a posted deposit."""

import logging
from uuid import UUID, uuid4, uuid5

from django.conf import settings

from markets.core.errors import Conflict, Rejected
from markets.core.units import MICROS_MAX, ONE
from trading.atomic import run_atomic
from trading.bulk import update_rows
from trading.core.ledger import USDC, deposit_lines, reset_lines
from trading.core.rejections import PortfolioCode
from trading.models import Footprint, Order, Portfolio, Position
from trading.services.commands import wake
from trading.services.ending import end_open
from trading.services.ledger import post

logger = logging.getLogger(__name__)

LATENCY_MAX_MS = 10_000
QUEUE_MODELS = ("risk_averse", "proportional")


def open_portfolio(
    *,
    user_id: UUID,
    name: str,
    now_ms: int,
    description: str = "",
    initial_balance_micros: int | None = None,
    latency_ms: int | None = None,
    queue_model: str | None = None,
    portfolio_id: UUID | None = None,
) -> Portfolio:
    """Open a portfolio with its first deposit; asking again with the same `portfolio_id` returns the first.

    Raises Rejected when the balance, latency or queue model is out of range.
    """
    balance = settings.STARTING_BALANCE * ONE if initial_balance_micros is None else initial_balance_micros
    _check_balance(balance)
    latency = settings.LATENCY_MS if latency_ms is None else latency_ms
    model = queue_model or settings.QUEUE_MODEL
    if not 0 <= latency <= LATENCY_MAX_MS:
        raise Rejected(
            PortfolioCode.INVALID_PORTFOLIO,
            f"latency_ms lies between 0 and {LATENCY_MAX_MS}",
            field="latency_ms",
        )
    if model not in QUEUE_MODELS:
        raise Rejected(
            PortfolioCode.INVALID_PORTFOLIO,
            f"queue_model is one of {', '.join(QUEUE_MODELS)}",
            field="queue_model",
        )
    key = portfolio_id or uuid4()

    def unit() -> Portfolio:
        if portfolio_id and (found := Portfolio.objects.filter(pk=key).first()):
            return found
        portfolio = Portfolio.objects.create(
            id=key,
            user_id=user_id,
            name=name,
            description=description,
            initial_balance_micros=balance,
            cash_micros=balance,
            latency_ms=latency,
            queue_model=model,
            created_ms=now_ms,
        )
        post(
            portfolio,
            transaction_id=f"deposit:{key.hex}:0",
            kind="deposit",
            lines=deposit_lines(balance),
            now_ms=now_ms,
        )
        return portfolio

    return run_atomic(unit)


def change_portfolio(
    *,
    portfolio_id: UUID,
    name: str | None = None,
    description: str | None = None,
    is_active: bool | None = None,
) -> Portfolio:
    """Rename, describe, close or reopen a portfolio."""

    def unit() -> Portfolio:
        portfolio = Portfolio.objects.get(pk=portfolio_id)
        changes: dict[str, object] = {}
        if name is not None:
            changes["name"] = name
        if description is not None:
            changes["description"] = description
        if is_active is not None:
            changes["is_active"] = is_active
        save_unless_changed(portfolio, **changes)
        return portfolio

    return run_atomic(unit)


def reset_portfolio(
    *, portfolio_id: UUID, now_ms: int, initial_balance_micros: int | None = None
) -> Portfolio:
    """Begin anew: what it holds goes back, a fresh deposit comes in, and the history stays readable.

    Orders on their way are cancelled. Raises Rejected when the balance is out of range.
    """
    if initial_balance_micros is not None:
        _check_balance(initial_balance_micros)

    def unit() -> Portfolio:
        portfolio = Portfolio.objects.get(pk=portfolio_id)
        balance = (
            portfolio.initial_balance_micros if initial_balance_micros is None else initial_balance_micros
        )
        held = [(USDC, portfolio.cash_micros)]
        held += list(
            Position.objects.filter(portfolio_id=portfolio_id, size_micros__gt=0)
            .order_by("id")
            .values_list("token_id", "size_micros")
        )
        epoch = portfolio.epoch + 1
        post(
            portfolio,
            transaction_id=f"reset:{portfolio_id.hex}:{epoch}",
            kind="reset",
            lines=reset_lines(held),
            now_ms=now_ms,
        )
        save_unless_changed(
            portfolio,
            initial_balance_micros=balance,
            cash_micros=balance,
            realised_pnl_micros=0,
            fees_micros=0,
            epoch=epoch,
            reset_count=portfolio.reset_count + 1,
        )
        post(
            portfolio,
            transaction_id=f"deposit:{portfolio_id.hex}:{epoch}",
            kind="deposit",
            lines=deposit_lines(balance),
            now_ms=now_ms,
        )
        Position.objects.filter(portfolio_id=portfolio_id).delete()
        Footprint.objects.filter(world=portfolio_id.hex).delete()
        ended[:] = end_open(
            Order.objects.filter(portfolio_id=portfolio_id),
            code="portfolio_reset",
            words="the portfolio was reset",
            now_ms=now_ms,
        )
        return portfolio

    ended: list[Order] = []
    portfolio = run_atomic(unit)
    for order in ended:
        wake(order)  # its executor must not go on with it
    logger.info("portfolio.reset", extra={"portfolio_id": str(portfolio_id), "epoch": portfolio.epoch})
    return portfolio


def save_unless_changed(portfolio: Portfolio, **changes: object) -> None:
    """Write, unless someone wrote since we read; then raise Conflict. Keeps the object in step.

    One guard for every database: SQLite has no row locks, and on MongoDB select_for_update() does nothing.
    """
    assert changes.get("cash_micros", 0) >= 0, "cash below zero"  # type: ignore[operator]
    unchanged = {"pk": portfolio.pk, "version": portfolio.version}
    if update_rows(Portfolio, [(unchanged, {"version": portfolio.version + 1, **changes})]) != 1:
        raise Conflict(f"portfolio {portfolio.pk} is past version {portfolio.version}")
    for name, value in changes.items():
        setattr(portfolio, name, value)
    portfolio.version += 1


def _check_balance(balance_micros: int) -> None:
    if not ONE <= balance_micros <= MICROS_MAX // 1000:
        raise Rejected(
            PortfolioCode.INVALID_PORTFOLIO,
            "an initial balance lies between 1 and 1,000,000 USDC",
            field="initial_balance",
        )


def default_portfolio(*, user_id: UUID, now_ms: int) -> Portfolio:
    """The user's first open portfolio; opens one, with the usual deposit, for a user who never had any.

    A user who closed every portfolio gets the newest of them, closed: opening another is their decision.
    """
    mine = list(Portfolio.objects.filter(user_id=user_id).order_by("created_ms", "id"))
    if mine:
        return next((row for row in mine if row.is_active), mine[-1])
    first = uuid5(user_id, "first portfolio")  # two requests at once open one
    return open_portfolio(user_id=user_id, name="Main", now_ms=now_ms, portfolio_id=first)
