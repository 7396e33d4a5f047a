"""Which venue a DATA_DIR is for: decided once, never switched silently."""

import json
import socket

import pytest

from papertrading import source

ADDRESSES = ("GAMMA_URL", "CLOB_URL", "DATA_URL", "CLOB_WS_URL")


@pytest.fixture(autouse=True)
def fresh_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    for name in ("EXCHANGE", *ADDRESSES):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.mark.parametrize("asked", ["live", "simulator", "replay:some/file.bin"])
def test_an_explicit_venue_is_taken_at_its_word(monkeypatch, asked):
    monkeypatch.setenv("EXCHANGE", asked)

    assert source.decide() == source.chosen() == asked


@pytest.mark.parametrize("asked", ["Live", "paper", "replay", "simulator:7"])
def test_an_unknown_venue_is_refused(monkeypatch, asked):
    monkeypatch.setenv("EXCHANGE", asked)

    with pytest.raises(ValueError, match="use auto, live, simulator or replay:FILE"):
        source.decide()


@pytest.mark.parametrize(("reachable", "expected"), [(True, "live"), (False, "simulator")])
def test_the_first_start_asks_and_the_answer_is_kept(monkeypatch, fresh_folder, reachable, expected):
    monkeypatch.setattr(source, "_answers", lambda _: reachable)
    assert source.decide() == expected

    monkeypatch.setattr(source, "_answers", lambda _: not reachable)

    assert source.decide() == source.chosen() == expected
    assert (fresh_folder / "exchange").read_text() == expected


@pytest.mark.parametrize("name", ADDRESSES)
def test_any_given_address_means_live_against_it(monkeypatch, fresh_folder, name):
    monkeypatch.setenv(name, "http://127.0.0.1:1")

    assert source.decide() == "live"
    assert source.urls("live")[name] == "http://127.0.0.1:1"
    assert not (fresh_folder / "exchange").exists()  # nothing is decided for later starts


def test_a_simulator_that_does_not_run_is_never_mistaken_for_polymarket():
    for url in source.urls("simulator").values():
        assert "127.0.0.1:9" in url


def test_a_running_sites_venue_is_found_and_a_killed_ones_is_not(fresh_folder):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        (fresh_folder / "venue.json").write_text(json.dumps({"port": port}))

        assert source.running_port() == port
        assert source.urls("simulator") == {
            "GAMMA_URL": f"http://127.0.0.1:{port}/gamma",
            "CLOB_URL": f"http://127.0.0.1:{port}/clob",
            "DATA_URL": f"http://127.0.0.1:{port}/data",
            "CLOB_WS_URL": f"ws://127.0.0.1:{port}",
        }

    assert source.running_port() is None
