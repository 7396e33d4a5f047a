"""What /markets takes and gives. Queries are read with the first part; the rest is for the OpenAPI only."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from livedata.history import FIDELITY, FIDELITY_MAX
from markets.core.times import read_moment
from markets.core.units import to_micros
from markets.pages import PAGE_SIZE_MAX, SORTS

TEXT_MAX = 200


@extend_schema_field(OpenApiTypes.DECIMAL)
class Micros(serializers.Field):
    """A decimal string, read into micros."""

    def to_internal_value(self, data: Any) -> int:
        try:
            return to_micros(data)
        except ValueError as exc:
            raise serializers.ValidationError(str(exc)) from None

    def to_representation(self, value: Any) -> Any:
        raise AssertionError("queries are only read")


@extend_schema_field({"type": "string", "description": "ISO 8601, or epoch seconds or milliseconds"})
class Moment(serializers.Field):
    """A time, read into epoch milliseconds."""

    def to_internal_value(self, data: Any) -> int:
        try:
            return read_moment(str(data))
        except ValueError as exc:
            raise serializers.ValidationError(str(exc)) from None

    def to_representation(self, value: Any) -> Any:
        raise AssertionError("queries are only read")


class MarketsQuery(serializers.Serializer):
    search = serializers.CharField(required=False, max_length=TEXT_MAX, allow_blank=True)
    active = serializers.BooleanField(required=False, allow_null=True)
    closed = serializers.BooleanField(required=False, allow_null=True)
    category = serializers.CharField(required=False, max_length=80, allow_blank=True)
    tag = serializers.CharField(required=False, max_length=120, allow_blank=True)
    volume_min = Micros(required=False)
    volume_max = Micros(required=False)
    liquidity_min = Micros(required=False)
    liquidity_max = Micros(required=False)
    end_before = Moment(required=False)
    end_after = Moment(required=False)
    sort_by = serializers.ChoiceField(choices=list(SORTS), required=False, default="volume_24h")
    sort_desc = serializers.BooleanField(
        required=False, allow_null=True, help_text="default: true, for end_date false"
    )
    page = serializers.IntegerField(required=False, min_value=1, default=1)
    page_size = serializers.IntegerField(required=False, min_value=1, max_value=PAGE_SIZE_MAX, default=20)
    cursor = serializers.CharField(
        required=False,
        max_length=400,
        allow_blank=True,
        default="",
        help_text="`next_cursor` of the page before",
    )


class LimitQuery(serializers.Serializer):
    limit = serializers.IntegerField(required=False, min_value=1, max_value=100, default=20)
    page_size = serializers.IntegerField(
        required=False, min_value=1, max_value=100, help_text="the same by the name of other lists"
    )


class OneQuery(serializers.Serializer):
    force_refresh = serializers.BooleanField(required=False, default=False, help_text="ask the venue again")


class OutcomeQuery(serializers.Serializer):
    outcome = serializers.CharField(required=False, max_length=255, help_text="label or index")
    outcome_index = serializers.IntegerField(required=False, min_value=0, max_value=1, default=0)


class PricesQuery(OutcomeQuery):
    interval = serializers.ChoiceField(choices=list(FIDELITY), required=False, help_text="default: 1d")
    start_ts = Moment(required=False)
    end_ts = Moment(required=False)
    fidelity = serializers.IntegerField(
        required=False, min_value=1, max_value=FIDELITY_MAX, help_text="minutes between two points"
    )


# --- for the OpenAPI ------------------------------------------------------------------------------


class MarketErrorDetail(serializers.Serializer):
    code = serializers.CharField()
    message = serializers.CharField()
    fields = serializers.DictField(child=serializers.ListField(child=serializers.CharField()))


class MarketError(serializers.Serializer):
    error = MarketErrorDetail()


class Decimal(serializers.CharField):
    """A decimal string."""


class OutcomeOutput(serializers.Serializer):
    outcome = serializers.CharField()
    token_id = serializers.CharField()
    price = Decimal(allow_null=True)


class MarketOutput(serializers.Serializer):
    slug = serializers.CharField()
    condition_id = serializers.CharField()
    question = serializers.CharField()
    event_slug = serializers.CharField(allow_null=True)
    group_label = serializers.CharField()
    outcomes = OutcomeOutput(many=True)
    active = serializers.BooleanField()
    closed = serializers.BooleanField()
    accepting_orders = serializers.BooleanField()
    resolution = serializers.CharField(allow_null=True)
    end_date = serializers.DateTimeField(allow_null=True)
    volume = Decimal()
    volume_24h = Decimal()
    liquidity = Decimal()
    open_interest = Decimal(allow_null=True)
    best_bid = Decimal(allow_null=True)
    best_ask = Decimal(allow_null=True)
    spread = Decimal(allow_null=True)
    tick_size = Decimal()
    min_size = Decimal()
    fee_rate = Decimal()
    fee_exponent = Decimal()
    fee_source = serializers.CharField()
    neg_risk = serializers.BooleanField()
    image = serializers.CharField()
    category = serializers.CharField()
    tags = serializers.ListField(child=serializers.CharField())
    last_synced_at = serializers.DateTimeField(allow_null=True)


class OneMarketOutput(MarketOutput):
    description = serializers.CharField()
    resolution_source = serializers.CharField()
    created_at = serializers.DateTimeField(allow_null=True)
    closed_at = serializers.DateTimeField(allow_null=True)


class ListOutput(serializers.Serializer):
    total = serializers.IntegerField(help_text="at most 10,000; a lower bound unless `total_exact`")
    total_exact = serializers.BooleanField(
        help_text="false: there are that many or more; counting on would cost more than the page"
    )
    page = serializers.IntegerField()
    page_size = serializers.IntegerField()
    has_next = serializers.BooleanField()
    has_prev = serializers.BooleanField()


class MarketsOutput(ListOutput):
    markets = MarketOutput(many=True)
    next_cursor = serializers.CharField(allow_null=True, required=False)


class PointOutput(serializers.Serializer):
    t = serializers.IntegerField(help_text="epoch seconds")
    p = Decimal()


class PricesOutput(serializers.Serializer):
    slug = serializers.CharField()
    outcome = serializers.CharField()
    outcome_index = serializers.IntegerField()
    token_id = serializers.CharField()
    fidelity = serializers.IntegerField()
    history = PointOutput(many=True)
    total_points = serializers.IntegerField()
    cached_at = serializers.DateTimeField(allow_null=True)


class BookOutput(serializers.Serializer):
    token_id = serializers.CharField()
    bids = serializers.ListField(child=serializers.ListField(child=serializers.CharField()))
    asks = serializers.ListField(child=serializers.ListField(child=serializers.CharField()))
    midpoint = Decimal(allow_null=True)
    spread = Decimal(allow_null=True)
    tick_size = Decimal()
    timestamp = serializers.DateTimeField()
    seq = serializers.IntegerField()
    fresh = serializers.BooleanField()
    age_ms = serializers.IntegerField()


class InterestOutput(serializers.Serializer):
    slug = serializers.CharField()
    condition_id = serializers.CharField()
    open_interest = Decimal(allow_null=True)


class TradeOutput(serializers.Serializer):
    market = serializers.CharField()
    condition_id = serializers.CharField()
    token_id = serializers.CharField()
    outcome = serializers.CharField()
    outcome_index = serializers.IntegerField()
    side = serializers.CharField()
    price = Decimal()
    size = Decimal()
    timestamp = serializers.DateTimeField()
    transaction_hash = serializers.CharField()


class PublicTradesOutput(ListOutput):
    trades = TradeOutput(many=True)


class SyncOutput(serializers.Serializer):
    name = serializers.CharField()
    running = serializers.BooleanField()
    phase = serializers.CharField()
    pages = serializers.IntegerField()
    rows = serializers.IntegerField()
    written = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    bad = serializers.IntegerField()
    last_bad = serializers.CharField()
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)
    last_error = serializers.CharField()


class SyncStatsOutput(serializers.Serializer):
    total_markets = serializers.IntegerField()
    open_markets = serializers.IntegerField()
    closed_markets = serializers.IntegerField()
    resolved_markets = serializers.IntegerField()
    events = serializers.IntegerField()
    syncs = SyncOutput(many=True)
