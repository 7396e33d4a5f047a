"""/portfolios/{id}/split, /merge, /convert and /redeem: whole sets, and what resolved markets pay."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import Throttled
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.limits import allow
from livedata.catalogue import load_event, load_market
from livedata.clock import venue_now_ms
from livedata.errors import VenueError, VenueNotFound
from markets.core.errors import Rejected
from markets.core.units import from_micros
from markets.models import Market
from markets.selectors import markets_by_condition
from trading.api import schemas, set_schemas
from trading.api.portfolios import PortfolioApi
from trading.api.reading import read_body, read_named_market, read_number, read_text
from trading.core.rejections import Code
from trading.models import SetChange
from trading.payloads import iso
from trading.services.sets import convert_positions, find_set_change, merge_positions, split_position
from trading.services.settlement import Payout, redeem

_CLIENT_ID_MAX = 80
_TOKENS_MAX = 200
_ANSWERS = {
    200: set_schemas.SetChange,
    201: set_schemas.SetChange,
    409: schemas.Error,
    422: schemas.Error,
    429: schemas.Error,
}


class _Changing(PortfolioApi):
    """A view that changes sets: 201, or 200 and the first change when it was asked before."""

    asked_before = False

    def changed(self, request: Request, portfolio_id: UUID) -> Response:
        self.portfolio(request, portfolio_id)
        body = read_body(request.data)
        client_id = read_text(body, "client_id", _CLIENT_ID_MAX)
        if client_id and find_set_change(portfolio_id=portfolio_id, client_id=client_id):
            self.asked_before = True
        else:
            _count(request)
        size = read_number(body, "size", Code.INVALID_SIZE)
        if size is None:
            raise Rejected(Code.INVALID_SIZE, "size is missing: how many sets", field="size")
        change = self.change(body, portfolio_id=portfolio_id, size_micros=size, client_id=client_id)
        return Response(set_change_json(change), status=200 if self.asked_before else 201)

    def change(
        self, body: Mapping[str, Any], *, portfolio_id: UUID, size_micros: int, client_id: str
    ) -> SetChange:
        raise NotImplementedError


class SplitView(_Changing):
    @extend_schema(
        summary="Turn USDC into a share of each outcome",
        description="One USDC a set, without a fee. What each outcome costs follows the market's midpoint.",
        request=set_schemas.NewSet,
        responses=_ANSWERS,
    )
    def post(self, request: Request, portfolio_id: UUID) -> Response:
        return self.changed(request, portfolio_id)

    def change(self, body: Mapping[str, Any], **asked: Any) -> SetChange:
        market = read_named_market(body)
        return split_position(condition_id=market.condition_id, now_ms=venue_now_ms(), **asked)


class MergeView(_Changing):
    @extend_schema(
        summary="Turn a share of each outcome back into USDC",
        description="One USDC a set, without a fee; what the set cost less or more is realised.",
        request=set_schemas.NewSet,
        responses=_ANSWERS,
    )
    def post(self, request: Request, portfolio_id: UUID) -> Response:
        return self.changed(request, portfolio_id)

    def change(self, body: Mapping[str, Any], **asked: Any) -> SetChange:
        market = read_named_market(body)
        return merge_positions(condition_id=market.condition_id, now_ms=venue_now_ms(), **asked)


class ConvertView(_Changing):
    @extend_schema(
        summary="Turn NO shares of a neg-risk event into YES shares of its other outcomes",
        description="For each NO token but one a USDC a share comes back. The venue is asked for the event's "
        "questions first: none may be missing.",
        request=set_schemas.NewConversion,
        responses={**_ANSWERS, 503: schemas.Error},
    )
    def post(self, request: Request, portfolio_id: UUID) -> Response:
        return self.changed(request, portfolio_id)

    def change(self, body: Mapping[str, Any], **asked: Any) -> SetChange:
        return convert_positions(
            token_ids=_token_ids(body),
            event_slug=_event_slug(body, ask_venue=not self.asked_before),
            now_ms=venue_now_ms(),
            **asked,
        )


class RedeemView(PortfolioApi):
    @extend_schema(
        summary="Pay resolved positions now",
        description="Resolved markets pay by themselves within moments; this does not wait for it.",
        request=set_schemas.Redeem,
        responses={200: set_schemas.Redeemed, 422: schemas.Error},
    )
    def post(self, request: Request, portfolio_id: UUID) -> Response:
        self.portfolio(request, portfolio_id)
        body = read_body(request.data) if request.data else {}
        condition_id = None
        if body.get("market") not in (None, ""):
            market = read_named_market(body)
            condition_id = market.condition_id
            if market.payout_0_micros is None:
                with suppress(VenueError):  # the catalogue hears of results in its own time
                    load_market(condition_id=condition_id, force=True)
        paid = redeem(portfolio_id=portfolio_id, condition_id=condition_id, now_ms=venue_now_ms())
        return Response(_redeemed_json(paid))


def set_change_json(change: SetChange) -> dict[str, Any]:
    """A split, merge or conversion, with what it moved."""
    markets = markets_by_condition(leg[0] for leg in change.legs)
    first = markets.get(change.legs[0][0])
    return {
        "id": str(change.pk),
        "client_id": change.client_id,
        "portfolio_id": str(change.portfolio_id),
        "kind": change.kind,
        "event": first.event.slug if first and first.event else None,
        "market": first.slug if first and change.condition_id else None,
        "condition_id": change.condition_id or None,
        "size": from_micros(change.size_micros),
        "cash": from_micros(change.cash_micros),
        "realised_pnl": from_micros(change.realised_pnl_micros),
        "legs": [
            {
                **_token_json(markets.get(condition_id), condition_id, token_id, outcome_index),
                "size": from_micros(size),
                "value": from_micros(value),
            }
            for condition_id, token_id, outcome_index, size, value in change.legs
        ],
        "timestamp": iso(change.changed_ms),
    }


def _redeemed_json(paid: Sequence[Payout]) -> dict[str, Any]:
    markets = markets_by_condition(payout.condition_id for payout in paid)
    return {
        "redeemed": [
            {
                **_token_json(
                    markets.get(payout.condition_id),
                    payout.condition_id,
                    payout.token_id,
                    payout.outcome_index,
                ),
                "size": from_micros(payout.size_micros),
                "payout": from_micros(payout.payout_micros),
                "cash": from_micros(payout.cash_micros),
                "realised_pnl": from_micros(payout.realised_pnl_micros),
            }
            for payout in paid
        ],
        "cash": from_micros(sum(payout.cash_micros for payout in paid)),
    }


def _token_json(
    market: Market | None, condition_id: str, token_id: str, outcome_index: int
) -> dict[str, Any]:
    return {
        "market": market.slug if market else None,
        "condition_id": condition_id,
        "token_id": token_id,
        "outcome": market.outcome_label(outcome_index) if market else None,
        "outcome_index": outcome_index,
    }


def _event_slug(body: Mapping[str, Any], *, ask_venue: bool) -> str:
    """The slug of the event, brought up to date: a question that we miss would cost the trader its YES.

    Raises Unavailable when the venue does not answer, Rejected when nobody knows such an event.
    """
    slug = body.get("event")
    if not isinstance(slug, str) or not slug or len(slug) > 255:
        raise Rejected(Code.EVENT_NOT_FOUND, "event is a slug", field="event")
    with suppress(VenueNotFound):  # the venue has forgotten it: what we know is all there is
        load_event(slug, force=ask_venue)
    return slug


def _token_ids(body: Mapping[str, Any]) -> list[str]:
    asked = body.get("token_ids")
    if not isinstance(asked, list) or not all(isinstance(token_id, str) for token_id in asked):
        raise Rejected(Code.INVALID_TOKENS, "token_ids is a list of token ids", field="token_ids")
    if len(asked) > _TOKENS_MAX:
        raise Rejected(Code.INVALID_TOKENS, f"at most {_TOKENS_MAX} tokens", field="token_ids")
    return asked


def _count(request: Request) -> None:
    """A change counts as an order of the minute's. Raises Throttled."""
    verdict = allow(request.user, "orders")
    if not verdict.allowed:
        raise Throttled(wait=verdict.retry_after_s, detail="Your role's orders a minute are used up.")
