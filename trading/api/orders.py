"""/portfolios/{id}/orders and /trades: asking, what came of it, and its evidence."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import Throttled, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.limits import allow
from livedata.clock import venue_now_ms
from livedata.errors import StaleBook
from markets.core.errors import Rejected
from markets.selectors import market_by_slug, markets_by_condition
from trading.api import schemas
from trading.api.awaiting import Pending
from trading.api.paging import PARAMETERS, PERIOD, in_period, page_json
from trading.api.portfolios import PortfolioApi
from trading.api.reading import read_ticket, read_trade, read_uuid
from trading.core.tickets import Ticket
from trading.models import Fill, Order, Portfolio
from trading.payloads import order_json, preview_json, trade_json
from trading.selectors.portfolios import fills_of_orders
from trading.selectors.queues import queues_of
from trading.services.cancels import cancel_order, cancel_orders
from trading.services.orders import find_order, submit_order
from trading.services.preview import preview

_REFUSALS = {422: schemas.Error, 409: schemas.Error, 429: schemas.Error, 503: schemas.Error}
_MARKET = OpenApiParameter("market", str, description="slug or condition id")
_STATUS = OpenApiParameter("status", str, description=f"one or several of {', '.join(Order.Status.values)}")
_OF_TRADES = {"size": "quantity", "market": "market_id"}  # what POST …/trades calls the fields of a ticket


class _Walking(PortfolioApi):
    """A view that needs a fresh book: a stale one may be fresh within moments (trading/api/awaiting.py)."""

    condition_id = ""

    def handle_exception(self, exc: Exception) -> Response:
        response = super().handle_exception(exc)
        if isinstance(exc, StaleBook):
            response.stale_condition = self.condition_id
        return response


class _Submitting(_Walking):
    """A view that places orders and answers once they met the book."""

    def submit(self, request: Request, portfolio: Portfolio, ticket: Ticket) -> Response:
        self.condition_id = ticket.condition_id
        order = find_order(portfolio_id=portfolio.pk, ticket=ticket)
        status = 200
        if order is None:
            if not getattr(request, "asked_again", False):
                _count_order(request)
            order = submit_order(portfolio_id=portfolio.pk, ticket=ticket, now_ms=venue_now_ms())
            status = 201
        response = Response({}, status=status)  # written once the order has met the book
        response.pending = Pending([order], lambda orders: orders_json(orders)[0])
        return response


class OrdersView(_Submitting):
    @extend_schema(
        operation_id="orders_list",
        summary="Orders, newest first",
        parameters=[*PARAMETERS, *PERIOD, _MARKET, _STATUS],
        responses=schemas.OrderPage,
    )
    def get(self, request: Request, portfolio_id: UUID) -> Response:
        self.portfolio(request, portfolio_id)
        rows = in_period(request, Order.objects.filter(portfolio_id=portfolio_id), "created_ms")
        if asked := request.query_params.get("status"):
            rows = rows.filter(status__in=_statuses(asked))
        rows = _of_market(request, rows)
        return Response(page_json(request, rows, noun="orders", time_field="created_ms", write=orders_json))

    @extend_schema(
        summary="Place an order",
        description="Answers when the order has met the book: after the portfolio's latency. Asking again "
        "with the same client_order_id and body answers 200 with the first order.",
        request=schemas.NewOrder,
        responses={200: schemas.Order, 201: schemas.Order, **_REFUSALS},
    )
    def post(self, request: Request, portfolio_id: UUID) -> Response:
        portfolio = self.portfolio(request, portfolio_id)
        return self.submit(request, portfolio, read_ticket(request.data))

    @extend_schema(
        operation_id="orders_cancel_all",
        summary="Cancel every open order, or those of one market",
        description="Answers when the cancels took effect, after the portfolio's latency; one may come too "
        "late. `not_cancelled` says why, by order id.",
        parameters=[_MARKET],
        responses={200: schemas.Cancelled},
    )
    def delete(self, request: Request, portfolio_id: UUID) -> Response:
        portfolio = self.portfolio(request, portfolio_id)
        name = request.query_params.get("market")
        cancels = cancel_orders(
            portfolio_id=portfolio.pk,
            now_ms=venue_now_ms(),
            condition_id=_condition(name) if name else None,
        )
        response = Response({})
        response.pending = Pending(cancels.asked, lambda orders: _cancels_json(orders, cancels.refused))
        return response


class OrderView(PortfolioApi):
    @extend_schema(summary="One order with its fills", responses={200: schemas.Order, 404: schemas.Error})
    def get(self, request: Request, portfolio_id: UUID, order_id: str) -> Response:
        return Response(orders_json([self._order(request, portfolio_id, order_id)])[0])

    @extend_schema(
        summary="Cancel an order",
        description="Answers when the cancel took effect, after the portfolio's latency, with the order as "
        "it ended: matched, when a trade was earlier.",
        responses={200: schemas.Order, 404: schemas.Error, 409: schemas.Error},
    )
    def delete(self, request: Request, portfolio_id: UUID, order_id: str) -> Response:
        found = self._order(request, portfolio_id, order_id)
        order = cancel_order(portfolio_id=portfolio_id, order_id=found.pk, now_ms=venue_now_ms())
        response = Response({})
        response.pending = Pending([order], lambda orders: orders_json(orders)[0])
        return response

    def _order(self, request: Request, portfolio_id: UUID, order_id: str) -> Order:
        self.portfolio(request, portfolio_id)
        key = read_uuid(order_id)
        found = Order.objects.filter(pk=key, portfolio_id=portfolio_id).first() if key else None
        if found is None:
            raise Http404
        return found


class PreviewView(_Walking):
    @extend_schema(
        summary="What an order would do on the book as it stands; writes nothing",
        request=schemas.NewOrder,
        responses={200: schemas.Preview, 422: schemas.Error, 503: schemas.Error},
    )
    def post(self, request: Request, portfolio_id: UUID) -> Response:
        portfolio = self.portfolio(request, portfolio_id)
        ticket = read_ticket(request.data)
        self.condition_id = ticket.condition_id
        return Response(preview_json(preview(portfolio, ticket, now_ms=venue_now_ms())))


class TradesView(_Submitting):
    @extend_schema(
        operation_id="trades_list",
        summary="Fills, newest first",
        parameters=[*PARAMETERS, *PERIOD, _MARKET],
        responses=schemas.TradePage,
    )
    def get(self, request: Request, portfolio_id: UUID) -> Response:
        self.portfolio(request, portfolio_id)
        rows = Fill.objects.filter(portfolio_id=portfolio_id).select_related("order")
        rows = _of_market(request, in_period(request, rows, "filled_ms"))
        return Response(page_json(request, rows, noun="trades", time_field="filled_ms", write=_trades_json))

    @extend_schema(
        summary="Trade now: FAK at `price`, or at market",
        request=schemas.NewTrade,
        responses={200: schemas.Order, 201: schemas.Order, **_REFUSALS},
    )
    def post(self, request: Request, portfolio_id: UUID) -> Response:
        portfolio = self.portfolio(request, portfolio_id)
        try:
            response = self.submit(request, portfolio, read_trade(request.data))
        except Rejected as why:
            raise Rejected(why.code, str(why), field=_OF_TRADES.get(why.field or "", why.field)) from None
        response.pending.write = lambda orders: _small_sides(orders_json(orders)[0])
        return response


class TradeView(PortfolioApi):
    @extend_schema(
        summary="One fill with its evidence", responses={200: schemas.TradeWithEvidence, 404: schemas.Error}
    )
    def get(self, request: Request, portfolio_id: UUID, trade_id: UUID) -> Response:
        self.portfolio(request, portfolio_id)
        fill = Fill.objects.filter(pk=trade_id, portfolio_id=portfolio_id).select_related("order").first()
        if fill is None:
            raise Http404
        market = markets_by_condition([fill.condition_id]).get(fill.condition_id)
        return Response(_small_sides(trade_json(fill, market, evidence=True)))


def orders_json(orders: Sequence[Order]) -> list[dict[str, Any]]:
    """Orders with their fills and places in the queue: four queries, however many."""
    markets = markets_by_condition(order.condition_id for order in orders)
    fills, queues = fills_of_orders(orders), queues_of(orders)
    return [
        order_json(order, markets.get(order.condition_id), fills[order.pk], queues.get(order.pk))
        for order in orders
    ]


def _cancels_json(orders: Sequence[Order], refused: Mapping[UUID, str]) -> dict[str, Any]:
    late = {
        str(order.pk): order.reason or f"the order is {order.status}"
        for order in orders
        if order.open_micros or order.status != Order.Status.CANCELLED
    }
    return {
        "cancelled": [str(order.pk) for order in orders if str(order.pk) not in late],
        "not_cancelled": {**{str(pk): why for pk, why in refused.items()}, **late},
    }


def _trades_json(fills: Sequence[Fill]) -> list[dict[str, Any]]:
    markets = markets_by_condition(fill.condition_id for fill in fills)
    return [_small_sides(trade_json(fill, markets.get(fill.condition_id))) for fill in fills]


def _small_sides(answer: dict[str, Any]) -> dict[str, Any]:
    """The /trades routes write "buy" and "sell", as their POST reads them."""
    small = {**answer, "side": answer["side"].lower()}
    if "fills" in answer:
        small["fills"] = [_small_sides(fill) for fill in answer["fills"]]
    return small


def _statuses(text: str) -> list[str]:
    names = text.split(",")
    if not set(names) <= set(Order.Status.values):
        raise ValidationError({"status": [f"one or several of {', '.join(Order.Status.values)}"]})
    return names


def _of_market(request: Request, rows: Any) -> Any:
    name = request.query_params.get("market")
    if not name:
        return rows
    return rows.filter(condition_id=_condition(name))


def _condition(name: str) -> str:
    """A slug's or condition id's condition id; one that nothing has, when it is unknown."""
    if name.startswith("0x"):
        return name[:66]
    market = market_by_slug(name[:255])
    return market.condition_id if market else "unknown"


def _count_order(request: Request) -> None:
    verdict = allow(request.user, "orders")
    if not verdict.allowed:
        raise Throttled(wait=verdict.retry_after_s, detail="Your role's orders a minute are used up.")
