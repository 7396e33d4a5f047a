"""The word lists that names, places and questions are drawn from. All of it is made up here."""

from livedata.simulator.draw import pick

_ADJECTIVES = ("brisk", "quiet", "amber", "late", "plain", "odd", "lucky", "stray")
_ANIMALS = ("heron", "otter", "lynx", "magpie", "badger", "ibex", "plover", "marten")


def trader_name(who: int) -> str:
    """A pseudonym like the site gives to those who choose none."""
    return f"{pick(_ADJECTIVES, who, 1)}-{pick(_ANIMALS, who, 2)}-{who % 97}"
