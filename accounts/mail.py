"""Sends mail beside the request: how long an answer takes must not tell whether there is an account."""

import logging
from concurrent.futures import ThreadPoolExecutor
from smtplib import SMTPException

from django.core.mail import EmailMessage

logger = logging.getLogger(__name__)

_sender = ThreadPoolExecutor(max_workers=1, thread_name_prefix="mail")


def send_soon(message: EmailMessage) -> None:
    _sender.submit(_send, message)


def drain(*, timeout_s: float) -> None:
    """Waits until everything handed over has been sent. Raises TimeoutError."""
    _sender.submit(lambda: None).result(timeout=timeout_s)


def _send(message: EmailMessage) -> None:
    try:
        message.send()
    except (OSError, SMTPException) as exc:
        logger.error("mail.failed", extra={"reason": str(exc)})
