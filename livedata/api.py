"""/markets: the catalogue, its prices and books, for programs. Public; asks the venue for what is unknown."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from livedata import books, schemas
from livedata.activity import open_interest, public_trades
from livedata.catalogue import load_market, market_ref
from livedata.errors import StaleBook, VenueNotFound
from livedata.history import BadHistory, history
from livedata.market_payloads import (
    history_json,
    interest_json,
    markets_json,
    one_market_json,
    page_json,
    sync_json,
    trade_json,
    whole_json,
)
from livedata.payloads import book_json
from markets.core.times import iso
from markets.models import Market
from markets.pages import BadPage, Filters, Order, Slice
from markets.selectors import browse, catalogue_counts, sync_states, top_markets

_UNKNOWN = {404: schemas.MarketError, 503: schemas.MarketError}
_INVALID = {422: schemas.MarketError}


class MarketApi(APIView):
    permission_classes = (AllowAny,)

    def asked(self, request: Request, query: type[Serializer[Any]]) -> dict[str, Any]:
        """The query's values. Raises ValidationError."""
        reader = query(data=request.query_params.dict())  # a dict: in a QueryDict an absent flag is "false"
        reader.is_valid(raise_exception=True)
        return dict(reader.validated_data)

    def limit(self, request: Request) -> int:
        asked = self.asked(request, schemas.LimitQuery)
        return int(asked.get("page_size") or asked["limit"])

    def outcome_index(self, asked: dict[str, Any], market: Market) -> int:
        """The outcome that `outcome` (label or index) or `outcome_index` names. Raises ValidationError."""
        named = asked.get("outcome")
        if named is None:
            return int(asked["outcome_index"])
        for index, label in enumerate((market.outcome_0, market.outcome_1)):
            if named in (label, str(index)) or named.casefold() == label.casefold():
                return index
        raise ValidationError({"outcome": [f"one of {market.outcome_0!r}, {market.outcome_1!r}, 0, 1"]})


class MarketsView(MarketApi):
    @extend_schema(
        operation_id="markets_list",
        summary="Browse and search markets",
        parameters=[schemas.MarketsQuery],
        responses={200: schemas.MarketsOutput, **_INVALID},
    )
    def get(self, request: Request) -> Response:
        asked = self.asked(request, schemas.MarketsQuery)
        descending = asked.get("sort_desc")
        try:
            page = browse(
                _filters(asked),
                order=Order(
                    sort_by=asked["sort_by"],
                    descending=asked["sort_by"] != "end_date" if descending is None else descending,
                ),
                part=Slice(page=asked["page"], page_size=asked["page_size"], cursor=asked["cursor"]),
            )
        except BadPage as exc:
            raise ValidationError({exc.field: [str(exc)]}) from None
        return Response(page_json(page))


def _filters(asked: dict[str, Any]) -> Filters:
    return Filters(
        search=asked.get("search", ""),
        active=asked.get("active"),
        closed=asked.get("closed"),
        category=asked.get("category", ""),
        tag=asked.get("tag", ""),
        volume_min_micros=asked.get("volume_min"),
        volume_max_micros=asked.get("volume_max"),
        liquidity_min_micros=asked.get("liquidity_min"),
        liquidity_max_micros=asked.get("liquidity_max"),
        end_before_ms=asked.get("end_before"),
        end_after_ms=asked.get("end_after"),
    )


class TopMarketsView(MarketApi):
    @extend_schema(
        operation_id="markets_top",
        summary="The open markets with the most volume in 24 hours",
        parameters=[schemas.LimitQuery],
        responses={200: schemas.MarketsOutput, **_INVALID},
    )
    def get(self, request: Request) -> Response:
        limit = self.limit(request)
        return Response(whole_json("markets", markets_json(top_markets(limit))))


class SyncStatsView(MarketApi):
    @extend_schema(
        operation_id="markets_sync_stats",
        summary="How complete and how new the catalogue is",
        responses={200: schemas.SyncStatsOutput},
    )
    def get(self, request: Request) -> Response:
        return Response({**catalogue_counts(), "syncs": [sync_json(state) for state in sync_states()]})


