from datetime import UTC, datetime

import pytest
from django.template import Context, Template
from hypothesis import given
from hypothesis import strategies as st

from markets.core.units import MICROS_MAX
from markets.templatetags import units

TABLE = """
decimal         630000          | 0.63
decimal         -1              | -0.000001
cents           630000          | 63¢
cents           982000          | 98.2¢
cents           912500          | 91.25¢
cents           999999          | 100¢
cents:10000     630000          | 63¢
cents:1000      630000          | 63.0¢
cents:1000      635400          | 63.5¢
cents:2500      912500          | 91.25¢
cents:100000    300000          | 30¢
average_cents   651900          | 65.19¢
average_cents   590000          | 59.00¢
average_cents   651949          | 65.19¢
average_cents   651950          | 65.20¢
chance          635000          | 64%
chance          634999          | 63%
chance:1        635000          | 63.5%
percent         47000           | 4.7%
percent         -47000          | −4.7%
percent:2       5900            | 0.59%
percent_change  48200           | +4.8%
percent_change  400             | 0.0%
usdc            2034800000      | $2,034.80
usdc            -28000000       | −$28.00
usdc            -4000           | $0.00
usdc            5000            | $0.01
usdc_change     520000000       | +$520.00
usdc_change     -28000000       | −$28.00
usdc_change     -4000           | $0.00
usdc_short      84100000000000  | $84.1M
usdc_short      12345000000     | $12.3K
usdc_short      950000000       | $950
usdc_short      999400000       | $999
usdc_short      999600000       | $1.0K
usdc_short      999949000000    | $999.9K
usdc_short      999950000000    | $1.0M
usdc_short      2900000000000   | $2.9M
usdc_short      -1500000000     | −$1.5K
fee             2205900         | $2.20590
shares          1250000000      | 1,250
shares          1132430000      | 1,132.43
shares          1132400000      | 1,132.4
shares          -5000000        | −5
count           30000           | 30,000
count           -1234567        | −1,234,567
cents_change    40000           | ▲ +4¢
cents_change    -30000          | ▼ −3¢
cents_change    -400            | 0¢
cents_change    5000            | ▲ +0.5¢
points_change   40000           | ▲ +4 points
points_change   -15000          | ▼ −1.5 points
clock           1795498267418   | 05:31:07.418
day             1795498267418   | 24 Nov 2026
iso             1795498267418   | 2026-11-24T05:31:07.418Z
iso             -1              | 1969-12-31T23:59:59.999Z
age             320             | 0.3 s
age             9999            | 9.9 s
age             59999           | 59 s
age             845000          | 14 min
age             7200000         | 2 h
age             180000000       | 2 d
span            4999            | 4.9 s
span            59999           | 59 s
span            60000           | 1 min
span            1107418         | 18 min 27 s
span            3600000         | 1 h
span            7380000         | 2 h 3 min
span            90000000        | 1 d 1 h
age             -5              | 0.0 s
"""


@pytest.mark.parametrize("row", TABLE.strip().splitlines())
def test_a_number_reads_as_the_interface_guide_says(row):
    asked, wanted = row.split("|")
    name, amount = asked.split()
    template = Template("{% load units %}{{ amount|" + name + " }}")

    assert template.render(Context({"amount": int(amount)})) == wanted.strip()


def test_moment_names_another_year_only():
    this_year = datetime.now(UTC).year
    now_ms = int(datetime(this_year, 11, 24, 5, 31, tzinfo=UTC).timestamp()) * 1000
    then_ms = int(datetime(2024, 11, 24, 5, 31, tzinfo=UTC).timestamp()) * 1000

    assert units.moment(now_ms) == "24 Nov 05:31"
    assert units.moment(then_ms) == "24 Nov 2024 05:31"


@pytest.mark.parametrize("name", sorted(units.register.filters))
def test_what_is_not_known_shows_as_a_dash_or_nothing(name):
    assert units.register.filters[name](None) in {units.NOTHING, ""}


@given(st.integers(-MICROS_MAX, MICROS_MAX))
def test_money_is_never_off_by_more_than_half_a_cent(micros):
    shown = units.usdc(micros).replace("$", "").replace(",", "").replace(units.MINUS, "-")

    whole, _, part = shown.lstrip("-").partition(".")
    shown_micros = int(whole) * 1_000_000 + int(part) * 10_000
    assert abs(shown_micros - abs(micros)) <= 5_000
    assert shown.startswith("-") == (micros < 0 and shown_micros > 0)


@given(st.integers(0, MICROS_MAX))
def test_a_short_sum_never_has_four_digits_before_its_point(micros):
    assert len(units.usdc_short(micros).strip("$TBMK").partition(".")[0]) <= 3
