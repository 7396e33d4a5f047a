"""The entry for HTTP and WebSocket."""

import os

from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application
from django.urls import path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "papertrading.settings")
django_application = get_asgi_application()  # sets Django up; what follows imports models

from livedata.consumers import LiveConsumer  # noqa: E402
from papertrading.sockets import OwnOrigin, QueryToken  # noqa: E402
from papertrading.threads import KeptThreads  # noqa: E402

routes = URLRouter([path("ws/live", LiveConsumer.as_asgi())])
application = ProtocolTypeRouter(
    {"http": KeptThreads(django_application), "websocket": OwnOrigin(AuthMiddlewareStack(QueryToken(routes)))}
)
