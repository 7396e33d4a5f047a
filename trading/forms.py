"""What people type into forms, read into the values that services take."""

import re
from typing import Any
from uuid import UUID

from django import forms

from markets.core.book import Side
from markets.core.errors import Rejected
from markets.core.units import to_micros
from markets.models import Market
from trading.core.tickets import OrderType, Ticket

_THOUSANDS = re.compile(r"\d{1,3}(,\d{3})+(\.\d+)?")
# Names the services use -> fields people see.
_FIELDS = {"price": "limit", "size": "shares", "amount": "amount", "time_in_force": "tif"}


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
    field_order = ("name", "balance")


class TicketForm(forms.Form):
    """The ticket: a BUY spends dollars, a SELL gives shares; hidden halves are ignored."""

    side = forms.ChoiceField(choices=[(side, side) for side in Side], initial=Side.BUY)
    outcome = forms.TypedChoiceField(choices=[("0", "0"), ("1", "1")], coerce=int, initial="0")
    amount = FigureField(unit="dollars", required=False)
    shares = FigureField(unit="shares", required=False)
    limit = FigureField(unit="cents", scale=100, required=False)
    tif = forms.ChoiceField(choices=[("FAK", "Allow part"), ("FOK", "All or none")], initial="FAK")
    portfolio = forms.UUIDField()
    key = forms.RegexField(r"^[0-9a-zA-Z_-]{8,80}$")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        quantity = "amount" if cleaned.get("side") == Side.BUY else "shares"
        if cleaned.get(quantity) is None and quantity not in self.errors:
            self.add_error(quantity, "How much?")
        return cleaned

    def ticket(self, market: Market) -> Ticket:
        """What a valid form asks for."""
        data = self.cleaned_data
        buys = data["side"] == Side.BUY
        return Ticket(
            condition_id=market.condition_id,
            token_id=market.token_ids[data["outcome"]],
            outcome_index=data["outcome"],
            side=Side(data["side"]),
            order_type=OrderType(data["tif"]),
            client_order_id=data["key"],
            price_micros=data["limit"],
            size_micros=None if buys else data["shares"],
            amount_micros=data["amount"] if buys else None,
        )

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
