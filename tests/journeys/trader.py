"""A program that trades over REST, as a user of ours would write it."""

import time
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx

PASSWORD = "a long word for tests 1"


@dataclass(slots=True)
class Trader:
    """Logged in, with one portfolio."""

    client: httpx.Client
    portfolio_id: str

    def order(self, **fields: Any) -> httpx.Response:
        return self.client.post(f"/portfolios/{self.portfolio_id}/orders", json=fields)

    def portfolio(self) -> dict[str, Any]:
        return self.get("")

    def orders(self) -> dict[str, dict[str, Any]]:
        """Every order by its client_order_id."""
        found: dict[str, dict[str, Any]] = {}
        cursor = ""
        while True:
            page = self.get(f"/orders?page_size=100{cursor}")
            found |= {order["client_order_id"]: order for order in page["orders"]}
            if not page["has_next"]:
                return found
            cursor = f"&cursor={page['next_cursor']}"

    def get(self, path: str) -> Any:
        answer = self.client.get(f"/portfolios/{self.portfolio_id}{path}")
        assert answer.status_code == 200, answer.text
        return answer.json()


def log_in(url: str, email: str) -> httpx.Client:
    # No idle connections: a site that is killed would leave them half open.
    client = httpx.Client(base_url=url, timeout=20, limits=httpx.Limits(max_keepalive_connections=0))
    answer = client.post("/auth/login", json={"email": email, "password": PASSWORD})
    assert answer.status_code == 200, answer.text
    client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
    return client


def sign_up(url: str, *, balance: str = "10000") -> tuple[Trader, str]:
    """A new trader, and the e-mail to log in with again."""
    email = f"{uuid4().hex[:12]}@example.org"
    body = {"email": email, "password": PASSWORD, "password_confirm": PASSWORD}
    made = httpx.post(f"{url}/auth/register", json=body, timeout=20)
    assert made.status_code == 201, made.text
    client = log_in(url, email)
    opened = client.post("/portfolios", json={"name": "Journey", "initial_balance": balance})
    assert opened.status_code == 201, opened.text
    return Trader(client, opened.json()["id"]), email


def until(what: str, truth: Any, *, seconds: float = 20) -> Any:
    """Ask `truth()` until it says something true. Raises AssertionError naming `what` when it never does."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := truth():
            return found
        time.sleep(0.05)
    raise AssertionError(f"never came true: {what}")
