"""What a trader asks for, and what the market allows."""

from enum import StrEnum


class OrderType(StrEnum):
    GTC = "GTC"  # rests until cancelled
    GTD = "GTD"  # rests until a time
    FOK = "FOK"  # fills whole now, or not at all
    FAK = "FAK"  # fills what it can now, kills the rest
