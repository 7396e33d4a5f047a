"""Pages for people. Each view asks its selectors and renders; a posted ticket goes every order's road."""

from uuid import UUID

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from livedata.catalogue import load_event, load_market, with_rules
from livedata.clock import venue_now_ms
from livedata.core.links import Link, read_link
from markets.models import Market
from markets.selectors import market_by_slug
from trading.cancel_post import GOOD, Asked, Said, cancelled, read_cancel, to_ask_back
from trading.forms import PortfolioForm, ResetForm, TicketForm
from trading.market_context import event_context, market_context, reader_id
from trading.models import Portfolio
from trading.portfolio_post import opened_by, reset_by
from trading.selectors.browse import CHIPS, SORT_NAMES, browse_page, categories, movers, read_asked
from trading.selectors.maker_page import MakerPage
from trading.selectors.open_orders import open_orders
from trading.selectors.portfolio_page import portfolio_page
from trading.selectors.portfolios import portfolio_of, portfolio_summaries, portfolios_of
from trading.selectors.quotes import event_url, market_url
from trading.selectors.trade_page import trade_page
from trading.services.portfolios import default_portfolio
from trading.ticket_post import Answer, answer


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The front page; a pasted polymarket.com link leads to its twin."""
    asked = read_asked(request.GET.dict(), request.GET.getlist("f"))
    if link := read_link(asked.search):
        return HttpResponseRedirect(_twin(link))
    account = None
    if reader_id(request):
        account = portfolio_summaries(portfolios_of(request.user.pk, with_closed=False)[:1])[0]
    choices = {"sorts": SORT_NAMES, "chips": CHIPS, "categories": categories()}
    return render(
        request,
        "trading/browse.html",
        {"page": browse_page(asked), "movers": movers(), "account": account, **choices},
    )


def _twin(link: Link) -> str:
    """Where a pasted link leads here: the same page, with paper money."""
    return market_url(link.market_slug) if link.market_slug else event_url(link.event_slug)


@require_safe
def event(request: HttpRequest, slug: str) -> HttpResponse:
    """An event; one with a single market is that market's page."""
    found = load_event(slug)
    if not found.markets:
        raise Http404
    if len(found.markets) == 1:
        return HttpResponseRedirect(market_url(found.markets[0].slug))
    return render(request, "trading/event.html", event_context(request, found))


@require_http_methods(["GET", "HEAD", "POST"])
async def market(request: HttpRequest, slug: str, **_event: str) -> HttpResponse:
    """A market, whatever event its address names; its ticket posts here: first a review, then the order."""
    found = await sync_to_async(_market)(slug)
    if request.method != "POST":
        return await sync_to_async(_market_page)(request, found)
    user = await request.auser()
    if not user.is_authenticated:
        return redirect_to_login(request.path)
    placing = request.POST.get("step") == "place"
    reply = await answer(TicketForm(request.POST), market=found, user=user, placing=placing)
    return await sync_to_async(_replied)(request, found, reply)


def _market(slug: str) -> Market:
    """Raises VenueNotFound, which becomes a 404, for a slug that the venue does not know either."""
    found = load_market(slug=slug)
    return with_rules(found) if found.tradable else found


def _market_page(request: HttpRequest, found: Market, reply: Answer | None = None) -> HttpResponse:
    status = reply.status if reply else 200
    return render(request, "trading/market.html", market_context(request, found, reply), status=status)


def _replied(request: HttpRequest, found: Market, reply: Answer) -> HttpResponse:
    """An order leads to its market with what became of it; reloading that places nothing."""
    if reply.order is not None:
        query = urlencode({"order": reply.order.pk, "portfolio": reply.order.portfolio_id})
        return HttpResponseRedirect(f"{market_url(found.slug)}?{query}#ticket")
    response = _market_page(request, found, reply)
    if reply.retry_after_s:
        response["Retry-After"] = str(reply.retry_after_s)
    return response


