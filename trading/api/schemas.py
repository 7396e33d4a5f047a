"""The shapes of our answers and bodies, for the OpenAPI only: trading/payloads.py builds the answers."""

from rest_framework import serializers

from trading.core.rejections import Code


class Decimal(serializers.CharField):
    """A decimal string."""


class ErrorDetail(serializers.Serializer):
    code = serializers.CharField(
        help_text="Rejections of a ticket, in order of precedence: " + ", ".join(Code)
    )
    message = serializers.CharField()
    fields = serializers.DictField(child=serializers.CharField(), required=False)


class Error(serializers.Serializer):
    error = ErrorDetail()


class Trade(serializers.Serializer):
    id = serializers.UUIDField()
    order_id = serializers.UUIDField()
    portfolio_id = serializers.UUIDField()
    market = serializers.CharField(allow_null=True)
    condition_id = serializers.CharField()
    token_id = serializers.CharField()
    outcome = serializers.CharField(allow_null=True)
    outcome_index = serializers.IntegerField()
    side = serializers.CharField()
    price = Decimal()
    size = Decimal()
    notional = Decimal()
    fee = Decimal()
    role = serializers.CharField()
    grade = serializers.CharField(allow_null=True)
    self_match = serializers.BooleanField()
    realised_pnl = Decimal()
    timestamp = serializers.DateTimeField()
    notes = serializers.CharField()


class TradeWithEvidence(Trade):
    evidence = serializers.DictField()


class Order(serializers.Serializer):
    id = serializers.UUIDField()
    clob_order_id = serializers.CharField(allow_null=True)
    client_order_id = serializers.CharField()
    portfolio_id = serializers.UUIDField()
    market = serializers.CharField(allow_null=True)
    condition_id = serializers.CharField()
    token_id = serializers.CharField()
    outcome = serializers.CharField(allow_null=True)
    outcome_index = serializers.IntegerField()
    side = serializers.CharField()
    type = serializers.CharField()
    time_in_force = serializers.CharField()
    post_only = serializers.BooleanField()
    price = Decimal(allow_null=True)
    size = Decimal(allow_null=True)
    amount = Decimal(allow_null=True)
    matched_size = Decimal()
    open_size = Decimal()
    killed_size = Decimal(help_text="counts as the ticket did: shares of a size, USDC of an amount")
    average_price = Decimal(allow_null=True)
    notional = Decimal()
    fee = Decimal()
    status = serializers.CharField()
    reason = serializers.CharField(allow_null=True)
    queue_ahead = Decimal(allow_null=True)
    queue_ahead_likely = Decimal(allow_null=True)
    uncertain_ms = serializers.IntegerField(allow_null=True)
    expires_at = serializers.DateTimeField(allow_null=True)
    effective_at = serializers.DateTimeField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    notes = serializers.CharField()
    fills = Trade(many=True)


class NewOrder(serializers.Serializer):
    market = serializers.CharField(required=False, help_text="slug or condition id, with `outcome`")
    outcome = serializers.CharField(required=False, help_text="label or index")
    token_id = serializers.CharField(required=False, help_text="instead of market and outcome")
    side = serializers.CharField(help_text="BUY or SELL, in any case")
    type = serializers.ChoiceField(["market", "limit"], default="market")
    amount = Decimal(required=False, help_text="USDC budget of a BUY, the fee on top")
    size = Decimal(required=False, help_text="shares")
    price = Decimal(required=False, help_text="limit price")
    time_in_force = serializers.ChoiceField(
        ["FAK", "FOK", "GTC", "GTD"], required=False, help_text="market: FAK, limit: GTC"
    )
    expires_at = serializers.DateTimeField(required=False)
    post_only = serializers.BooleanField(required=False)
    client_order_id = serializers.CharField(required=False, max_length=80)
    notes = serializers.CharField(required=False, max_length=400)


class NewTrade(serializers.Serializer):
    market_id = serializers.CharField(help_text="slug or condition id")
    outcome = serializers.CharField(help_text="label or index")
    side = serializers.CharField(help_text="buy or sell")
    quantity = Decimal(help_text="shares")
    price = Decimal(required=False, help_text="worst price; at market without it")
    client_order_id = serializers.CharField(required=False, max_length=80)
    notes = serializers.CharField(required=False, max_length=400)


class PreviewLevel(serializers.Serializer):
    price = Decimal()
    size = Decimal()


class PreviewProblem(serializers.Serializer):
    code = serializers.CharField()
    message = serializers.CharField()
    field = serializers.CharField(allow_null=True)


class Preview(serializers.Serializer):
    status = serializers.ChoiceField(["filled", "partial", "killed", "rests"])
    size = Decimal()
    notional = Decimal()
    average_price = Decimal(allow_null=True)
    fee = Decimal()
    total = Decimal()
    slippage = Decimal(allow_null=True)
    levels = PreviewLevel(many=True)
    affordable = serializers.BooleanField()
    resting_size = Decimal()
    queue_ahead = Decimal(allow_null=True, help_text="shares served before what rests")
    queue_own = Decimal(help_text="of them, your own earlier orders")
    backing = Decimal(help_text="what must stay there for what rests: USDC of a BUY, shares of a SELL")
    total_if_all_fills = Decimal(help_text="what a BUY pays or a SELL brings when what rests fills too")
    ends_at = serializers.DateTimeField(allow_null=True, help_text="60 s before expires_at")
    killed_size = Decimal()
    problems = PreviewProblem(many=True)


