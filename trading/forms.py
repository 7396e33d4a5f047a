"""What people type into forms, read into the values that services take."""

import re
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django import forms

from markets.core.book import Side
from markets.core.errors import Rejected
from markets.core.units import to_micros
from markets.models import Market
from trading.core.rejections import Code
from trading.core.resting import QueueModel
from trading.core.tickets import OrderType, Ticket
from trading.services.portfolios import LATENCY_MAX_MS

MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000
_THOUSANDS = re.compile(r"\d{1,3}(,\d{3})+(\.\d+)?")
# Names the services use -> fields people see.
_FIELDS = {
    "price": "limit",
    "size": "shares",
    "amount": "amount",
    "time_in_force": "tif_limit",
    "expires_at": "expires",
    "post_only": "post_only",
}


def as_sentence(refusal: Rejected) -> str:
    """Our messages begin small, as programs like them; people get a sentence."""
    words = str(refusal)
    return f"{words[:1].upper()}{words[1:]}."


class FigureField(forms.Field):
    """A plain number of micros: "2,000", "$25.50", "63.5¢". Commas separate thousands, nothing else."""

    def __init__(self, *, unit: str, scale: int = 1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.unit, self.scale = unit, scale

    def to_python(self, value: Any) -> int | None:
        text = str(value or "").strip().strip("$¢").strip()
        if not text:
            return None
        if _THOUSANDS.fullmatch(text):
            text = text.replace(",", "")
        try:
            micros = to_micros(text)
        except ValueError:
            raise forms.ValidationError(f"Write a plain number of {self.unit}, such as 25 or 25.5.") from None
        if micros <= 0:
            raise forms.ValidationError(f"More than 0 {self.unit}, please.")
        if micros % self.scale:
            raise forms.ValidationError("That is finer than a millionth of a dollar.")
        return micros // self.scale


class ResetForm(forms.Form):
    """Begin anew with this balance; empty: with the same as the last time."""

    balance = FigureField(
        unit="dollars",
        required=False,
        label="Starting balance, play dollars",
        widget=forms.TextInput({"class": "input", "autocomplete": "off", "inputmode": "decimal"}),
    )


class PortfolioForm(ResetForm):
    """A further portfolio beside the first."""

    name = forms.CharField(
        max_length=80, label="Name", widget=forms.TextInput({"class": "input", "autocomplete": "off"})
    )
    queue_model = forms.ChoiceField(
        choices=[
            ("", "As usual here"),
            (QueueModel.RISK_AVERSE, "Fewest fills: nobody ahead leaves unless that is certain"),
            (QueueModel.PROPORTIONAL, "Likely fills: the size of a cancel says where it came from"),
        ],
        required=False,
        label="How waiting orders fill",
        widget=forms.Select({"class": "input"}),
        help_text="It stays so. The portfolio's page shows what the other models would have given.",
    )
    latency_ms = forms.IntegerField(
        required=False,
        min_value=0,
        max_value=LATENCY_MAX_MS,
        label="Milliseconds until an order meets the book",
        widget=forms.TextInput({"class": "input", "autocomplete": "off", "inputmode": "numeric"}),
    )
    field_order = ("name", "balance", "queue_model", "latency_ms")


class MomentField(forms.Field):
    """A time of UTC as a date-time input writes it, "2026-12-08T18:00", in epoch milliseconds."""

    def to_python(self, value: Any) -> int | None:
        text = str(value or "").strip()
        if not text:
            return None
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise forms.ValidationError("Write a date and a time, such as 2026-12-08 18:00.") from None
        return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)


def write_moment(epoch_ms: int) -> str:
    """What a date-time input takes: the minute in UTC."""
    return f"{datetime.fromtimestamp(epoch_ms // 1000, tz=UTC):%Y-%m-%dT%H:%M}"


