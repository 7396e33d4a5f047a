"""What /market-stream takes and gives."""

from typing import Any

from rest_framework import serializers

_TOKENS_MAX, _TOKEN_LENGTH_MAX, _SLUG_LENGTH_MAX = 2_000, 80, 255


class StreamInput(serializers.Serializer[Any]):
    token_ids = serializers.ListField(
        child=serializers.CharField(max_length=_TOKEN_LENGTH_MAX), required=False, max_length=_TOKENS_MAX
    )
    slugs = serializers.ListField(
        child=serializers.CharField(max_length=_SLUG_LENGTH_MAX), required=False, max_length=_TOKENS_MAX
    )


class StreamOutput(serializers.Serializer[Any]):
    ws = serializers.CharField(help_text="where to listen: /ws/live")
    subscribed = serializers.ListField(child=serializers.CharField(), help_text="all your token ids")
    unknown = serializers.ListField(
        child=serializers.CharField(), help_text="asked for, and no open market has them"
    )
    expires_at = serializers.DateTimeField(allow_null=True, help_text="ask again before; null: nothing held")


class StreamStatus(serializers.Serializer[Any]):
    state = serializers.ChoiceField(choices=["running", "paused", "down"])
    connections = serializers.IntegerField()
    markets = serializers.IntegerField(help_text="followed now")
    live = serializers.IntegerField(help_text="of them, with a book that the venue keeps up to date")
    age_ms = serializers.IntegerField(allow_null=True, help_text="since the venue was last heard")
    delay_ms = serializers.IntegerField(help_text="how long after its stamp an event is here, at worst")
    messages_total = serializers.IntegerField()
    steps_total = serializers.IntegerField()
    bad_total = serializers.IntegerField(help_text="frames that could not be read")
    hashes_verified = serializers.IntegerField(help_text="times that a book had the venue's own hash")
    hashes_refuted = serializers.IntegerField()
    drops = serializers.DictField(child=serializers.IntegerField(), help_text="books given up, by reason")


class StreamState(serializers.Serializer[Any]):
    state = serializers.ChoiceField(choices=["running", "paused"])


class StreamErrorDetail(serializers.Serializer[Any]):
    code = serializers.CharField()
    message = serializers.CharField()
    fields = serializers.DictField(child=serializers.ListField(child=serializers.CharField()))


class StreamError(serializers.Serializer[Any]):
    error = StreamErrorDetail()