class Position(serializers.Serializer):
    market = serializers.CharField(allow_null=True)
    condition_id = serializers.CharField()
    token_id = serializers.CharField()
    outcome = serializers.CharField()
    outcome_index = serializers.IntegerField()
    size = Decimal()
    average_price = Decimal(allow_null=True)
    cost = Decimal()
    mark = Decimal(allow_null=True)
    value = Decimal(allow_null=True)
    value_if_sold = Decimal(allow_null=True)
    unrealised_pnl = Decimal(allow_null=True)
    realised_pnl = Decimal()
    redeemable = serializers.BooleanField()


class Portfolio(serializers.Serializer):
    id = serializers.UUIDField()
    name = serializers.CharField()
    description = serializers.CharField()
    initial_balance = Decimal()
    cash_balance = Decimal()
    positions_value = Decimal()
    value_if_sold = Decimal()
    equity = Decimal()
    realised_pnl = Decimal()
    unrealised_pnl = Decimal()
    fees_paid = Decimal()
    open_orders_backing = Decimal()
    latency_ms = serializers.IntegerField()
    queue_model = serializers.CharField()
    is_active = serializers.BooleanField()
    created_at = serializers.DateTimeField()


class PortfolioWithPositions(Portfolio):
    positions = Position(many=True)


class NewPortfolio(serializers.Serializer):
    name = serializers.CharField(max_length=80)
    description = serializers.CharField(max_length=400, required=False, allow_blank=True)
    initial_balance = Decimal(required=False)
    latency_ms = serializers.IntegerField(required=False)
    queue_model = serializers.ChoiceField(["risk_averse", "proportional"], required=False)


class PortfolioChange(serializers.Serializer):
    name = serializers.CharField(max_length=80, required=False)
    description = serializers.CharField(max_length=400, required=False, allow_blank=True)
    is_active = serializers.BooleanField(required=False)


class Reset(serializers.Serializer):
    initial_balance = Decimal(required=False)


class Posting(serializers.Serializer):
    id = serializers.CharField()
    transaction_id = serializers.CharField()
    account = serializers.CharField()
    asset = serializers.CharField()
    amount = Decimal()
    kind = serializers.CharField()
    timestamp = serializers.DateTimeField()


class EquityPoint(serializers.Serializer):
    t = serializers.IntegerField()
    cash = Decimal()
    equity = Decimal()
    if_sold = Decimal()


class LensResult(serializers.Serializer):
    own = serializers.BooleanField()
    maker_orders = serializers.IntegerField()
    maker_size = Decimal()
    result = Decimal()
    difference = Decimal()


class GradeShare(serializers.Serializer):
    fills = serializers.IntegerField()
    size = Decimal()
    result = Decimal()


class LensOrder(serializers.Serializer):
    order_id = serializers.UUIDField()
    side = serializers.CharField()
    outcome = serializers.CharField()
    price = Decimal()
    mark = Decimal(allow_null=True)
    sizes = serializers.DictField(child=Decimal())
    results = serializers.DictField(child=Decimal())


class Lenses(serializers.Serializer):
    models = serializers.DictField(child=LensResult(), help_text="risk_averse, proportional, touch")
    grades = serializers.DictField(child=GradeShare(), help_text="A, B, C")
    everything_else = Decimal(help_text="of the result, what rests on no maker fill")
    differing_orders = serializers.IntegerField()
    orders = LensOrder(many=True, help_text="those that differ most, twenty at most")


class Metrics(serializers.Serializer):
    trades = serializers.IntegerField()
    volume = Decimal()
    fees_paid = Decimal()
    rebates_paid = Decimal(help_text="maker rebates; in the equity, not in the realised result")
    rebates_open = Decimal(help_text="of days that are not reckoned yet, if they ended now")
    rewards_low = Decimal(help_text="liquidity rewards: an estimate that no balance and no rank contains")
    rewards_high = Decimal()
    realised_pnl = Decimal()
    unrealised_pnl = Decimal()
    equity = Decimal()
    value_if_sold = Decimal()
    return_if_sold = Decimal()
    max_drawdown = Decimal(allow_null=True)
    markets = serializers.IntegerField()
    resets = serializers.IntegerField()
    lenses = Lenses(allow_null=True)


def page_of(name: str, noun: str, row: type[serializers.Serializer]) -> type[serializers.Serializer]:
    """The list shape of the contract for one noun."""
    fields = {
        noun: row(many=True),
        "total": serializers.IntegerField(),
        "page": serializers.IntegerField(),
        "page_size": serializers.IntegerField(),
        "has_next": serializers.BooleanField(),
        "has_prev": serializers.BooleanField(),
    }
    return type(name, (serializers.Serializer,), fields)


OrderPage = page_of("OrderPage", "orders", Order)
TradePage = page_of("TradePage", "trades", Trade)
PositionPage = page_of("PositionPage", "positions", Position)
PortfolioPage = page_of("PortfolioPage", "portfolios", Portfolio)
PostingPage = page_of("PostingPage", "entries", Posting)
EquityPage = page_of("EquityPage", "points", EquityPoint)


class Cancelled(serializers.Serializer):
    cancelled = serializers.ListField(child=serializers.UUIDField())
    not_cancelled = serializers.DictField(child=serializers.CharField(), help_text="order id: why not")
