"""The shapes of splits, merges, conversions and redemptions, for the OpenAPI: trading/api/sets.py answers."""

from rest_framework import serializers

from trading.api.schemas import Decimal
from trading.models import SetChange as Row


class NewSet(serializers.Serializer):
    market = serializers.CharField(help_text="slug or condition id")
    size = Decimal(help_text="sets: one is a share of each outcome, and one USDC")
    client_id = serializers.CharField(
        required=False, max_length=80, help_text="asking again with it answers 200 and the first change"
    )


class NewConversion(serializers.Serializer):
    event = serializers.CharField(help_text="slug of an event of which exactly one outcome wins")
    token_ids = serializers.ListField(child=serializers.CharField(), help_text="NO tokens of its questions")
    size = Decimal(help_text="NO shares of each")
    client_id = serializers.CharField(required=False, max_length=80)


class SetLeg(serializers.Serializer):
    market = serializers.CharField(allow_null=True)
    condition_id = serializers.CharField()
    token_id = serializers.CharField()
    outcome = serializers.CharField(allow_null=True)
    outcome_index = serializers.IntegerField()
    size = Decimal(help_text="shares that came; negative: that went")
    value = Decimal(help_text="USDC: what came cost it, what went was sold for it")


class SetChange(serializers.Serializer):
    id = serializers.UUIDField()
    client_id = serializers.CharField()
    portfolio_id = serializers.UUIDField()
    kind = serializers.ChoiceField(Row.Kind.values)
    event = serializers.CharField(allow_null=True)
    market = serializers.CharField(allow_null=True, help_text="of a split or merge")
    condition_id = serializers.CharField(allow_null=True)
    size = Decimal()
    cash = Decimal(help_text="USDC that came; negative: that went")
    realised_pnl = Decimal()
    legs = SetLeg(many=True)
    timestamp = serializers.DateTimeField()


class Redeem(serializers.Serializer):
    market = serializers.CharField(required=False, help_text="slug or condition id; every market without it")


class Payout(serializers.Serializer):
    market = serializers.CharField(allow_null=True)
    condition_id = serializers.CharField()
    token_id = serializers.CharField()
    outcome = serializers.CharField(allow_null=True)
    outcome_index = serializers.IntegerField()
    size = Decimal()
    payout = Decimal(help_text="USDC a share: 0, 0.5 or 1")
    cash = Decimal()
    realised_pnl = Decimal()


class Redeemed(serializers.Serializer):
    redeemed = Payout(many=True)
    cash = Decimal(help_text="USDC in all")
