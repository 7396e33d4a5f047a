"""Identifiers that look like the venue's and can be read back into (slot, generation, index).

So a market is found by its id for ever, without a table of all markets that ever were.
"""

from dataclasses import dataclass
from hashlib import blake2b
from struct import pack, unpack

CONDITION, TOKEN_0, TOKEN_1, QUESTION, NEG_RISK, REQUEST = range(6)
SLOTS_MAX = 2_048  # slots of a catalogue
MARKETS_MAX = 64  # markets of an event
_FIRST_ID = 500_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a market stands in the catalogue: which slot, its how-manieth event, which market of it."""

    slot: int
    generation: int
    index: int


def _seal(payload: bytes, seed: int) -> bytes:
    key = pack(">Q", seed & (2**64 - 1))
    tail = blake2b(payload, digest_size=24, key=key).digest()
    stream = blake2b(tail, digest_size=8, key=key).digest()
    return bytes(a ^ b for a, b in zip(payload, stream, strict=True)) + tail


def _open(sealed: bytes, seed: int) -> bytes | None:
    key = pack(">Q", seed & (2**64 - 1))
    head, tail = sealed[:8], sealed[8:]
    stream = blake2b(tail, digest_size=8, key=key).digest()
    payload = bytes(a ^ b for a, b in zip(head, stream, strict=True))
    return payload if blake2b(payload, digest_size=24, key=key).digest() == tail else None


def hex_id(kind: int, place: Place, seed: int) -> str:
    """0x and 64 hex digits: a condition, question or neg-risk id."""
    return "0x" + _seal(pack(">HIBB", place.slot, place.generation, place.index, kind), seed).hex()


def token_id(outcome_index: int, place: Place, seed: int) -> str:
    """A uint256 as a decimal string."""
    kind = TOKEN_0 + outcome_index
    sealed = _seal(pack(">HIBB", place.slot, place.generation, place.index, kind), seed)
    return str(int.from_bytes(sealed))


def read_place(text: str, seed: int) -> Place | None:
    """The place that a condition id or token id names; None when it is not one of ours."""
    try:
        sealed = bytes.fromhex(text[2:]) if text.startswith("0x") else int(text).to_bytes(32)
    except (ValueError, OverflowError):
        return None
    payload = _open(sealed, seed) if len(sealed) == 32 else None
    if payload is None:
        return None
    slot, generation, index, _ = unpack(">HIBB", payload)
    return Place(slot=slot, generation=generation, index=index)


def number(place: Place) -> int:
    """The small decimal id that Gamma gives a market (an event uses index 0 of its own)."""
    return _FIRST_ID + (place.generation * SLOTS_MAX + place.slot) * MARKETS_MAX + place.index


def read_number(value: int) -> Place | None:
    """The inverse of `number`."""
    if value < _FIRST_ID:
        return None
    rest, index = divmod(value - _FIRST_ID, MARKETS_MAX)
    generation, slot = divmod(rest, SLOTS_MAX)
    return Place(slot=slot, generation=generation, index=index)


def transaction_hash(*parts: int) -> str:
    """A hash for one trade, the same wherever the trade is told."""
    return "0x" + blake2b(repr(parts).encode(), digest_size=32).hexdigest()


def wallet(*parts: int) -> str:
    return "0x" + blake2b(repr(parts).encode(), digest_size=20).hexdigest()
