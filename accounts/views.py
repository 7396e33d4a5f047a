"""Pages of people's accounts. Complete without JavaScript: a POST redirects, or says what to mend."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth import login, update_session_auth_hash
from django.contrib.auth import views as auth_views
from django.contrib.auth.decorators import login_required
from django.contrib.auth.mixins import LoginRequiredMixin
from django.contrib.auth.tokens import default_token_generator
from django.core.mail import EmailMessage
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse, reverse_lazy
from django.utils.decorators import method_decorator
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.generic import FormView, TemplateView

from accounts import services
from accounts.clock import now_ms
from accounts.forms import (
    LoginForm,
    NewPasswordForm,
    PasswordForm,
    ProfileForm,
    RefusableForm,
    RegisterForm,
    ResetForm,
)
from accounts.mail import send_soon
from accounts.models import User
from accounts.selectors import allowance_lines, person_of, program_lines

_DOORS = ("/login", "/register", "/logout")  # nobody is sent back to these


class FormPage(FormView):
    """Shows a form again with its errors: the cursor in the first, 429 when it was one attempt too many."""

    @method_decorator([sensitive_post_parameters(), never_cache])
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return super().dispatch(request, *args, **kwargs)

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"request": self.request}

    def form_invalid(self, form: RefusableForm) -> HttpResponse:
        form.focus_first_error()
        response = super().form_invalid(form)
        if form.retry_after_s:
            response.status_code = 429
            response["Retry-After"] = str(form.retry_after_s)
        return response


class EntrancePage(FormPage, auth_views.RedirectURLMixin):
    """Log-in and sign-up: `next` brings people back to where they were, on this host only."""

    next_page = "/"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.user.is_authenticated:
            return HttpResponseRedirect(self.get_success_url())
        return super().dispatch(request, *args, **kwargs)

    def get_redirect_url(self) -> str:
        url = super().get_redirect_url()
        return "" if url.partition("?")[0] in _DOORS else url

    def get_success_url(self) -> str:
        return self.get_redirect_url() or self.get_default_redirect_url()

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | {"next": self.get_redirect_url()}

    def form_valid(self, form: RefusableForm) -> HttpResponse:
        login(self.request, form.user)  # with a new session key: nobody can have planted this session
        return super().form_valid(form)


class LoginPage(EntrancePage):
    form_class = LoginForm
    template_name = "accounts/login.html"


class RegisterPage(EntrancePage):
    form_class = RegisterForm
    template_name = "accounts/register.html"

    def form_valid(self, form: RefusableForm) -> HttpResponse:
        _say(self.request, "Welcome. Your account is ready, with play money to trade.")
        return super().form_valid(form)


class LogoutPage(auth_views.LogoutView):
    """POST only: a link or an image on another site must not sign anybody out."""


class AccountPage(LoginRequiredMixin, FormPage):
    form_class = ProfileForm
    template_name = "accounts/account.html"
    success_url = reverse_lazy("account")

    def get_initial(self) -> dict[str, Any]:
        return {"display_name": self.request.user.display_name}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user = self.request.user
        return super().get_context_data(**kwargs) | {
            "allowances": allowance_lines(user),
            "programs": program_lines(user_id=user.pk, now_ms=now_ms()),
        }

    def form_valid(self, form: RefusableForm) -> HttpResponse:
        _say(self.request, "Profile saved.")
        return super().form_valid(form)


class PasswordPage(LoginRequiredMixin, FormPage):
    form_class = PasswordForm
    template_name = "accounts/password.html"
    success_url = reverse_lazy("account")

    def form_valid(self, form: RefusableForm) -> HttpResponse:
        update_session_auth_hash(self.request, form.user)  # this browser alone stays signed in
        _say(self.request, "Password changed. Everything else that was signed in is signed out.")
        return super().form_valid(form)


@login_required
@never_cache
def sign_out_everywhere(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        user = services.revoke_all_tokens(user_id=request.user.pk, now_ms=now_ms())
        update_session_auth_hash(request, user)
        _say(request, "Signed out everywhere but here. All API tokens are revoked.")
    return redirect("account")


@login_required
@never_cache
def make_token(request: HttpRequest) -> HttpResponse:
    """Shows a program's tokens once; nothing keeps them."""
    if request.method != "POST":
        return redirect("account")
    tokens = services.issue_tokens(user=request.user, now_ms=now_ms())
    return render(request, "accounts/token.html", {"tokens": tokens, "minutes": tokens.expires_in_s // 60})


@login_required
@never_cache
def revoke_program(request: HttpRequest, family: UUID) -> HttpResponse:
    if request.method == "POST":
        services.revoke_program(user_id=request.user.pk, family=family, now_ms=now_ms())
        _say(request, "Revoked. Its tokens no longer work.")
    return redirect("account")


class ResetPage(FormPage):
    """Says the same for every address, and as fast: who has an account here is nobody's business."""

    form_class = ResetForm
    template_name = "accounts/password_reset.html"
    success_url = reverse_lazy("password-reset-sent")

    def form_valid(self, form: RefusableForm) -> HttpResponse:
        if user := person_of(form.cleaned_data["email"]):
            send_soon(_reset_mail(self.request, user))
        return super().form_valid(form)


class ResetSentPage(TemplateView):
    template_name = "accounts/password_reset_sent.html"


class NewPasswordPage(FormPage, auth_views.PasswordResetConfirmView):
    """Django's own view moves the link's token into the session, so that no Referer carries it on."""

    form_class = NewPasswordForm
    template_name = "accounts/password_reset_confirm.html"
    success_url = reverse_lazy("login")

    def form_valid(self, form: RefusableForm) -> HttpResponse:
        _say(self.request, "Your new password is set. Log in with it.")
        return super().form_valid(form)


def _say(request: HttpRequest, text: str) -> None:
    messages.success(request, text, extra_tags="ok")  # "ok" is the note's class


def _reset_mail(request: HttpRequest, user: User) -> EmailMessage:
    key = urlsafe_base64_encode(force_bytes(user.pk))
    path = reverse("password-reset-confirm", args=[key, default_token_generator.make_token(user)])
    body = render_to_string("accounts/password_reset.txt", {"url": request.build_absolute_uri(path)})
    return EmailMessage(subject="Set a new PaperTradingPM password", body=body, to=[user.email])
