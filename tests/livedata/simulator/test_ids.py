"""Identifiers lead back to where they came from, and look like the venue's."""

import re

from hypothesis import given
from hypothesis import strategies as st

from livedata.simulator.ids import CONDITION, Place, hex_id, number, read_number, read_place, token_id

PLACES = st.builds(
    Place, slot=st.integers(0, 2_047), generation=st.integers(0, 2**31), index=st.integers(0, 63)
)


@given(place=PLACES, seed=st.integers(0, 2**63))
def test_every_id_leads_back_to_its_place(place, seed):
    assert read_place(hex_id(CONDITION, place, seed), seed) == place
    assert read_place(token_id(0, place, seed), seed) == place
    assert read_place(token_id(1, place, seed), seed) == place
    assert read_number(number(place)) == place


@given(place=PLACES)
def test_ids_look_like_the_venues(place):
    assert re.fullmatch(r"0x[0-9a-f]{64}", hex_id(CONDITION, place, 7))
    token = token_id(0, place, 7)
    assert token.isdigit() and int(token) < 2**256
    assert token != token_id(1, place, 7)


@given(text=st.text(max_size=80))
def test_other_text_is_nobodys_id(text):
    assert read_place(text, 7) is None


def test_another_seeds_ids_are_nobodys():
    place = Place(slot=1, generation=2, index=3)
    assert read_place(hex_id(CONDITION, place, 7), 8) is None
    assert read_place(hex_id(CONDITION, place, 7)[:-1] + "0", 7) in (None, place)
    assert read_number(3) is None
