"""The OpenAPI is clean, and no request it allows, nor any near it, breaks the server."""

import pytest
import schemathesis
from django.core.asgi import get_asgi_application
from django.core.management import call_command
from hypothesis import HealthCheck, Phase, given, settings

from accounts.models import User
from accounts.services import issue_tokens
from livedata.pulse import wall_ms
from tests.trading.venue import Feed, make_market
from trading.services.portfolios import open_portfolio

_UNAVAILABLE = 503


def test_the_openapi_is_generated_without_a_warning(tmp_path):
    file = tmp_path / "schema.yml"

    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(file))

    text = file.read_text()
    assert "/portfolios/{portfolio_id}/orders" in text
    assert "insufficient_balance" in text


@pytest.mark.slow
@pytest.mark.django_db(databases="__all__", transaction=True)
def test_no_request_breaks_the_server(feed: Feed, running_matcher, empty_venue):
    market = make_market("fuzzed")
    feed.show(market, "0.49x50", "0.51x30")
    user = User.objects.create_user("fuzz@example.org", "a long word 1", role="admin")
    portfolio = open_portfolio(user_id=user.pk, name="Fuzzed", now_ms=wall_ms())
    token = issue_tokens(user=user, now_ms=wall_ms()).access
    schema = schemathesis.openapi.from_asgi("/api/schema?format=json", get_asgi_application())
    broken = []

    for operation in schema.get_all_operations():
        _fuzz(operation.ok(), {"portfolio_id": str(portfolio.pk), "slug": market.slug}, token, feed, broken)

    assert not broken


def _fuzz(operation, known, token, feed, broken):
    """Thirty requests to one operation, most of them wrong; half the paths name things that exist."""

    @settings(
        max_examples=30,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def run(case):
        feed.beat()
        for name, value in known.items():
            if case.path_parameters and name in case.path_parameters and len(str(case.body)) % 2:
                case.path_parameters[name] = value
        status = case.call(headers={"Authorization": f"Bearer {token}"}).status_code
        if status >= 500 and status != _UNAVAILABLE:
            broken.append(f"{status} {case.as_curl_command()}"[:600])

    given(case=operation.as_strategy())(run)()
