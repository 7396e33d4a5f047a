"""Trades in the mirror: each counted once, and laid over the levels that it took."""

import pytest

from livedata.core.mirror import Mirror
from livedata.core.steps import Print, Step
from markets.core.book import Side
from tests.core.test_mirror import NOW, REF, feed, following, quoted


def test_a_trade_is_said_at_once_and_laid_over_the_levels_it_took():
    venue = quoted()
    mirror = following(venue)
    frames = venue.step([("SELL", "0.51", "0"), ("SELL", "0.52", "60")])
    trade = venue.trade("BUY", "0.52", "40", transaction="0xaa")
    frames = [venue.price_changes([("SELL", "0.51", "0"), ("SELL", "0.52", "60")])]

    (printed, step) = feed(mirror, trade, *frames)

    assert printed == Print(Side.BUY, 520_000, 40_000_000, venue.stamp, "0xaa")
    assert step.prints == (
        Print(Side.BUY, 510_000, 30_000_000, venue.stamp, "0xaa"),
        Print(Side.BUY, 520_000, 10_000_000, venue.stamp, "0xaa"),
    )


def test_a_print_that_comes_after_its_changes_is_laid_over_them():
    venue = quoted()
    mirror = following(venue, check_every_ms=10**9)
    frames = venue.step([("SELL", "0.51", "0"), ("SELL", "0.52", "60")])

    (before,) = feed(mirror, *frames)
    assert before.prints == ()
    feed(mirror, venue.trade("BUY", "0.51", "30"), venue.trade("BUY", "0.52", "10"))
    (after,) = mirror.tick(NOW + 20)

    assert after.changes == ()
    assert [(p.price_micros, p.size_micros) for p in after.prints] == [
        (510_000, 30_000_000),
        (520_000, 10_000_000),
    ]


def swept(*, per_level: bool) -> list[Step]:
    """A sweep of two levels, each in a frame of its own, as the venue sends them."""
    venue = quoted()
    mirror = following(venue, check_every_ms=10**9)
    frames = venue.step([("SELL", "0.51", "0"), ("SELL", "0.52", "60")], frames=2)
    sizes = [("0.51", "30"), ("0.52", "10")] if per_level else [("0.52", "40")]
    prints = [venue.trade("BUY", price, size) for price, size in sizes]
    return [outcome for outcome in feed(mirror, *prints, *frames) if isinstance(outcome, Step)]


@pytest.mark.parametrize("per_level", [True, False])
def test_a_step_that_looked_whole_too_soon_keeps_its_prints_for_the_levels_to_come(per_level):
    """After the first frame the best prices are those of the whole step already."""
    first, second = swept(per_level=per_level)

    assert [(p.price_micros, p.size_micros) for p in first.prints] == [(510_000, 30_000_000)]
    assert [(p.price_micros, p.size_micros) for p in second.prints] == [(520_000, 10_000_000)]
    assert first.stamp_ms == second.stamp_ms


def test_what_is_left_of_prints_never_goes_to_the_other_side():
    venue = quoted()
    mirror = following(venue, check_every_ms=10**9)
    frames = venue.step([("SELL", "0.51", "0"), ("BUY", "0.48", "0")], frames=2)
    trade = venue.trade("BUY", "0.51", "31")

    _, first, second = feed(mirror, trade, *frames)

    assert [(p.price_micros, p.size_micros) for p in first.prints] == [(510_000, 30_000_000)]
    assert second.changes and second.prints == ()


def test_a_trade_on_the_other_token_is_the_mirrored_one():
    venue = quoted()
    mirror = following(venue)
    venue.step([("BUY", "0.49", "20")])
    trade = venue.trade(
        "BUY", "0.51", "30", token=1
    )  # a buy of outcome 1 at 0.51 hits bids of outcome 0 at 0.49

    _, step = feed(mirror, trade, venue.price_changes([("BUY", "0.49", "20")]))

    assert step.prints == (Print(Side.SELL, 490_000, 30_000_000, venue.stamp, "0x1"),)


def test_a_print_alone_counts_as_it_stands():
    venue = quoted()
    mirror = following(venue)
    venue.stamp += 5

    (printed,) = feed(mirror, venue.trade("SELL", "0.49", "3.581817"))
    (step,) = mirror.tick(NOW + 20)

    assert step.prints == (printed,)
    assert step.changes == ()
    assert mirror.stamp_ms == venue.stamp - 5  # the book did not change


@pytest.mark.parametrize(
    ("token", "side", "price", "transaction"),
    [
        (0, "BUY", "0.51", "0xaa"),  # the same again
        (0, "BUY", "0.51", ""),  # the same, without its transaction
        (1, "BUY", "0.49", "0xaa"),  # the twin of a mint: a buy of the other token at the complement
        (1, "SELL", "0.49", "0xaa"),
    ],
)
def test_a_trade_that_is_printed_twice_is_one(token, side, price, transaction):
    venue = quoted()
    mirror = following(venue)
    venue.stamp += 5
    twin = venue.trade(side, price, "5", token=token, transaction=transaction)

    outcomes = feed(mirror, venue.trade("BUY", "0.51", "5", transaction="0xaa"), twin)

    assert len(outcomes) == 1
    assert [len(step.prints) for step in mirror.tick(NOW + 20)] == [1]


def test_one_sweep_printed_per_level_is_as_many_prints():
    venue = quoted()
    mirror = following(venue)
    venue.stamp += 5

    outcomes = feed(mirror, venue.trade("BUY", "0.51", "30"), venue.trade("BUY", "0.52", "10"))

    assert [p.size_micros for p in outcomes] == [30_000_000, 10_000_000]


def test_where_prints_and_shrinking_disagree_the_smaller_volume_counts():
    venue = quoted()
    mirror = following(venue)
    venue.step([("SELL", "0.51", "20"), ("SELL", "0.52", "0")])
    trade = venue.trade("BUY", "0.51", "15")

    _, more_shrank = feed(mirror, trade, venue.price_changes([("SELL", "0.51", "20"), ("SELL", "0.52", "0")]))
    venue.step([("SELL", "0.51", "15")])
    trade = venue.trade("BUY", "0.51", "50", transaction="0x2")
    _, more_printed = feed(mirror, trade, venue.price_changes([("SELL", "0.51", "15")]))

    assert [(p.price_micros, p.size_micros) for p in more_shrank.prints] == [
        (510_000, 10_000_000),
        (520_000, 5_000_000),
    ]
    assert [(p.price_micros, p.size_micros) for p in more_printed.prints] == [(510_000, 5_000_000)]


def test_the_side_that_shrank_is_the_makers():
    venue = quoted()
    mirror = following(venue)
    venue.step([("BUY", "0.49", "45")])
    trade = venue.trade("BUY", "0.49", "5")  # the print says that a buyer took; the bids shrank

    _, step = feed(mirror, trade, venue.price_changes([("BUY", "0.49", "45")]))

    assert step.prints == (Print(Side.SELL, 490_000, 5_000_000, venue.stamp, "0x1"),)


def test_a_trade_before_the_first_book_is_said_but_moves_nothing():
    venue, mirror = quoted(), Mirror(REF)

    (printed,) = feed(mirror, venue.trade("BUY", "0.51", "5"))

    assert isinstance(printed, Print)
    assert not mirror.open and mirror.tick(NOW + 100) == []