@login_required
@require_safe
def portfolio(request: HttpRequest, portfolio_id: UUID | None = None) -> HttpResponse:
    """One portfolio, the first one unless named; somebody else's is not there."""
    chosen = _own_portfolio(request, portfolio_id)
    page = portfolio_page(chosen, before=request.GET.get("before", ""))
    every = portfolios_of(request.user.pk)
    return render(request, "trading/portfolio.html", {"page": page, "portfolio": chosen, "every": every})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new_portfolio(request: HttpRequest) -> HttpResponse:
    """Open a further portfolio."""
    form = PortfolioForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid() and (opened := opened_by(request.user, form)):
        return HttpResponseRedirect(f"/portfolio/{opened.pk}")
    status = 422 if form.is_bound else 200
    return render(request, "trading/new_portfolio.html", {"form": form}, status=status)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def reset(request: HttpRequest, portfolio_id: UUID) -> HttpResponse:
    """Begin a portfolio anew, after asking."""
    chosen = _own_portfolio(request, portfolio_id)
    form = ResetForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid() and reset_by(chosen, form):
        return HttpResponseRedirect(f"/portfolio/{chosen.pk}")
    context = {"form": form, "portfolio": chosen}
    return render(request, "trading/reset.html", context, status=422 if form.is_bound else 200)


@require_POST
async def cancel(request: HttpRequest, portfolio_id: UUID) -> HttpResponse:
    """Cancel one order or all; one that has come far in its queue asks back first."""
    user = await request.auser()
    if not user.is_authenticated:
        return redirect_to_login(f"/portfolio/{portfolio_id}")
    asked = await sync_to_async(read_cancel)(user, portfolio_id, request.POST.dict())
    if lines := await sync_to_async(to_ask_back)(asked):
        return await sync_to_async(render)(request, "trading/cancel.html", {"asked": asked, "lines": lines})
    return await sync_to_async(_said)(request, asked, await cancelled(asked))


def _said(request: HttpRequest, asked: Asked, words: list[Said]) -> HttpResponse:
    for said in words:
        level = messages.SUCCESS if said.tone == GOOD else messages.WARNING
        messages.add_message(request, level, said.words, extra_tags=said.tone)
    if asked.market is None:
        return HttpResponseRedirect(f"/portfolio/{asked.portfolio.pk}")
    return HttpResponseRedirect(f"{market_url(asked.market.slug)}?portfolio={asked.portfolio.pk}")


@login_required
@require_safe
def open_orders_part(request: HttpRequest, portfolio_id: UUID) -> HttpResponse:
    """The rows of open orders alone: what an open page reads again when its queues may have moved."""
    chosen, slug = _own_portfolio(request, portfolio_id), request.GET.get("market", "")
    market = market_by_slug(slug[:255]) if slug else None
    if slug and market is None:
        raise Http404
    lines = open_orders(chosen.pk, market=market)
    return render(request, "trading/_open_order_rows.html", {"open_orders": lines, "short": bool(slug)})


@login_required
@require_safe
def trade(request: HttpRequest, portfolio_id: UUID, trade_id: UUID) -> HttpResponse:
    """Why one fill happened."""
    page = trade_page(_own_portfolio(request, portfolio_id), trade_id)
    if page is None:
        raise Http404
    template = "trading/trade_maker.html" if isinstance(page, MakerPage) else "trading/trade.html"
    return render(request, template, {"page": page})


def _own_portfolio(request: HttpRequest, portfolio_id: UUID | None) -> Portfolio:
    if portfolio_id is None:
        return default_portfolio(user_id=request.user.pk, now_ms=venue_now_ms())
    found = portfolio_of(request.user.pk, portfolio_id)
    if found is None:
        raise Http404
    return found


@require_safe
def how_fills_work(request: HttpRequest) -> HttpResponse:
    model = {"latency_ms": settings.LATENCY_MS, "half_life_s": settings.IMPACT_HALF_LIFE_S}
    return render(request, "trading/how_fills_work.html", model)
