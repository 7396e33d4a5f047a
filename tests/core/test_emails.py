"""One spelling per address."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.core.emails import normalised_email

SAME = ["ada@example.org", " ada@example.org\n", "ADA@Example.ORG", "ａｄａ@example.org", "ada＠example.org"]


@pytest.mark.parametrize("typed", SAME)
def test_one_address_has_one_spelling(typed):
    assert normalised_email(typed) == "ada@example.org"


@given(st.emails())
def test_case_makes_no_other_account(email):
    assert normalised_email(email.upper()) == normalised_email(email.lower()) == normalised_email(email)


@given(st.text(max_size=40))
def test_normalising_twice_is_normalising_once(typed):
    once = normalised_email(typed)

    assert normalised_email(once) == once
