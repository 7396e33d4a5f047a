"""/auth/*, for programs."""

from django.urls import path

from accounts.api import (
    ChangePasswordView,
    LoginView,
    LogoutView,
    MeView,
    RefreshView,
    RegisterView,
    TokenView,
)

urlpatterns = [
    path("auth/register", RegisterView.as_view()),
    path("auth/token", TokenView.as_view()),
    path("auth/login", LoginView.as_view()),
    path("auth/refresh", RefreshView.as_view()),
    path("auth/logout", LogoutView.as_view()),
    path("auth/change-password", ChangePasswordView.as_view()),
    path("auth/me", MeView.as_view()),
]
