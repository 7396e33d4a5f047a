"""Account pages, for people."""

from django.urls import path

from accounts.views import (
    AccountPage,
    LoginPage,
    LogoutPage,
    NewPasswordPage,
    PasswordPage,
    RegisterPage,
    ResetPage,
    ResetSentPage,
    make_token,
    revoke_program,
    sign_out_everywhere,
)

urlpatterns = [
    path("login", LoginPage.as_view(), name="login"),
    path("register", RegisterPage.as_view(), name="register"),
    path("logout", LogoutPage.as_view(), name="logout"),
    path("account", AccountPage.as_view(), name="account"),
    path("account/password", PasswordPage.as_view(), name="account-password"),
    path("account/sign-out-everywhere", sign_out_everywhere, name="sign-out-everywhere"),
    path("account/token", make_token, name="account-token"),
    path("account/token/<uuid:family>/revoke", revoke_program, name="account-token-revoke"),
    path("password-reset", ResetPage.as_view(), name="password-reset"),
    path("password-reset/sent", ResetSentPage.as_view(), name="password-reset-sent"),
    path("password-reset/<uidb64>/<token>", NewPasswordPage.as_view(), name="password-reset-confirm"),
]
