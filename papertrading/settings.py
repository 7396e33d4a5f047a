"""Every setting, read once from the environment. Names, defaults and meaning: docs/settings.md.

Each has a default that works offline; only secrets are required, and only when distributed (MONGO_URI set).
"""

import os
import sys
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from papertrading import __version__, databases, source
from papertrading.secrets import kept_secret


def text(name: str, default: str = "") -> str:
    return os.environ.get(name) or default


def number(name: str, default: int, *, least: int = 0) -> int:
    raw = text(name, str(default))
    try:
        value = int(raw)
    except ValueError:
        raise ImproperlyConfigured(f"{name}={raw!r}: a whole number is needed") from None
    if value < least:
        raise ImproperlyConfigured(f"{name}={raw}: at least {least}")
    return value


def flag(name: str, default: bool) -> bool:
    raw = text(name, str(default)).lower()
    if raw not in {"true", "false"}:
        raise ImproperlyConfigured(f"{name}={raw!r}: use true or false")
    return raw == "true"


def names(name: str, default: str = "") -> list[str]:
    return [part.strip() for part in text(name, default).split(",") if part.strip()]


def one_of(name: str, default: str, *choices: str) -> str:
    value = text(name, default)
    if value not in choices:
        raise ImproperlyConfigured(f"{name}={value!r}: use one of {', '.join(choices)}")
    return value


BASE_DIR = Path(__file__).resolve().parent.parent
VERSION = __version__
DATA_DIR = source.data_dir()
DATA_DIR.mkdir(parents=True, exist_ok=True)

# --- where the market data comes from -------------------------------------------------------------
try:
    EXCHANGE = source.chosen()
except ValueError as exc:
    raise ImproperlyConfigured(str(exc)) from None
EXCHANGE_KIND = EXCHANGE.partition(":")[0]  # live, simulator, replay
EXCHANGE_URLS = source.urls(EXCHANGE_KIND)
API_KEY = text("API_KEY")

# --- one machine, or many processes ---------------------------------------------------------------
MONGO_URI = text("MONGO_URI")
REDIS_HOST = text("REDIS_HOST")
REDIS_PORT = number("REDIS_PORT", 6379)
REDIS_URL = f"redis://{REDIS_HOST}:{REDIS_PORT}" if REDIS_HOST else ""
DISTRIBUTED = bool(MONGO_URI)
DATABASES = (
    databases.mongodb(MONGO_URI, EXCHANGE_KIND) if MONGO_URI else databases.sqlite(DATA_DIR, EXCHANGE_KIND)
)
DATABASE_ROUTERS = ["papertrading.databases.Router"]
DEFAULT_AUTO_FIELD = "papertrading.fields.UUIDAutoField"
MIGRATION_MODULES = {
    app: f"papertrading.contrib_migrations.{app}" for app in ("admin", "auth", "contenttypes")
}

HOST = text("HOST", "127.0.0.1")
PORT = number("PORT", 8000, least=1)
DEBUG = flag("DEBUG", False)
SECRET_KEY = kept_secret("DJANGO_SECRET_KEY", folder=DATA_DIR, required=DISTRIBUTED)
JWT_SECRET_KEY = kept_secret("JWT_SECRET_KEY", folder=DATA_DIR, required=DISTRIBUTED)
ALLOWED_HOSTS = [*names("ALLOWED_HOSTS"), "localhost", "127.0.0.1", "[::1]"]  # monitors ask from inside
CORS_ALLOWED_ORIGINS = names("CORS_ALLOWED_ORIGINS")
CSRF_TRUSTED_ORIGINS = names("CSRF_TRUSTED_ORIGINS")

# --- the fill model and the accounts --------------------------------------------------------------
STARTING_BALANCE = number("STARTING_BALANCE", 10_000, least=1)
LATENCY_MS = number("LATENCY_MS", 150)
IMPACT_HALF_LIFE_S = text("IMPACT_HALF_LIFE_S", "60")  # "inf": never fades
QUEUE_MODEL = one_of("QUEUE_MODEL", "risk_averse", "risk_averse", "proportional")
CLOB_AUTO_REGISTER = flag("CLOB_AUTO_REGISTER", not DISTRIBUTED)
ACCESS_TOKEN_EXPIRE_MINUTES = number("ACCESS_TOKEN_EXPIRE_MINUTES", 30, least=1)
TOKEN_IN_QUERY = flag("TOKEN_IN_QUERY", True)

# --- feed and catalogue ---------------------------------------------------------------------------
SYNC_BATCH_SIZE = number("SYNC_BATCH_SIZE", 500, least=1)
SYNC_INTERVAL_MINUTES = number("SYNC_INTERVAL_MINUTES", 5, least=1)
FULL_SYNC_INTERVAL_HOURS = number("FULL_SYNC_INTERVAL_HOURS", 24, least=1)
FEED_TOP_MARKETS = number("FEED_TOP_MARKETS", 50)
FEED_STALE_SECONDS = number("FEED_STALE_SECONDS", 15, least=1)

