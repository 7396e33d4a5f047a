import pytest

from livedata.core.steps import MarketRef
from livedata.subscriptions import LEASES, lease, release, wanted

pytestmark = pytest.mark.portable

ONE = MarketRef("0x1", "11", "12")
TWO = MarketRef("0x2", "21", "22", tick_micros=1_000, min_size_micros=15_000_000, neg_risk=True)


def test_the_feed_follows_the_union_of_all_leases(own_bus):
    assert wanted() == {}

    lease("page", [ONE], seconds=30)
    lease("matcher", [ONE, TWO], seconds=30)

    assert wanted() == {"0x1": ONE, "0x2": TWO}


def test_a_lease_replaces_the_owners_last_one(own_bus):
    lease("page", [ONE], seconds=30)
    lease("page", [TWO], seconds=30)

    assert wanted() == {"0x2": TWO}


def test_a_lease_that_ended_is_forgotten(own_bus):
    lease("page", [ONE], seconds=0)
    lease("matcher", [TWO], seconds=30)

    assert wanted() == {"0x2": TWO}
    assert own_bus.hgetall(LEASES).keys() == {"matcher"}


def test_releasing_gives_up_only_the_owners_markets(own_bus):
    lease("page", [ONE], seconds=30)
    lease("matcher", [ONE], seconds=30)
    release("page")
    assert wanted() == {"0x1": ONE}

    release("matcher")
    assert wanted() == {}


def test_leasing_and_releasing_are_heard(own_bus):
    with own_bus.listen(LEASES) as subscription:
        lease("page", [ONE], seconds=30)
        assert subscription.get(2) == (LEASES, b"page")
        release("page")
        assert subscription.get(2) == (LEASES, b"page")
