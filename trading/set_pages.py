"""The page where sets of a market are split, merged and converted."""

from uuid import UUID, uuid4

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from livedata.catalogue import load_market
from trading.selectors.portfolios import portfolio_of
from trading.selectors.sets_page import sets_page
from trading.set_post import SetForm, as_words, changed_by


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def sets(request: HttpRequest, portfolio_id: UUID, slug: str) -> HttpResponse:
    """Sets of one market; what was done leads back to the market, with a sentence that says so."""
    portfolio, market = portfolio_of(request.user.pk, portfolio_id), load_market(slug=slug)
    if portfolio is None:
        raise Http404
    page = sets_page(portfolio, market)
    form = SetForm(
        request.POST if request.method == "POST" else None,
        tokens=tuple(line.token_id for line in page.no_lines),
    )
    if form.is_bound and form.is_valid():
        change = changed_by(request.user, form, portfolio=portfolio, market=market)
        if change is not None:
            messages.success(request, as_words(change, market), extra_tags="ok")
            return HttpResponseRedirect(f"{page.url}?portfolio={portfolio.pk}")
    context = {"page": page, "form": form, "key": uuid4()}
    return render(request, "trading/sets.html", context, status=422 if form.is_bound else 200)
