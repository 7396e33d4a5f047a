"""What the portfolio forms come to; a refusal stands at the field that can mend it."""

from accounts.limits import limit_of
from accounts.models import User
from livedata.clock import venue_now_ms
from markets.core.errors import Rejected
from trading.forms import PortfolioForm, ResetForm, as_sentence
from trading.models import Portfolio
from trading.selectors.portfolios import portfolios_of
from trading.services.portfolios import open_portfolio, reset_portfolio


def opened_by(user: User, form: PortfolioForm) -> Portfolio | None:
    """The portfolio that a valid form opened; None when it was refused, and the form says why."""
    most = limit_of(user, "portfolios")
    if len(portfolios_of(user.pk, with_closed=False)) >= most:
        form.add_error(None, f"Your account may keep {most} portfolios: close one first.")
        return None
    try:
        return open_portfolio(
            user_id=user.pk,
            name=form.cleaned_data["name"],
            initial_balance_micros=form.cleaned_data["balance"],
            latency_ms=form.cleaned_data["latency_ms"],
            queue_model=form.cleaned_data["queue_model"],
            now_ms=venue_now_ms(),
        )
    except Rejected as refusal:
        form.add_error(refusal.field if refusal.field in form.fields else "balance", as_sentence(refusal))
        return None


def reset_by(portfolio: Portfolio, form: ResetForm) -> bool:
    """Whether a valid form reset the portfolio."""
    try:
        reset_portfolio(
            portfolio_id=portfolio.pk,
            initial_balance_micros=form.cleaned_data["balance"],
            now_ms=venue_now_ms(),
        )
    except Rejected as refusal:
        form.add_error("balance", as_sentence(refusal))
        return False
    return True
