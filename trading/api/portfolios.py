"""/portfolios: books, their positions, ledger, worth."""

import csv
import io
from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.limits import limit_of
from accounts.reached import LimitReached
from livedata.clock import venue_now_ms
from markets.core.units import from_micros
from markets.selectors import markets_by_condition
from trading.api import schemas
from trading.api.paging import PAGES, PARAMETERS, PERIOD, in_period, page_json, whole_json
from trading.api.reading import read_number
from trading.core.rejections import PortfolioCode
from trading.models import EquityPoint, Fill, Portfolio, Posting
from trading.payloads import iso, lenses_json, portfolio_json, position_json, posting_json, trade_json
from trading.selectors.figures import portfolio_figures
from trading.selectors.holdings import backing_of
from trading.selectors.portfolios import (
    portfolio_of,
    portfolio_summaries,
    portfolios_of,
    position_lines,
    summary_of,
)
from trading.services.portfolios import change_portfolio, open_portfolio, reset_portfolio

_FIXED = ("initial_balance", "latency_ms", "queue_model")


class PortfolioApi(APIView):
    """A view on one portfolio of the asker's."""

    def portfolio(self, request: Request, portfolio_id: UUID) -> Portfolio:
        """Raises Http404 for what does not exist or belongs to others."""
        found = portfolio_of(request.user.pk, portfolio_id)
        if found is None:
            raise Http404
        return found


class PortfoliosView(APIView):
    @extend_schema(
        operation_id="portfolios_list",
        summary="Your portfolios",
        parameters=PAGES,
        responses=schemas.PortfolioPage,
    )
    def get(self, request: Request) -> Response:
        summaries = portfolio_summaries(portfolios_of(request.user.pk))
        backing = backing_of([summary.portfolio.pk for summary in summaries])
        rows = [
            portfolio_json(summary, backing_micros=backing[summary.portfolio.pk]) for summary in summaries
        ]
        return Response(whole_json(request, "portfolios", rows))

    @extend_schema(
        summary="Open a portfolio",
        request=schemas.NewPortfolio,
        responses={201: schemas.Portfolio, 422: schemas.Error, 429: schemas.Error},
    )
    def post(self, request: Request) -> Response:
        asked = schemas.NewPortfolio(data=request.data)
        asked.is_valid(raise_exception=True)
        fields = asked.validated_data
        most = limit_of(request.user, "portfolios")
        if len(portfolios_of(request.user.pk, with_closed=False)) >= most:
            raise LimitReached(f"Your role may keep {most} open portfolios: close one first.")
        portfolio = open_portfolio(
            user_id=request.user.pk,
            name=fields["name"],
            description=fields.get("description", ""),
            initial_balance_micros=read_number(
                request.data, "initial_balance", PortfolioCode.INVALID_PORTFOLIO
            ),
            latency_ms=fields.get("latency_ms"),
            queue_model=fields.get("queue_model"),
            now_ms=venue_now_ms(),
        )
        return Response(portfolio_json(summary_of(portfolio, [])), status=201)


class PortfolioView(PortfolioApi):
    @extend_schema(summary="One portfolio", responses=schemas.PortfolioWithPositions)
    def get(self, request: Request, portfolio_id: UUID) -> Response:
        portfolio = self.portfolio(request, portfolio_id)
        lines = position_lines(portfolio_id=portfolio.pk)
        backing = backing_of([portfolio_id])[portfolio_id]
        return Response(portfolio_json(summary_of(portfolio, lines), lines, backing_micros=backing))

    @extend_schema(
        summary="Rename, describe, close or reopen",
        request=schemas.PortfolioChange,
        responses={200: schemas.Portfolio, 422: schemas.Error},
    )
    def patch(self, request: Request, portfolio_id: UUID) -> Response:
        self.portfolio(request, portfolio_id)
        asked = schemas.PortfolioChange(data=request.data)
        asked.is_valid(raise_exception=True)
        _refuse_fixed(request.data)
        portfolio = change_portfolio(portfolio_id=portfolio_id, **asked.validated_data)
        lines = position_lines(portfolio_id=portfolio_id)
        backing = backing_of([portfolio_id])[portfolio_id]
        return Response(portfolio_json(summary_of(portfolio, lines), backing_micros=backing))

    @extend_schema(summary="Close; the history stays readable", responses={204: None})
    def delete(self, request: Request, portfolio_id: UUID) -> Response:
        self.portfolio(request, portfolio_id)
        change_portfolio(portfolio_id=portfolio_id, is_active=False)
        return Response(status=204)


def _refuse_fixed(body: Any) -> None:
    """Whoever asks for another latency must not believe that it was granted. Raises ValidationError."""
    fixed = [name for name in _FIXED if name in body]
    if fixed:
        raise ValidationError({name: ["set when a portfolio is opened: open another one"] for name in fixed})


class ResetView(PortfolioApi):
    @extend_schema(
        summary="Begin anew, keeping the history",
        request=schemas.Reset,
        responses={200: schemas.Portfolio, 422: schemas.Error},
    )
    def post(self, request: Request, portfolio_id: UUID) -> Response:
        self.portfolio(request, portfolio_id)
        body = request.data if isinstance(request.data, dict) else {}
        portfolio = reset_portfolio(
            portfolio_id=portfolio_id,
            initial_balance_micros=read_number(body, "initial_balance", PortfolioCode.INVALID_PORTFOLIO),
            now_ms=venue_now_ms(),
        )
        return Response(portfolio_json(summary_of(portfolio, [])))


