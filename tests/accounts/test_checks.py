"""No site may hash passwords as fast as tests do."""

import subprocess
import sys

from django.core.checks import run_checks

from accounts.checks import passwords_are_hashed_slowly


def found() -> list[str]:
    return [message.id for message in run_checks(include_deployment_checks=True, tags=["security"])]


def test_argon2_passes(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]

    assert passwords_are_hashed_slowly() == []
    assert "accounts.E001" not in found()


def test_a_fast_hasher_is_an_error(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

    assert "accounts.E001" in found()


def test_the_site_as_it_is_shipped_hashes_with_argon2(tmp_path):
    question = "from papertrading import settings; print(settings.PASSWORD_HASHERS[0])"

    said = subprocess.run(
        [sys.executable, "-c", question],
        env={"DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )

    assert said.stdout.strip() == "django.contrib.auth.hashers.Argon2PasswordHasher"