class MarketBySlugView(MarketApi):
    @extend_schema(
        operation_id="market_by_slug",
        summary="One market; loaded from the venue when we do not know it",
        parameters=[schemas.OneQuery],
        responses={200: schemas.OneMarketOutput, **_UNKNOWN, **_INVALID},
    )
    def get(self, request: Request, slug: str) -> Response:
        force = self.asked(request, schemas.OneQuery)["force_refresh"]
        return Response(one_market_json(load_market(slug=slug, force=force)))


class MarketByConditionView(MarketApi):
    @extend_schema(
        operation_id="market_by_condition",
        summary="The same by condition id",
        parameters=[schemas.OneQuery],
        responses={200: schemas.OneMarketOutput, **_UNKNOWN, **_INVALID},
    )
    def get(self, request: Request, condition_id: str) -> Response:
        force = self.asked(request, schemas.OneQuery)["force_refresh"]
        return Response(one_market_json(load_market(condition_id=condition_id, force=force)))


class PricesView(MarketApi):
    @extend_schema(
        operation_id="market_prices",
        summary="Price history: midpoints of one outcome",
        description="An `interval`, or `start_ts` and `end_ts`. No history is an empty list.",
        parameters=[schemas.PricesQuery],
        responses={200: schemas.PricesOutput, **_UNKNOWN, **_INVALID},
    )
    def get(self, request: Request, slug: str) -> Response:
        asked = self.asked(request, schemas.PricesQuery)
        market = load_market(slug=slug)
        index = self.outcome_index(asked, market)
        start_ms, end_ms = asked.get("start_ts"), asked.get("end_ts")
        try:
            found = history(
                market,
                index,
                interval=asked.get("interval"),
                start_ts=None if start_ms is None else start_ms // 1000,
                end_ts=None if end_ms is None else end_ms // 1000,
                fidelity=asked.get("fidelity"),
            )
        except BadHistory as exc:
            raise ValidationError({exc.field: [str(exc)]}) from None
        return Response(history_json(market, index, found))


class BookView(MarketApi):
    """Wrapped in `with_fresh_book`: a market that nobody followed is given three seconds."""

    @extend_schema(
        operation_id="market_book",
        summary="The live book of one outcome",
        parameters=[schemas.OutcomeQuery],
        responses={200: schemas.BookOutput, **_UNKNOWN, **_INVALID},
    )
    def get(self, request: Request, slug: str) -> Response:
        asked = self.asked(request, schemas.OutcomeQuery)
        market = load_market(slug=slug)
        index = self.outcome_index(asked, market)
        if not market.tradable:
            raise VenueNotFound(f"{market.slug} takes no orders, so it has no book")
        self.ref = market_ref(market)
        view = books.fresh(market.condition_id)
        book = book_json(view, token_id=market.token_ids[index], outcome_index=index)
        return Response({**book, "timestamp": iso(view.stamp_ms)})  # sockets have epoch milliseconds there

    def handle_exception(self, exc: Exception) -> Response:
        response = super().handle_exception(exc)
        if isinstance(exc, StaleBook):
            response.wanted_ref = self.ref  # type: ignore[attr-defined]
        return response


class OpenInterestView(MarketApi):
    @extend_schema(
        operation_id="market_open_interest",
        summary="Open interest in USDC",
        responses={200: schemas.InterestOutput, **_UNKNOWN},
    )
    def get(self, request: Request, slug: str) -> Response:
        market = load_market(slug=slug)
        return Response(interest_json(market, open_interest(market)))


class TradesView(MarketApi):
    @extend_schema(
        operation_id="market_trades",
        summary="The venue's newest public trades of a market",
        parameters=[schemas.LimitQuery],
        responses={200: schemas.PublicTradesOutput, **_UNKNOWN, **_INVALID},
    )
    def get(self, request: Request, slug: str) -> Response:
        limit = self.limit(request)
        market = load_market(slug=slug)
        trades = public_trades(market, limit=limit)
        return Response(whole_json("trades", [trade_json(market, trade) for trade in trades]))
