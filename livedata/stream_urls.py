"""/market-stream of the REST API."""

from django.urls import path

from livedata.stream_api import PauseView, ResumeView, StatusView, SubscribeView, UnsubscribeView

urlpatterns = [
    path("market-stream/subscribe", SubscribeView.as_view()),
    path("market-stream/unsubscribe", UnsubscribeView.as_view()),
    path("market-stream/status", StatusView.as_view()),
    path("market-stream/pause", PauseView.as_view()),
    path("market-stream/resume", ResumeView.as_view()),
]
