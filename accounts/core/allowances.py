"""How much each role may do until an admin says otherwise; the rows of RateLimit start as these."""

ANONYMOUS = "anonymous"

DEFAULTS: dict[tuple[str, str], int] = {
    # API requests a minute
    (ANONYMOUS, "requests"): 300,
    ("user", "requests"): 600,
    ("premium_user", "requests"): 3_000,
    ("admin", "requests"): 30_000,
    # orders a minute
    (ANONYMOUS, "orders"): 0,
    ("user", "orders"): 300,
    ("premium_user", "orders"): 1_500,
    ("admin", "orders"): 15_000,
    # attempts a minute that cost a password hash, for one address and one e-mail
    (ANONYMOUS, "logins"): 10,
    ("user", "logins"): 10,
    ("premium_user", "logins"): 10,
    ("admin", "logins"): 10,
    # token ids watched live at once
    (ANONYMOUS, "subscriptions"): 100,
    ("user", "subscriptions"): 300,
    ("premium_user", "subscriptions"): 1_000,
    ("admin", "subscriptions"): 5_000,
    # portfolios
    (ANONYMOUS, "portfolios"): 0,
    ("user", "portfolios"): 10,
    ("premium_user", "portfolios"): 50,
    ("admin", "portfolios"): 500,
}
