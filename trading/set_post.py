"""What the forms for splitting, merging and converting come to: a change, or words at the field to mend."""

from contextlib import suppress
from typing import Any

from django import forms

from accounts.limits import allow
from accounts.models import User
from livedata.catalogue import load_event
from livedata.clock import venue_now_ms
from livedata.errors import VenueNotFound
from markets.core.errors import Conflict, Rejected
from markets.models import Market
from markets.templatetags.units import shares, usdc, usdc_change
from trading.forms import FigureField, as_sentence
from trading.models import Portfolio, SetChange
from trading.services.sets import convert_positions, merge_positions, split_position


class SetForm(forms.Form):
    """How many sets, and what to do with them; `token` names the NO shares to convert."""

    kind = forms.ChoiceField(choices=SetChange.Kind.choices)
    size = FigureField(unit="sets")
    key = forms.RegexField(r"^[0-9a-zA-Z_-]{8,60}$")
    token = forms.MultipleChoiceField(required=False)

    def __init__(self, *args: Any, tokens: tuple[str, ...] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["token"].choices = [(token, token) for token in tokens]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("kind") == SetChange.Kind.CONVERT and not cleaned.get("token"):
            self.add_error("token", "Choose at least one outcome whose No shares you give.")
        return cleaned

    @property
    def converts(self) -> bool:
        """Whether what was typed belongs to the conversion."""
        return self.data.get("kind") == SetChange.Kind.CONVERT


def changed_by(user: User, form: SetForm, *, portfolio: Portfolio, market: Market) -> SetChange | None:
    """The change that a valid form made; None when it was refused, and the form says why.

    Raises Unavailable when the venue must be asked and does not answer.
    """
    verdict = allow(user, "orders")
    if not verdict.allowed:
        form.add_error(None, f"That is many orders in a minute. Try again in {verdict.retry_after_s} s.")
        return None
    try:
        return _change(form.cleaned_data, portfolio, market)
    except Rejected as refusal:
        form.add_error("token" if refusal.field == "token_ids" else "size", as_sentence(refusal))
    except Conflict:
        form.add_error(None, "This form was sent already with other figures. Load the page again.")
    return None


def as_words(change: SetChange, market: Market) -> str:
    """What a change did, in a sentence."""
    size, (first, second) = shares(change.size_micros), (market.outcome_0, market.outcome_1)
    if change.kind == SetChange.Kind.SPLIT:
        return f"Split {usdc(change.size_micros)} into {size} {first} and {size} {second}."
    if change.kind == SetChange.Kind.MERGE:
        result = usdc_change(change.realised_pnl_micros)
        return f"Merged {size} {first} and {size} {second} into {usdc(change.cash_micros)}. Result {result}."
    given = sum(1 for leg in change.legs if leg[3] < 0)
    came = len(change.legs) - given
    words = f"Converted {size} No of {given} outcome{'' if given == 1 else 's'}"
    if came:
        words += f" into {size} Yes of {came} other{'' if came == 1 else 's'}"
    if change.cash_micros:
        words += f"{' and' if came else ' into'} {usdc(change.cash_micros)}"
    return f"{words}."


def _change(asked: dict[str, Any], portfolio: Portfolio, market: Market) -> SetChange:
    given = {
        "portfolio_id": portfolio.pk,
        "size_micros": asked["size"],
        "client_id": f"{asked['kind']}-{asked['key']}",
        "now_ms": venue_now_ms(),
    }
    if asked["kind"] == SetChange.Kind.SPLIT:
        return split_position(condition_id=market.condition_id, **given)
    if asked["kind"] == SetChange.Kind.MERGE:
        return merge_positions(condition_id=market.condition_id, **given)
    slug = market.event.slug if market.event else ""
    with suppress(VenueNotFound):  # a question that we miss would cost the trader its Yes
        load_event(slug, force=True)
    return convert_positions(event_slug=slug, token_ids=asked["token"], **given)