INSTALLED_APPS = [
    "papertrading.apps.PapertradingConfig",
    "accounts.apps.AccountsConfig",
    "markets.apps.MarketsConfig",
    "livedata.apps.LivedataConfig",
    "trading.apps.TradingConfig",
    "papertrading.contrib.Admin",
    "papertrading.contrib.Auth",
    "papertrading.contrib.ContentTypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "servestatic",
    "django.contrib.staticfiles",
    "channels",
    "corsheaders",
    "csp",
    "django_filters",
    "django_prometheus",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
]
MIDDLEWARE = [
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "servestatic.middleware.ServeStaticMiddleware",
    # Below the static files: Django gzips each chunk of an asynchronous stream as a member of its own, and
    # browsers read the first member only. A script longer than 8 KB came broken.
    "django.middleware.gzip.GZipMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "papertrading.middleware.SourceHeader",
    "papertrading.errors.ErrorPages",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
]
ROOT_URLCONF = "papertrading.urls"
ASGI_APPLICATION = "papertrading.asgi.application"
APPEND_SLASH = False
AUTH_USER_MODEL = "accounts.User"
LOGIN_URL = "/login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 8}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
EMAIL_BACKEND = text("EMAIL_BACKEND", "django.core.mail.backends.console.EmailBackend")
DEFAULT_FROM_EMAIL = text("DEFAULT_FROM_EMAIL", "PaperTradingPM <noreply@localhost>")

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
# People reach the site over HTTPS, through a proxy that says so in X-Forwarded-Proto.
HTTPS = flag("HTTPS", False)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_REDIRECT_EXEMPT = ["^health", "^metrics$"]  # asked from inside, without the proxy
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
CSRF_FAILURE_VIEW = "papertrading.errors.csrf_failure"
DATA_UPLOAD_MAX_MEMORY_SIZE = 512 * 1024
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# The hash is the theme script's in templates/base.html (tests/trading/test_pages.py keeps both equal).
# style-src-attr: bar lengths and chart heights are style attributes; no text of anybody's goes there.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "script-src": ["'self'", "'sha256-4u5CZ5O6a3YrmCs7ICbfOcJHKqq+VBnbY/lNoyvoq5U='"],
        "style-src": ["'self'"],
        "style-src-elem": ["'self'"],
        "style-src-attr": ["'unsafe-inline'"],
        "img-src": ["'self'", "data:", "https://polymarket-upload.s3.us-east-2.amazonaws.com"],
        "connect-src": ["'self'"],
        "object-src": ["'none'"],
        "base-uri": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}
SILENCED_SYSTEM_CHECKS = [
    "models.W027",  # MongoDB enforces no check constraints; we lean on none
    "security.W005",  # HSTS for all subdomains, and
    "security.W021",  # on browsers' preload lists: promises about a whole domain, not ours to make
]

LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "papertrading.context.site",
            ],
        },
    }
]

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATIC_ROOT.mkdir(exist_ok=True)  # ServeStatic warns when nothing has been collected yet
STATICFILES_DIRS = [BASE_DIR / "static"]
SERVESTATIC_USE_FINDERS = True
SERVESTATIC_MAX_AGE = 3600
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "papertrading.assets.Storage"},
}
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "papertrading.assets.NodeModulesFinder",
]

CACHES = {
    "default": {
        "BACKEND": "django_redis.cache.RedisCache"
        if REDIS_URL
        else "django.core.cache.backends.locmem.LocMemCache",
        "LOCATION": f"{REDIS_URL}/2" if REDIS_URL else "papertrading",
    }
}
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [f"{REDIS_URL}/0"]},
    }
    if REDIS_URL
    else {"BACKEND": "channels.layers.InMemoryChannelLayer"}
}
CELERY_BROKER_URL = f"{REDIS_URL}/1" if REDIS_URL else "memory://localhost//"

REST_FRAMEWORK = {
    "EXCEPTION_HANDLER": "papertrading.errors.api_error",
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.auth.BearerAuthentication",
        "accounts.auth.QueryTokenAuthentication",
        "accounts.auth.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_THROTTLE_CLASSES": ["papertrading.throttling.RequestThrottle"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_RENDERER_CLASSES": [
        "rest_framework.renderers.JSONRenderer",
        "rest_framework.renderers.BrowsableAPIRenderer",
    ],
    "DEFAULT_PARSER_CLASSES": [
        "papertrading.parsers.JSONParser",
        "papertrading.parsers.FormParser",
        "rest_framework.parsers.MultiPartParser",
    ],
    "DEFAULT_PAGINATION_CLASS": None,
    "UNICODE_JSON": True,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "PaperTradingPM",
    "DESCRIPTION": "Paper trading for Polymarket: real markets and order books, play money.",
    "VERSION": VERSION,
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "papertrading.logs.formatter", "json_lines": DISTRIBUTED}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "stream": sys.stderr, "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": text("LOG_LEVEL", "INFO")},
    "loggers": {
        "httpx": {"level": "WARNING"},
        "celery": {"level": "WARNING"},  # its INFO prints every task's whole message
        "django.request": {"level": "ERROR"},
    },
}
