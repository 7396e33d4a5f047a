"""/market-stream: programs say which markets to keep live, and an admin pauses the feed."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.permissions import IsAdminUser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.limits import limit_of
from accounts.reached import LimitReached
from livedata.bus import bus
from livedata.core.steps import MarketRef
from livedata.feed import PAUSED
from livedata.publisher import STATUS
from livedata.pulse import newest_pulse, wall_ms
from livedata.stream_schemas import StreamError, StreamInput, StreamOutput, StreamState, StreamStatus
from livedata.subscriptions import held, lease, release
from livedata.watching import asked_refs, known_refs, refs_of_slugs
from markets.core.times import iso

SOCKET = "/ws/live"
LEASE_S = 300
_ASKED_MAX = 20  # tokens and slugs that we do not know, in one request: each costs the venue a question
_COUNTS = (
    "markets",
    "live",
    "messages_total",
    "steps_total",
    "bad_total",
    "hashes_verified",
    "hashes_refuted",
)


class SubscribeView(APIView):
    @extend_schema(
        operation_id="market_stream_subscribe",
        summary="Keep markets live for five minutes",
        description="Their books are then fresh for orders and REST. Listen on /ws/live to see them change.",
        request=StreamInput,
        responses={200: StreamOutput, 422: StreamError, 429: StreamError},
    )
    def post(self, request: Request) -> Response:
        found, unknown = _read(request)
        kept = {ref.condition_id: ref for ref in (*held(_owner(request)), *found)}
        most = limit_of(request.user, "subscriptions")
        if 2 * len(kept) > most:
            raise LimitReached(f"Your role may watch {most} tokens at once: unsubscribe some first.")
        return _kept(request, list(kept.values()), unknown)


class UnsubscribeView(APIView):
    @extend_schema(
        operation_id="market_stream_unsubscribe",
        summary="Give markets up; without a body, all of yours",
        request=StreamInput,
        responses={200: StreamOutput, 422: StreamError},
    )
    def post(self, request: Request) -> Response:
        found, unknown = _read(request)
        gone = {ref.condition_id for ref in found}
        everything = not (request.data.get("token_ids") or request.data.get("slugs"))
        left = [ref for ref in held(_owner(request)) if not everything and ref.condition_id not in gone]
        return _kept(request, left, unknown)


class StatusView(APIView):
    @extend_schema(
        operation_id="market_stream_status", summary="How the feed is", responses={200: StreamStatus}
    )
    def get(self, request: Request) -> Response:
        pulse, now_ms = newest_pulse(bus()), wall_ms()
        facts = {name: int(value) for name, value in bus().hgetall(STATUS).items()}
        heard_ms = max((beat.heard_ms for beat in pulse.connections.values()), default=0)
        running = "running" if pulse.connections or now_ms - pulse.written_ms < 1_000 else "down"
        return Response(
            {
                "state": "paused" if pulse.paused else running,
                "connections": len(pulse.connections),
                "age_ms": max(0, now_ms - heard_ms) if heard_ms else None,
                "delay_ms": pulse.delay_ms,
                **{name: facts.get(name, 0) for name in _COUNTS},
                "drops": {
                    name.removeprefix("drops_"): count
                    for name, count in facts.items()
                    if name.startswith("drops_")
                },
            }
        )


class PauseView(APIView):
    permission_classes = (IsAdminUser,)

    @extend_schema(
        operation_id="market_stream_pause",
        summary="Pause the feed: every book goes stale within a second",
        request=None,
        responses={200: StreamState, 403: StreamError},
    )
    def post(self, request: Request) -> Response:
        with bus().batch() as batch:
            batch.put(PAUSED, b"1")
            batch.publish(PAUSED, b"")
        return Response({"state": "paused"})


class ResumeView(APIView):
    permission_classes = (IsAdminUser,)

    @extend_schema(
        operation_id="market_stream_resume",
        summary="Let the feed run again",
        request=None,
        responses={200: StreamState, 403: StreamError},
    )
    def post(self, request: Request) -> Response:
        with bus().batch() as batch:
            batch.delete(PAUSED)
            batch.publish(PAUSED, b"")
        return Response({"state": "running"})


def _owner(request: Request) -> str:
    return f"rest:{request.user.pk}"


def _read(request: Request) -> tuple[list[MarketRef], list[str]]:
    """The markets that the body names, and the names that no open market has."""
    asked = StreamInput(data=request.data)
    asked.is_valid(raise_exception=True)
    token_ids, slugs = asked.validated_data.get("token_ids", []), asked.validated_data.get("slugs", [])
    by_token = known_refs(token_ids)
    new = [token_id for token_id in dict.fromkeys(token_ids) if token_id not in by_token]
    by_name: dict[str, Any] = {**by_token, **asked_refs(new[:_ASKED_MAX]), **refs_of_slugs(slugs, _ASKED_MAX)}
    refs = {name: by_name.get(name) for name in (*token_ids, *slugs)}
    return [ref for ref in refs.values() if ref is not None], [
        name for name, ref in refs.items() if ref is None
    ]


def _kept(request: Request, refs: list[MarketRef], unknown: list[str]) -> Response:
    if refs:
        lease(_owner(request), refs, seconds=LEASE_S)
    else:
        release(_owner(request))
    return Response(
        {
            "ws": SOCKET,
            "subscribed": [token_id for ref in refs for token_id in (ref.token_0, ref.token_1)],
            "unknown": unknown,
            "expires_at": iso(wall_ms() + 1_000 * LEASE_S) if refs else None,
        }
    )
