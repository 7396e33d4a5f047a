"""Whose address counts, and who sits at this machine."""

import pytest
from django.test import RequestFactory

from accounts.visitor import address_of, is_from_this_machine

ADDRESSES = [
    ("203.0.113.7", "203.0.113.7"),
    ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::/64"),
    ("2001:db8:1:2:bbbb::9", "2001:db8:1:2::/64"),
    ("::ffff:203.0.113.7", "203.0.113.7"),
    ("fe80::1%eth0", "fe80::/64"),
    ("", "unknown"),
    ("unix:", "unknown"),
]


@pytest.mark.parametrize(("raw", "address"), ADDRESSES)
def test_an_address_stands_for_one_customer(raw, address):
    assert address_of(RequestFactory(REMOTE_ADDR=raw).get("/")) == address


def test_a_header_cannot_make_up_an_address():
    request = RequestFactory(REMOTE_ADDR="203.0.113.7").get("/", headers={"X-Forwarded-For": "198.51.100.1"})

    assert address_of(request) == "203.0.113.7"


LOCAL = [
    ("127.0.0.1", {}, True),
    ("127.8.8.8", {}, True),
    ("::1", {}, True),
    ("::ffff:127.0.0.1", {}, True),
    ("192.168.1.5", {}, False),
    ("", {}, False),
    ("127.0.0.1", {"Origin": "http://testserver"}, True),
    ("127.0.0.1", {"Origin": "https://evil.example"}, False),
    ("127.0.0.1", {"Origin": "null"}, False),
    ("127.0.0.1", {"X-Forwarded-For": "203.0.113.7"}, False),
    ("127.0.0.1", {"Forwarded": "for=203.0.113.7"}, False),
]


@pytest.mark.parametrize(("raw", "headers", "local"), LOCAL)
def test_only_a_person_at_this_machine_is_local(raw, headers, local):
    request = RequestFactory(REMOTE_ADDR=raw).post("/auth/register", headers=headers)

    assert is_from_this_machine(request) is local