class PositionsView(PortfolioApi):
    @extend_schema(
        summary="Holdings, marked at the best bid and if sold now",
        parameters=[*PAGES, OpenApiParameter("closed", bool, description="with positions that are closed")],
        responses=schemas.PositionPage,
    )
    def get(self, request: Request, portfolio_id: UUID) -> Response:
        self.portfolio(request, portfolio_id)
        with_closed = request.query_params.get("closed") == "true"
        lines = position_lines(portfolio_id=portfolio_id, with_closed=with_closed)
        return Response(whole_json(request, "positions", [position_json(line) for line in lines]))


class LedgerView(PortfolioApi):
    @extend_schema(
        summary="Every posting, newest first",
        parameters=[*PARAMETERS, *PERIOD],
        responses=schemas.PostingPage,
    )
    def get(self, request: Request, portfolio_id: UUID) -> Response:
        self.portfolio(request, portfolio_id)
        rows = in_period(request, Posting.objects.filter(portfolio_id=portfolio_id), "posted_ms")
        return Response(
            page_json(
                request,
                rows,
                noun="entries",
                time_field="posted_ms",
                write=lambda postings: [posting_json(posting) for posting in postings],
            )
        )


class EquityView(PortfolioApi):
    @extend_schema(summary="Worth over time", parameters=[*PAGES, *PERIOD], responses=schemas.EquityPage)
    def get(self, request: Request, portfolio_id: UUID) -> Response:
        portfolio = self.portfolio(request, portfolio_id)
        rows = EquityPoint.objects.filter(portfolio_id=portfolio_id, epoch=portfolio.epoch)
        newest = in_period(request, rows, "at_ms").order_by("-at_ms")[:5_000]
        points = [
            {
                "t": point.at_ms // 1000,
                "cash": from_micros(point.cash_micros),
                "equity": from_micros(point.equity_micros),
                "if_sold": from_micros(point.if_sold_micros),
            }
            for point in reversed(newest)
        ]
        return Response(whole_json(request, "points", points))


class MetricsView(PortfolioApi):
    @extend_schema(summary="Figures of the present run, since the last reset", responses=schemas.Metrics)
    def get(self, request: Request, portfolio_id: UUID) -> Response:
        portfolio = self.portfolio(request, portfolio_id)
        figures = portfolio_figures(portfolio)
        return Response(
            {
                "trades": figures.trades_count,
                "volume": from_micros(figures.volume_micros),
                "fees_paid": from_micros(portfolio.fees_micros),
                "rebates_paid": from_micros(figures.rebates.paid_micros),
                "rebates_open": from_micros(figures.rebates.open_micros),
                "rewards_low": from_micros(figures.rewards.low_micros),
                "rewards_high": from_micros(figures.rewards.high_micros),
                "realised_pnl": from_micros(portfolio.realised_pnl_micros),
                "unrealised_pnl": from_micros(figures.summary.unrealised_pnl_micros),
                "equity": from_micros(figures.summary.equity_micros),
                "value_if_sold": from_micros(figures.summary.equity_if_sold_micros),
                "return_if_sold": from_micros(figures.summary.return_if_sold_micros),
                "max_drawdown": None
                if figures.max_drawdown_micros is None
                else from_micros(figures.max_drawdown_micros),
                "markets": figures.markets_count,
                "resets": portfolio.reset_count,
                "lenses": lenses_json(figures.lenses),
            }
        )


_CSV_FIELDS = (
    "timestamp", "market", "outcome", "side", "price", "size", "notional", "fee", "realised_pnl",
    "role", "id", "order_id", "condition_id", "token_id", "notes",
)  # fmt: skip


class ExportView(PortfolioApi):
    def perform_content_negotiation(self, request: Request, force: bool = False) -> tuple[Any, str]:
        """`?format=` names the file here, not one of DRF's renderers."""
        return JSONRenderer(), JSONRenderer.media_type

    @extend_schema(
        summary="Every trade, as CSV or JSON",
        parameters=[OpenApiParameter("format", str, enum=["csv", "json"], default="csv")],
        responses={200: OpenApiResponse(description="a file")},
    )
    def get(self, request: Request, portfolio_id: UUID) -> HttpResponse:
        portfolio = self.portfolio(request, portfolio_id)
        kind = request.query_params.get("format", "csv")
        if kind not in ("csv", "json"):
            raise ValidationError({"format": ["csv or json"]})
        rows = list(
            Fill.objects.filter(portfolio_id=portfolio_id).select_related("order").order_by("filled_ms", "id")
        )
        markets = markets_by_condition(fill.condition_id for fill in rows)
        trades = [trade_json(fill, markets.get(fill.condition_id)) for fill in rows]
        name = f"paper-trades-{iso(venue_now_ms())[:10]}.{kind}"  # type: ignore[index]
        disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
        if kind == "json":
            return Response({"portfolio": str(portfolio.pk), "trades": trades}, headers=disposition)
        return HttpResponse(_csv(trades), content_type="text/csv; charset=utf-8", headers=disposition)


def _csv(trades: list[dict[str, Any]]) -> str:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(_CSV_FIELDS)
    writer.writerows([_cell(trade[name]) for name in _CSV_FIELDS] for trade in trades)
    return buffer.getvalue()


def _cell(value: Any) -> Any:
    """A text that a spreadsheet would run as a formula gets a quote in front."""
    if isinstance(value, str) and value[:1] in "=+@\t\r" and value:
        return f"'{value}"
    return value