class TicketForm(forms.Form):
    """The ticket. At market a BUY spends dollars and a SELL gives shares; a limit order counts shares.

    The halves that the choices hide are ignored, whatever stands in them.
    """

    side = forms.ChoiceField(choices=[(side, side) for side in Side], initial=Side.BUY)
    outcome = forms.TypedChoiceField(choices=[("0", "0"), ("1", "1")], coerce=int, initial="0")
    type = forms.ChoiceField(choices=[("market", "Market"), ("limit", "Limit")], initial="market")
    amount = FigureField(unit="dollars", required=False)
    shares = FigureField(unit="shares", required=False)
    limit = FigureField(unit="cents", scale=100, required=False)
    tif_market = forms.ChoiceField(choices=[("FAK", "Allow part"), ("FOK", "All or none")], required=False)
    tif_limit = forms.ChoiceField(choices=[(kind, kind) for kind in OrderType], required=False)
    until = forms.ChoiceField(
        choices=[(name, name) for name in ("hour", "day", "close", "at")], required=False
    )
    expires = MomentField(required=False)
    post_only = forms.BooleanField(required=False)
    portfolio = forms.UUIDField()
    key = forms.RegexField(r"^[0-9a-zA-Z_-]{8,80}$")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        shown = self._shown(cleaned)
        for name in [name for name in self.errors if name in _HALVES - shown]:
            del self.errors[name]
        for name in shown & {"amount", "shares", "limit", "expires"}:
            if cleaned.get(name) is None and name not in self.errors:
                self.add_error(name, _MISSING[name])
        return cleaned

    def _shown(self, cleaned: dict[str, Any]) -> set[str]:
        """The fields that the choices leave to see."""
        if cleaned.get("type") != "limit":
            return {"amount" if cleaned.get("side") == Side.BUY else "shares", "tif_market"}
        shown = {"shares", "limit", "tif_limit"}
        if cleaned.get("tif_limit") == OrderType.GTD:
            shown |= {"until", "expires"} if cleaned.get("until") == "at" else {"until"}
        if cleaned.get("tif_limit") in (OrderType.GTC, OrderType.GTD, ""):
            shown.add("post_only")
        return shown

    def ticket(self, market: Market, *, now_ms: int) -> Ticket:
        """What a valid form asks for. Raises Rejected when the market names no end to expire at."""
        data, shown = self.cleaned_data, self._shown(self.cleaned_data)
        limited = data["type"] == "limit"
        order_type = OrderType((data["tif_limit"] or "GTC") if limited else (data["tif_market"] or "FAK"))
        return Ticket(
            condition_id=market.condition_id,
            token_id=market.token_ids[data["outcome"]],
            outcome_index=data["outcome"],
            side=Side(data["side"]),
            order_type=order_type,
            client_order_id=data["key"],
            price_micros=data["limit"] if limited else None,
            size_micros=data["shares"] if "shares" in shown else None,
            amount_micros=data["amount"] if "amount" in shown else None,
            post_only="post_only" in shown and data["post_only"],
            expires_ms=self._expires_ms(market, now_ms) if order_type is OrderType.GTD else None,
        )

    def _expires_ms(self, market: Market, now_ms: int) -> int:
        """Whole minutes, so that a form that is sent twice asks for the same."""
        until = self.cleaned_data["until"] or "hour"
        if until == "hour":
            return -(-(now_ms + HOUR_MS) // MINUTE_MS) * MINUTE_MS
        if until == "day":
            return (now_ms // DAY_MS + 1) * DAY_MS
        if until == "at":
            stated: int = self.cleaned_data["expires"]
            return stated
        if market.end_ms is None:
            words = "this market names no closing time: choose a time of your own"
            raise Rejected(Code.INVALID_EXPIRATION, words, field="expires_at")
        return market.end_ms

    @property
    def portfolio_id(self) -> UUID:
        portfolio_id: UUID = self.cleaned_data["portfolio"]
        return portfolio_id

    def refuse(self, refusal: Rejected) -> str:
        """Mark the field that can mend a rejection; returns the sentence for the note above the button."""
        line = as_sentence(refusal)
        field = _FIELDS.get(refusal.field or "")
        if field:
            self.add_error(field, line)
            return "Please look at the marked field."
        return line


_HALVES = {"amount", "shares", "limit", "tif_market", "tif_limit", "until", "expires", "post_only"}
_MISSING = {
    "amount": "How much?",
    "shares": "How many shares?",
    "limit": "At what price?",
    "expires": "Until when?",
}
