"""An address that cannot be had is named with its cure; one folder has one site."""

import socket

import pytest
from django.core.management.base import CommandError

from papertrading.running import AlreadyRunning, hold
from papertrading.serve import is_loopback, listen, own_addresses


def test_a_taken_port_is_named_with_its_cure():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        with pytest.raises(CommandError, match=f"Port {port} is taken.*PORT={port + 1} make run"):
            listen("127.0.0.1", port)


@pytest.mark.parametrize("host", ["not-a-host.invalid", "192.0.2.7", "999.1.1.1"])
def test_an_unusable_host_is_named_with_its_cure(host):
    with pytest.raises(CommandError, match=rf"HOST={host}.*HOST=127\.0\.0\.1"):
        listen(host, 0)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0.0.0.0"])
def test_usable_hosts_listen(host):
    listener = listen(host, 0)

    port = listener.getsockname()[1]
    socket.create_connection(("127.0.0.1", port), timeout=5).close()
    listener.close()


def test_loopback_names():
    assert [is_loopback(host) for host in ("127.0.0.1", "127.9.9.9", "localhost", "::1")] == [True] * 4
    assert [is_loopback(host) for host in ("0.0.0.0", "192.168.1.5", "example.org")] == [False] * 3


def test_this_machine_has_a_name():
    assert socket.gethostname() in own_addresses()


def test_one_folder_has_one_site_and_the_lock_is_never_left_behind(tmp_path):
    with hold(tmp_path), pytest.raises(AlreadyRunning, match=str(tmp_path)):
        hold(tmp_path)
    hold(tmp_path).close()
